"""Services: the kind. An app that a Swarm keeps running in a number of copies, on whichever nodes fit."""

from __future__ import annotations

from clusters.kinds.base import Column, Kind
from clusters.kinds.columns import AGE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.panels import LAYERS, LOGS, RAW_BY_ID
from clusters.kinds.swarm import service_actions as actions
from clusters.kinds.swarm.layered import OF_SERVICE
from clusters.kinds.swarm.service_create import CREATE
from clusters.kinds.swarm.service_edit import EDIT
from clusters.kinds.swarm.service_health import health, with_copies
from clusters.kinds.swarm.service_image import SET_IMAGE
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.service_panels import OVERVIEW, port_words
from clusters.kinds.swarm.stack_column import STACK_COLUMN
from clusters.kinds.workload import Workload


def copies(one: Service) -> tuple[int, int, int]:
    """Running, wanted, starting."""
    if one.is_job:
        job = one.spec.mode.replicated_job
        total = (job.total_completions or 1) if job else one.completed + one.running
        return one.completed, max(total, one.completed), one.running
    wanted, running = one.desired, min(one.running, one.desired)
    starting = wanted - running if health(one).word in ("Updating", "Rolling back", "Starting") else 0
    return running, wanted, starting


def _mode(one: Service) -> str:
    if one.is_job:
        return "job"
    return "copies" if one.replicas is not None else "one on each node"


SERVICE: Kind[Service] = Kind(
    name="swarm-service",
    label="Swarm service",
    plural="Swarm services",
    icon="boxes",
    group="Workloads",
    platform="swarm",
    api="services",
    model=Service,
    words="An app that a Swarm keeps running in a number of copies, on whichever of its nodes fit.",
    health=health,
    with_copies=with_copies,
    copies_of="task",
    always=True,
    columns=(
        name_column(lambda one: one.image, "minmax(180px, 2.3fr)"),
        WIDE_STATUS,
        Column(
            key="ready",
            label="Running",
            cell="pips",
            value=lambda one: list(copies(one)),
            sort=lambda one: one.running / (one.desired or 1),
            width="minmax(104px, .9fr)",
            words="Copies that run, of those asked for.",
        ),
        Column(
            key="ports",
            label="Ports",
            value=lambda one: [port_words(port) for port in one.ports],
            cell="tags",
            sort=lambda one: one.ports[0].published_port if one.ports else 0,
            width="minmax(112px, 1fr)",
            words="Where it answers: the port outside, an arrow, the port inside.",
        ),
        Column(
            key="mode",
            label="How many",
            value=_mode,
            sort=_mode,
            facet=_mode,
            hidden=True,
            words="A number of copies, one on each node, or a job that runs to its end.",
        ),
        STACK_COLUMN,
        AGE,
    ),
    panels=(OVERVIEW, LAYERS, LOGS, RAW_BY_ID),
    layers=OF_SERVICE,
    actions=(
        actions.SCALE,
        actions.RESTART,
        SET_IMAGE,
        actions.ROLL_BACK,
        actions.RESUME,
        actions.REMOVE,
    ),
    make=CREATE,
    remake=(EDIT,),
    search=lambda one: f"{one.image}\0{one.uid}\0{labels_text(one)}",
    workload=Workload(image=lambda one: one.image, copies=copies, restarts=lambda one: None),
)
