"""Tasks: the kind. One copy of a service on one node; never started again, another one takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import LogSource
from clusters.kinds.base import Column, Kind, Level, Look
from clusters.kinds.columns import AGE, WIDE_STATUS
from clusters.kinds.join import Join
from clusters.kinds.panels import LAYERS, LOGS, RAW_BY_ID
from clusters.kinds.swarm.layered import OF_TASK
from clusters.kinds.swarm.overview import Fact, Section, overview, panel
from clusters.kinds.swarm.service_model import tagged
from clusters.kinds.swarm.stack_column import STACK_COLUMN
from clusters.kinds.swarm.task_health import health
from clusters.kinds.swarm.task_model import Task, join
from clusters.kinds.swarm.task_words import code
from clusters.kinds.workload import Workload

_TO_DO = {
    "running": "run",
    "ready": "wait for its turn",
    "complete": "run to its end",
    "shutdown": "end",
    "remove": "go",
}


async def _load(look: Look) -> Mapping[str, Any]:
    one: Task = look.resource
    state = health(one)
    mine = [other for other in await look.related("container") if other.uid == one.container_id]
    said = (one.status.err or one.status.message or "").strip()
    facts = [
        Fact("Now", state.word, tag=one.status.state),
        Fact("Why", state.reason),
        Fact("The node says", said[:1000], mono=True),
        Fact("Since", at=one.at),
        Fact("It is to", _TO_DO.get(one.desired_state, one.desired_state)),
        Fact("Service", one.service or one.service_id[:12], kind="swarm-service", key=one.service_id),
        Fact("Node", one.node or one.node_id[:12], kind="swarm-node", key=one.node_id),
        Fact("Image", one.spec.container.image.partition("@")[0], mono=True),
        _container(one, mine),
        Fact("Ended with", code(one) if one.failed else ""),
        Fact("Made", at=one.created),
        Fact("Id", one.uid, mono=True),
    ]  # fmt: skip
    return overview([Section("Facts", facts)], labels=one.spec.container.labels or {})


def _container(one: Task, here: list[Any]) -> Fact:
    """With a link where it is on the engine that tells of the Swarm."""
    uid = one.container_id
    return Fact("Container", here[0].name if here else uid[:12], kind="container" if here else "", key=uid, mono=True)


def log_sources(one: Task) -> list[LogSource]:
    """Its one log, which its node keeps as long as it keeps the container."""
    return [LogSource(one, "task", label=one.short, began=one.created, once=True)]


TASK: Kind[Task] = Kind(
    name="task",
    label="Task",
    plural="Tasks",
    icon="box",
    group="Workloads",
    platform="swarm",
    api="tasks",
    model=Task,
    words="One copy of a Swarm's service, placed on one node. It is never started again: another task takes its place.",
    health=health,
    always=True,
    sort="wanted",
    join=Join(kinds=("swarm-service", "swarm-node"), make=join),
    owner=lambda one: ("swarm-service", one.service_id) if one.service_id else None,
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.short, tagged(one.spec.container.image)],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(180px, 2fr)",
        ),
        WIDE_STATUS,
        Column(
            key="node",
            label="Node",
            value=lambda one: one.node or None,
            sort=lambda one: one.node,
            facet=lambda one: one.node,
            width="minmax(96px, .9fr)",
            words="The machine it was placed on.",
        ),
        Column(
            key="service",
            label="Service",
            value=lambda one: one.service or None,
            sort=lambda one: one.service,
            facet=lambda one: one.service,
            width="minmax(96px, 1fr)",
        ),
        Column(
            key="wanted",
            label="Is to",
            value=lambda one: "run" if one.wanted else "end",
            sort=lambda one: health(one).level + (0 if one.wanted else len(Level)),
            facet=lambda one: "run" if one.wanted else "end",
            width="72px",
            words="Whether it is to run: those that ended are kept for a while, so that one sees why.",
        ),
        STACK_COLUMN,
        AGE,
    ),
    panels=(panel(_load), LAYERS, LOGS, RAW_BY_ID),
    layers=OF_TASK,
    logs=log_sources,
    search=lambda one: " ".join((one.uid, one.spec.container.image, one.container_id)),
    workload=Workload(
        image=lambda one: one.spec.container.image,
        copies=lambda one: (int(one.running), int(one.wanted), 0),
        restarts=lambda one: int(one.failed),
        counts=lambda one: False,
    ),
)
