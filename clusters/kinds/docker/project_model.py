"""A Compose project: nothing that an engine knows, but what the labels of containers, networks and volumes say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from clusters.kinds.base import Health
from clusters.kinds.docker.container_health import health
from clusters.kinds.docker.container_model import PROJECT, Container
from clusters.kinds.docker.network_model import Network
from clusters.kinds.docker.volume_model import Volume
from clusters.kinds.titled import Titled

Thing = TypeVar("Thing", Network, Volume)
LABEL = "com.docker.compose."
_NEED = re.compile(r"(?P<service>[^:,\s]+)(?::[^,]*)?")


class Project(Titled, frozen=True, gc=False):
    """One project, wherever and by whomever it was started."""

    containers: tuple[Container, ...] = ()
    states: tuple[Health, ...] = ()  # of the containers, in their order
    networks: tuple[tuple[str, str], ...] = ()  # uid and name
    volumes: tuple[tuple[str, str], ...] = ()
    own_networks: tuple[str, ...] = ()  # of those above: made for it, so they go with it
    own_volumes: tuple[str, ...] = ()
    nameless_volumes: tuple[str, ...] = ()  # made by the engine for one of its containers alone
    # Of its own, what a container of others uses, too: its name, that container's, and what that one belongs to.
    kept_by: tuple[tuple[str, str, str], ...] = ()

    @property
    def version(self) -> str:
        """Changes with what a list or a page shows of it; that a health check passed once more is nothing new."""
        shown = tuple(
            (one.uid, one.name, one.image, tuple(one.ports), state.level, state.word, state.reason)
            for one, state in zip(self.containers, self.states, strict=True)
        )
        return f"{hash((shown, self.networks, self.volumes, self.own_networks, self.own_volumes, self.kept_by)):x}"

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
    networks, volumes = (_by_project(others[kind], containers.keys()) for kind in ("network", "volume"))
    return [
        _project(name, containers.get(name, ()), networks.get(name, ()), volumes.get(name, ()))
        for name in sorted({*containers, *networks, *volumes} - {""})
    ]


def _project(
    name: str, containers: Iterable[Container], networks: Sequence[Network], volumes: Sequence[Volume]
) -> Project:
    mine = sorted(containers, key=lambda one: (service(one), one.name))
    return Project(
        title=name,
        containers=tuple(mine),
        states=tuple(health(one) for one in mine),
        networks=tuple(sorted((one.uid, one.name) for one in networks)),
        volumes=tuple(sorted((one.uid, one.name) for one in volumes)),
        own_networks=_own(name, networks),
        own_volumes=_own(name, volumes),
        nameless_volumes=tuple(sorted(one.name for one in volumes if _is_nameless(name, one))),
        kept_by=tuple(sorted(_kept_by(name, (*networks, *volumes)))),
    )


def _own(name: str, things: Iterable[Network | Volume]) -> tuple[str, ...]:
    return tuple(sorted(one.name for one in things if one.labels.get(PROJECT) == name))


def _is_nameless(name: str, one: Volume) -> bool:
    return one.anonymous and PROJECT not in one.labels and all(user.namespace == name for user in one.users)


def _kept_by(name: str, things: Iterable[Network | Volume]) -> Iterator[tuple[str, str, str]]:
    for one in things:
        others = [user for user in one.users if user.namespace != name]
        if others and one.labels.get(PROJECT) == name:
            yield one.name, others[0].name, others[0].namespace


def _by_project(things: Iterable[Thing], known: Collection[str]) -> Mapping[str, list[Thing]]:
    """Networks or volumes by the projects that own or use them."""
    found: dict[str, list[Thing]] = defaultdict(list)
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
