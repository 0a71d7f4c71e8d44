"""What the tests of Swarm's kinds share: recorded objects of a real Swarm, and a real one where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from clusters.drivers.docker.watch import versioned
from clusters.kinds.base import Copy, Health, Kind
from clusters.kinds.swarm import KINDS
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.task_model import Task

RECORDED = Path(__file__).parent.parent / "recorded" / "swarm"
AT = 1795793405.0  # when it was recorded, in epoch seconds


def recorded(collection: str) -> list[dict[str, Any]]:
    """What the manager of a Swarm of three nodes really answered: one service well, others each with its own trouble."""
    found: list[dict[str, Any]] = msgspec.json.decode((RECORDED / f"{collection}.json").read_bytes())
    return found


def read(tree: Any, model: type[Any]) -> Any:
    """A resource, as the driver reads it."""
    found = versioned(msgspec.json.encode(tree), model)
    assert isinstance(found, model)
    return found


def told(kind: Kind[Any]) -> list[Any]:
    """What the driver would tell of that kind."""
    return [read(tree, kind.model) for tree in recorded(kind.api)] if kind.api else []


def resources(kind: Kind[Any]) -> list[Any]:
    """All there are of that kind, with what others say of them."""
    if kind.join is None:
        return told(kind)
    there = {one.name: one for one in KINDS}
    others = {name: resources(there[name]) if name in there else [] for name in kind.join.kinds}
    return list(kind.join.make(told(kind), others))


def named(name: str) -> Kind[Any]:
    """The kind of that name."""
    return next(one for one in KINDS if one.name == name)


def service(name: str) -> Service:
    """The recorded service of that name."""
    found: Service = next(one for one in resources(named("swarm-service")) if one.name == name)
    return found


def tasks_of(one: Service) -> list[Task]:
    """Its tasks, now and before."""
    return [task for task in resources(named("task")) if task.service_id == one.uid]


def judged(one: Service, tasks: list[Task] | None = None) -> Health:
    """How it is, with its copies."""
    kind = named("swarm-service")
    assert kind.with_copies
    found = tasks_of(one) if tasks is None else tasks
    return kind.with_copies(one, kind.health(one), [Copy(task, named("task").health(task)) for task in found])
