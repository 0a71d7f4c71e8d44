"""Nodes: the kind. A machine of a Swarm with its engine; some of them manage it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Column, Health, Kind, Level, Look
from clusters.kinds.columns import AGE, STATUS, labels_text, name_column
from clusters.kinds.formats import count, size
from clusters.kinds.join import Join
from clusters.kinds.panels import RAW_BY_ID
from clusters.kinds.swarm.node_actions import ACTIONS
from clusters.kinds.swarm.node_model import Node, join
from clusters.kinds.swarm.overview import Fact, Section, overview, panel

AVAILABILITY = {
    "active": "takes tasks",
    "pause": "takes no new tasks; those it has go on",
    "drain": "takes no tasks; those it had start on other nodes that fit",
}

_PARTS = {"leads": "leads the managers", "manager": "one of the managers", "worker": "works"}


def health(one: Node) -> Health:
    """Whether it is heard, whether it manages as it should, whether it takes work."""
    state, since = one.status.state, one.changed
    if state in ("down", "disconnected"):
        words = "The managers do not hear it. What ran on it was started elsewhere, where that was possible"
        return Health(Level.FAILING, "Not answering", words, state, since)
    if state != "ready":
        return Health(Level.UNKNOWN, "Unknown", "The managers do not know how it is", state[:40], since)
    if one.manager_status and one.manager_status.reachability == "unreachable":
        words = "The other managers do not reach it: it does not help to decide"
        return Health(Level.FAILING, "Not answering", words, "unreachable", since)
    if one.spec.availability == "drain":
        return Health(
            Level.PAUSED, "Drained", "It takes no tasks; those it had start on other nodes that fit", "drain", since
        )
    if one.spec.availability == "pause":
        return Health(Level.PAUSED, "Paused", "It takes no new tasks; those it has go on", "pause", since)
    return Health(Level.HEALTHY, "Ready", "", role_words(one))


def role_words(one: Node) -> str:
    """What it is among the others."""
    if one.leads:
        return "leads"
    return "manager" if one.manages else "worker"


async def _load(look: Look) -> Mapping[str, Any]:
    one: Node = look.resource
    tasks = [task for task in await look.related("task") if task.node_id == one.uid]
    running = sum(task.running and task.wanted for task in tasks)
    said = one.description
    facts = [
        Fact("Its part", _PARTS[role_words(one)]),
        Fact("For tasks", AVAILABILITY.get(one.spec.availability, one.spec.availability)),
        Fact("Tasks on it", count(running, "task")),
        Fact("Managers reach it at", one.manager_status.addr if one.manager_status else "", mono=True),
        Fact("Managers reach it", one.manager_status.reachability if one.manager_status else ""),
        Fact("Address", one.status.addr, mono=True),
        Fact("It says", one.status.message or ""),
        Fact("Engine", f"Docker {said.engine.engine_version}" if said.engine.engine_version else ""),
        Fact("Processors", f"{one.cores:g}, {said.platform.architecture}" if one.cores else ""),
        Fact("Memory", size(one.memory) if one.memory else ""),
        Fact("System", said.platform.os),
        Fact("Joined", at=one.created),
        Fact("Id", one.uid, mono=True),
    ]  # fmt: skip
    return overview(
        [Section("Facts", facts)],
        labels=one.labels,
        tasks=tasks,
        no_tasks="Nothing runs on it, and nothing did lately.",
    )


NODE: Kind[Node] = Kind(
    name="swarm-node",
    label="Swarm node",
    plural="Swarm nodes",
    icon="server",
    group="Hosts and nodes",
    platform="swarm",
    api="nodes",
    namespaced=False,
    model=Node,
    words="A machine of a Swarm with its engine. Tasks run on it; some nodes manage the Swarm.",
    health=health,
    always=True,
    join=Join(kinds=(), make=join),
    columns=(
        name_column(lambda one: one.status.addr, "minmax(180px, 2fr)"),
        STATUS,
        Column(
            key="role",
            label="Its part",
            value=role_words,
            sort=role_words,
            facet=role_words,
            width="minmax(88px, .7fr)",
            words="Managers decide what runs where, and one of them leads; workers do what they say.",
        ),
        Column(
            key="availability",
            label="For tasks",
            value=lambda one: one.spec.availability,
            sort=lambda one: one.spec.availability,
            facet=lambda one: one.spec.availability,
            width="minmax(88px, .7fr)",
            words="“active” takes tasks, “pause” takes no new ones, “drain” has none.",
        ),
        Column(
            key="version",
            label="Docker",
            value=lambda one: one.description.engine.engine_version,
            sort=lambda one: one.description.engine.engine_version,
            facet=lambda one: one.description.engine.engine_version,
            words="The version of its engine.",
        ),
        Column(
            key="cores",
            label="Processors",
            cell="number",
            value=lambda one: one.cores,
            sort=lambda one: one.cores,
            width="92px",
            end=True,
        ),
        Column(
            key="room",
            label="Memory",
            value=lambda one: size(one.memory) if one.memory else None,
            sort=lambda one: one.memory,
            width="92px",
            end=True,
        ),
        AGE,
    ),
    panels=(panel(_load), RAW_BY_ID),
    actions=ACTIONS,
    search=lambda one: f"{one.uid} {one.description.hostname}\0{labels_text(one)}",
)
