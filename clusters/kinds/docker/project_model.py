"""A Compose project: nothing that an engine knows, but what the labels of containers, networks and volumes say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from clusters.kinds.base import Health
from clusters.kinds.docker.container_health import health
from clusters.kinds.docker.container_model import PROJECT, Container
from clusters.kinds.docker.network_model import Network
from clusters.kinds.docker.volume_model import Volume
from clusters.kinds.titled import Titled
from clusters.live.resource import Resource

LABEL = "com.docker.compose."
_NEED = re.compile(r"(?P<service>[^:,\s]+)(?::[^,]*)?")


class Project(Titled, frozen=True, gc=False):
    """One project, wherever and by whomever it was started."""

    containers: tuple[Container, ...] = ()
    states: tuple[Health, ...] = ()  # of the containers, in their order
    networks: tuple[tuple[str, str], ...] = ()  # uid and name
    volumes: tuple[tuple[str, str], ...] = ()

    @property
    def version(self) -> str:
        """Changes with what a list or a page shows of it; that a health check passed once more is nothing new."""
        shown = tuple(
            (one.uid, one.name, one.image, tuple(one.ports), state.level, state.word, state.reason)
            for one, state in zip(self.containers, self.states, strict=True)
        )
        return f"{hash((shown, self.networks, self.volumes)):x}"

    @property
    def created(self) -> float:
        """When its oldest container was made, in epoch seconds."""
        return min((one.created for one in self.containers if one.created), default=0.0)

    @property
    def services(self) -> dict[str, list[tuple[Container, Health]]]:
        """The copies of each service, by the service's name."""
        found: dict[str, list[tuple[Container, Health]]] = defaultdict(list)
        for one, state in zip(self.containers, self.states, strict=True):
            found[service(one)].append((one, state))
        return dict(found)

    def said(self, label: str) -> list[str]:
        """What the containers say under that label of Compose, each once."""
        return list(dict.fromkeys(text for one in self.containers if (text := one.label(LABEL + label))))


def service(container: Container) -> str:
    """The service that a container is a copy of."""
    return container.label(f"{LABEL}service") or container.name


def join(own: Sequence[Project], others: Mapping[str, Sequence[Any]]) -> Sequence[Project]:
    """All projects that anything there is belongs to."""
    containers: dict[str, list[Container]] = defaultdict(list)
    for container in others["container"]:
        containers[container.label(PROJECT)].append(container)
    things = {kind: _by_project(others[kind], containers.keys()) for kind in ("network", "volume")}
    return [
        _project(name, containers.get(name, ()), things["network"].get(name, ()), things["volume"].get(name, ()))
        for name in sorted({*containers, *things["network"], *things["volume"]} - {""})
    ]


def _project(
    name: str, containers: Iterable[Container], networks: Iterable[Resource], volumes: Iterable[Resource]
) -> Project:
    mine = sorted(containers, key=lambda one: (service(one), one.name))
    return Project(
        title=name,
        containers=tuple(mine),
        states=tuple(health(one) for one in mine),
        networks=tuple(sorted((one.uid, one.name) for one in networks)),
        volumes=tuple(sorted((one.uid, one.name) for one in volumes)),
    )


def _by_project(things: Iterable[Network | Volume], known: Collection[str]) -> Mapping[str, list[Resource]]:
    """Networks or volumes by the projects that own or use them."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for thing in things:
        users = {user.namespace for user in thing.users if user.namespace in known}
        for name in users | {thing.labels.get(PROJECT, "")}:
            found[name].append(thing)
    return found


def in_order(containers: Sequence[Container]) -> list[list[Container]]:
    """Containers in steps: what others need first. A circle of needs ends in one last step."""
    needs = {
        one.uid: {match["service"] for match in _NEED.finditer(one.label(f"{LABEL}depends_on"))} - {service(one)}
        for one in containers
    }
    left, steps = list(containers), []
    while left:
        waiting = {service(one) for one in left}
        step = [one for one in left if not needs[one.uid] & waiting] or left
        steps.append(step)
        left = [one for one in left if one not in step]
    return steps
