"""Stacks: the kind. Services that were deployed together as one app, with their networks, secrets and configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import LogSource
from clusters.kinds.base import Column, Health, Kind, Level, Look
from clusters.kinds.columns import AGE, WIDE_STATUS, name_column
from clusters.kinds.formats import count
from clusters.kinds.join import Join
from clusters.kinds.panels import LAYERS, LOGS
from clusters.kinds.swarm.layered import OF_STACK
from clusters.kinds.swarm.overview import Fact, Section, overview, panel
from clusters.kinds.swarm.service import copies
from clusters.kinds.swarm.service_panels import mode_words, port_words
from clusters.kinds.swarm.stack_actions import REMOVE
from clusters.kinds.swarm.stack_model import THINGS, Stack, join
from clusters.kinds.swarm.task import log_sources

_LABELS = {"network": "Network", "swarm-secret": "Secret", "swarm-config": "Config"}


def health(one: Stack) -> Health:
    """The worst of its services. A job that has done its work is no fault."""
    if not one.services:
        return Health(Level.STOPPED, "Empty", "It has no services any more: only what they used is left of it")
    states = [(service, one.state(service)) for service in one.services]
    service, worst = min(states, key=lambda pair: (pair[1].level, pair[0].name))
    if worst.level in (Level.STOPPED, Level.HEALTHY):
        stopped = all(state.level is Level.STOPPED for _, state in states)
        if stopped:
            return Health(Level.STOPPED, "Stopped", "None of its services runs")
        return Health(Level.HEALTHY, "Running", "", count(len(states), "service"))
    alike = sum(state.level == worst.level for _, state in states)
    more = f" ({alike} of {count(len(states), 'service')})" if alike > 1 else ""
    words = f"{service.name}: {worst.reason or worst.word}{more}"
    return Health(worst.level, worst.word, words, worst.code, worst.since)


def _ready(one: Stack) -> list[int]:
    found = [copies(service) for service in one.services]
    return [sum(each[place] for each in found) for place in range(3)]


async def _load(look: Look) -> Mapping[str, Any]:
    """From the live resource alone: the Swarm is asked nothing."""
    one: Stack = look.resource
    things = [
        Fact(_LABELS[kind], name, kind=kind, key=uid)
        for kind, collection in THINGS.items()
        for uid, name in getattr(one, collection)
    ]
    users = []
    for service in one.services:
        state = one.state(service)
        users.append(
            {
                "kind": "swarm-service",
                "key": service.uid,
                "name": service.name,
                "status": [state.level.name.lower(), state.word, state.reason, state.code],
                "how": f"{service.image} · {mode_words(service)}",
            }
        )
    return overview(
        [Section("Networks, secrets and configs", things, "It has none of its own.")],
        labels={},
        users=users,
        users_title="Services",
        how="What it runs",
        nobody="It has no services any more. What is below can be removed with it.",
    )


def _logs(one: Stack) -> list[LogSource]:
    return [source for task in one.tasks if task.wanted for source in log_sources(task)]


STACK: Kind[Stack] = Kind(
    name="stack",
    label="Stack",
    plural="Stacks",
    icon="layers",
    group="Workloads",
    platform="swarm",
    api="",
    model=Stack,
    own_namespace=True,
    words="Services of a Swarm that were deployed together as one app, with their networks, secrets and configs.",
    health=health,
    at_hand=True,
    join=Join(kinds=("swarm-service", "task", "network", "swarm-secret", "swarm-config"), make=join),
    logs=_logs,
    columns=(
        name_column(lambda one: ", ".join(service.name for service in one.services), "minmax(200px, 2.4fr)"),
        WIDE_STATUS,
        Column(
            key="ready",
            label="Running",
            value=_ready,
            cell="pips",
            sort=lambda one: (_ready(one)[0] / _ready(one)[1]) if _ready(one)[1] else 1.0,
            width="minmax(104px, .9fr)",
            words="Copies that run, of those asked for.",
        ),
        Column(
            key="ports",
            label="Ports",
            value=lambda one: [port_words(port) for service in one.services for port in service.ports],
            cell="tags",
            width="minmax(160px, 1.3fr)",
            words="Where it answers: the port outside, an arrow, the port inside.",
        ),
        Column(
            key="services",
            label="Services",
            value=lambda one: len(one.services),
            cell="number",
            sort=lambda one: len(one.services),
            width="84px",
            end=True,
        ),
        AGE,
    ),
    panels=(panel(_load), LAYERS, LOGS),
    layers=OF_STACK,
    actions=(REMOVE,),
    search=lambda one: " ".join(service.image for service in one.services),
)
