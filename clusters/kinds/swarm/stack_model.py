"""A stack: nothing that a Swarm knows, but what the labels of services, networks, secrets and configs say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.kinds.base import Copy, Health
from clusters.kinds.swarm import service_health, task_health
from clusters.kinds.swarm.base import STACK
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.task_model import Task
from clusters.kinds.titled import Titled

THINGS = {"network": "networks", "swarm-secret": "secrets", "swarm-config": "configs"}  # kind: collection in the API


class Stack(Titled, frozen=True, gc=False):
    """One stack, wherever and by whomever it was deployed. Things are (uid, name)."""

    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    networks: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    configs: tuple[tuple[str, str], ...] = ()

    @property
    def version(self) -> str:
        """Changes with all that belongs to it."""
        versions = tuple(one.version for one in (*self.services, *self.tasks))
        return f"{hash((versions, self.networks, self.secrets, self.configs)):x}"

    @property
    def created(self) -> float:
        """When its oldest service was made, in epoch seconds."""
        return min((one.created for one in self.services if one.created), default=0.0)

    def state(self, service: Service) -> Health:
        """How one of its services is, with its copies."""
        mine = [Copy(task, task_health.health(task)) for task in self.tasks if task.service_id == service.uid]
        alone = service_health.health(service)
        return service_health.with_copies(service, alone, mine) if mine else alone


def join(own: Sequence[Stack], others: Mapping[str, Sequence[Any]]) -> Sequence[Stack]:
    """All stacks that anything there is belongs to."""
    services, tasks = _by_stack(others["swarm-service"]), _by_stack(others["task"])
    things = {kind: _by_label(others.get(kind, ())) for kind in THINGS}
    names = {*services, *(name for found in things.values() for name in found)} - {""}
    return [
        Stack(
            title=name,
            services=tuple(sorted(services.get(name, ()), key=lambda one: one.name)),
            tasks=tuple(sorted(tasks.get(name, ()), key=lambda one: one.uid)),
            **{THINGS[kind]: tuple(sorted(found.get(name, ()))) for kind, found in things.items()},
        )
        for name in sorted(names)
    ]


def _by_stack(found: Sequence[Any]) -> Mapping[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in found:
        groups[one.namespace].append(one)
    return groups


def _by_label(found: Sequence[Any]) -> Mapping[str, list[tuple[str, str]]]:
    """By the label alone: a network may belong to a Compose project of the same name."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in found:
        groups[one.labels.get(STACK, "")].append((one.uid, one.name))
    return groups
