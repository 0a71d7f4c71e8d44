"""Compose projects: the kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import LogSource
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, CPU, MEMORY, STATUS
from clusters.kinds.docker.container import log_sources
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.layered import OF_PROJECT
from clusters.kinds.docker.project_actions import ACTIONS
from clusters.kinds.docker.project_model import Project, join
from clusters.kinds.formats import count
from clusters.kinds.join import Join
from clusters.kinds.panels import LAYERS, LOGS, USAGE
from clusters.registries.seen import state_of

_FINE = (Level.HEALTHY, Level.PAUSED)


def health(one: Project) -> Health:
    """The worst of its containers, in plain words. What did its work and ended is no fault."""
    if not one.containers:
        return Health(Level.STOPPED, "Empty", "It has no containers any more: only networks or volumes are left of it")
    named = list(zip(one.containers, one.states, strict=True))
    for level, word in ((Level.FAILING, "Failing"), (Level.AT_RISK, "At risk"), (Level.UNKNOWN, "Unknown")):
        bad = [(container, state) for container, state in named if state.level == level]
        if bad:
            container, state = bad[0]
            more = f" ({len(bad)} of {count(len(named), 'container')})" if len(bad) > 1 else ""
            return Health(level, word, f"{container.name}: {state.reason or state.word}{more}", state.code, state.since)
    if any(state.level == Level.CHANGING for state in one.states):
        return Health(Level.CHANGING, "Changing", _listing(named, Level.CHANGING))
    stopped = [(container, state) for container, state in named if state.level == Level.STOPPED]
    if len(stopped) == len(named):
        return Health(Level.STOPPED, "Stopped", "None of its containers runs")
    if any(state.word != "Finished" for _, state in stopped):
        return Health(Level.AT_RISK, "Partly stopped", f"{_listing(named, Level.STOPPED)}, while the rest runs")
    if any(state.level == Level.PAUSED for state in one.states):
        return Health(Level.PAUSED, "Paused", _listing(named, Level.PAUSED))
    return Health(Level.HEALTHY, "Running", "", count(len(named), "container"))


def _listing(named: list[tuple[Container, Health]], level: Level) -> str:
    found = [(container.name, state.word) for container, state in named if state.level == level]
    name, word = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{name}{more}: {word.lower()}"


def _ports(container: Container) -> list[str]:
    return [
        f"{address + ':' if address else ''}{outside}→{inside.removesuffix('/tcp')}"
        for address, outside, inside in container.ports
        if outside
    ]


def _ready(one: Project) -> list[int]:
    ready = sum(state.level in _FINE for state in one.states)
    wanted = sum(state.word != "Finished" for state in one.states)
    return [ready, wanted, sum(state.level == Level.CHANGING for state in one.states)]


async def _load(look: Look) -> Mapping[str, Any]:
    """From the live resource alone: no call to the engine."""
    one: Project = look.resource
    return {
        "services": [
            {"name": name, "copies": [_copy(container, state) for container, state in copies]}
            for name, copies in one.services.items()
        ],
        "networks": one.networks,
        "volumes": one.volumes,
        "facts": _origin(one),
    }


def _origin(one: Project) -> list[tuple[str, str, bool]]:
    """Where it comes from, as Compose wrote it down. A text that was handed to it has no file and no folder."""
    if one.said("project.config_files") == ["-"]:
        return [
            ("Made from", "a text that was handed to Compose", False),
            *(("Compose", version, True) for version in one.said("version")),
        ]
    return [
        *(("Made by", path, True) for text in one.said("project.config_files") for path in text.split(",")),
        *(("Folder", path, True) for path in one.said("project.working_dir")),
        *(("Environment from", path, True) for path in one.said("project.environment_file")),
        *(("Compose", version, True) for version in one.said("version")),
    ]


def _copy(container: Container, state: Health) -> dict[str, Any]:
    return {
        "name": container.name,
        "key": f"{container.namespace}/{container.name}",
        "image": container.image,
        "image_id": container.image_id,
        "newer": state_of(container.image_id, [container.image]) == "newer",
        "ports": _ports(container),
        "status": [state.level.name.lower(), state.word, state.reason, state.code],
        "by_hand": container.label("com.docker.compose.oneoff").lower() == "true",
    }


def _logs(one: Project) -> list[LogSource]:
    return [source for container in one.containers for source in log_sources(container)]


OVERVIEW: Panel[Project] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="project_overview", load=_load
)
IMAGES: Panel[Project] = Panel(key="images", label="Images", icon="package", template="project_images", live=False)

PROJECT: Kind[Project] = Kind(
    name="project",
    label="Project",
    plural="Projects",
    icon="layers",
    group="Workloads",
    platform="docker",
    api="",
    model=Project,
    own_namespace=True,
    words="Containers that Compose runs together as one app, with their networks and volumes.",
    health=health,
    at_hand=True,
    join=Join(kinds=("container", "network", "volume"), make=join),
    logs=_logs,
    parts=lambda one: ("container", list(one.containers)),
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.name, ", ".join(one.services)],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(200px, 2.4fr)",
        ),
        STATUS,
        Column(
            key="ready",
            label="Running",
            value=_ready,
            cell="pips",
            sort=lambda one: (_ready(one)[0] / _ready(one)[1]) if _ready(one)[1] else 1.0,
            width="minmax(104px, .9fr)",
            words="Containers that run, of those that have not done their work and ended.",
        ),
        CPU,
        MEMORY,
        Column(
            key="ports",
            label="Ports",
            value=lambda one: [port for container in one.containers for port in _ports(container)],
            cell="tags",
            width="minmax(160px, 1.3fr)",
            words="Where it answers: the port of the machine, an arrow, the port inside.",
        ),
        Column(
            key="services",
            label="Services",
            value=lambda one: len(one.services),
            cell="number",
            sort=lambda one: len(one.services),
            width="84px",
            end=True,
            words="Its parts; each may have several copies.",
        ),
        AGE,
    ),
    panels=(OVERVIEW, IMAGES, LAYERS, USAGE, LOGS),
    layers=OF_PROJECT,
    actions=ACTIONS,
    search=lambda one: " ".join((*one.services, *(container.image for container in one.containers))),
)
