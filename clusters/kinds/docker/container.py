"""Containers: the kind."""

from __future__ import annotations

from clusters.drivers.base import LogSource
from clusters.kinds.base import Column, Kind, Level
from clusters.kinds.columns import CPU, MEMORY, STATUS
from clusters.kinds.docker.container_actions import ACTIONS
from clusters.kinds.docker.container_again import AGAIN, AGAIN_REVEALED
from clusters.kinds.docker.container_edit import DUPLICATE, EDIT
from clusters.kinds.docker.container_health import health
from clusters.kinds.docker.container_inside import CHANGES, HISTORY, PROCESSES
from clusters.kinds.docker.container_model import TASK, Container
from clusters.kinds.docker.container_panels import CHECKS, OVERVIEW
from clusters.kinds.docker.files import OF_CONTAINER
from clusters.kinds.docker.layered import OF_CONTAINER as OF_CONTAINER_LAYERS
from clusters.kinds.docker.overview import PROJECT_COLUMN
from clusters.kinds.docker.run import RUN
from clusters.kinds.panels import FILES, LAYERS, LOGS, RAW, TERMINAL, USAGE
from clusters.kinds.workload import Workload


def _ports(container: Container) -> list[str]:
    shown = []
    for address, outside, inside in container.ports:
        inner = inside.removesuffix("/tcp")
        shown.append(f"{address + ':' if address else ''}{outside}→{inner}" if outside else inner)
    return shown


def _is_own(container: Container) -> bool:
    """Is it a workload of its own, and not the copy of something an orchestrator runs?"""
    return container.keeper is None


def _owner(container: Container) -> tuple[str, str] | None:
    """The task of a Swarm that it carries out; known where a manager of that Swarm tells of its tasks."""
    task = container.label(TASK)
    return ("task", task) if task else None


def _copies(container: Container) -> tuple[int, int, int]:
    status, check = container.state.status, container.health_status
    if health(container).level == Level.STOPPED:
        return 0, 0, 0  # nobody asks for it to run now
    ready = int(status == "running" and check in ("", "healthy"))
    starting = int(status == "restarting" or (status == "running" and check == "starting"))
    return ready, 1, starting


def log_sources(container: Container) -> list[LogSource]:
    """Its one log."""
    return [LogSource(container, "container", label=container.name, began=container.started)]


def _search(container: Container) -> str:
    return " ".join((container.image, container.uid, *_ports(container), *(container.network_settings.networks or ())))


CONTAINER: Kind[Container] = Kind(
    name="container",
    label="Container",
    plural="Containers",
    icon="container",
    group="Workloads",
    platform="docker",
    api="containers",
    model=Container,
    words="One running (or stopped) copy of an image: a program with its own files, network and limits.",
    health=health,
    always=True,
    makes_up_usage=True,
    make=RUN,
    remake=(EDIT, DUPLICATE),
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.name, one.image],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(180px, 2.2fr)",
        ),
        STATUS,
        Column(
            key="image",
            label="Image",
            value=lambda one: one.image,
            cell="mono",
            sort=lambda one: one.image,
            hidden=True,
            words="What it was made from.",
        ),
        Column(
            key="ports",
            label="Ports",
            value=_ports,
            cell="tags",
            sort=lambda one: (_ports(one) or ["~"])[0],
            width="minmax(112px, 1fr)",
            words="Where it answers: the port of the machine, an arrow, the port inside.",
        ),
        CPU,
        MEMORY,
        Column(
            key="restarts",
            label="Restarts",
            value=lambda one: one.restart_count,
            cell="count_bad",
            sort=lambda one: one.restart_count,
            width="84px",
            end=True,
            words="How often the engine had to start it again.",
        ),
        PROJECT_COLUMN,
        Column(
            key="started",
            label="Up",
            value=lambda one: one.started if one.running else None,
            cell="age",
            sort=lambda one: one.started if one.running else 0.0,
            width="74px",
            end=True,
            words="Since when it runs without a break.",
        ),
        Column(
            key="created",
            label="Age",
            value=lambda one: one.created or None,
            cell="age",
            sort=lambda one: one.created,
            width="74px",
            end=True,
            hidden=True,
        ),
    ),
    panels=(
        OVERVIEW,
        LAYERS,
        LOGS,
        TERMINAL,
        USAGE,
        PROCESSES,
        FILES,
        CHANGES,
        CHECKS,
        HISTORY,
        AGAIN,
        AGAIN_REVEALED,
        RAW,
    ),
    actions=ACTIONS,
    workload=Workload(
        image=lambda one: one.image, copies=_copies, restarts=lambda one: one.restart_count, counts=_is_own
    ),
    search=_search,
    owner=_owner,
    filing=OF_CONTAINER,
    layers=OF_CONTAINER_LAYERS,
    logs=log_sources,
)
