"""Watching a service until it is well, or saying why it is not: the end of a job that made or changed it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Copy, Health, Level, Says
from clusters.kinds.formats import count
from clusters.kinds.swarm import service_health, task_health
from clusters.kinds.swarm.node_model import Node
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.task_model import Task, join

EVERY = 1.0  # seconds between two looks
STAYS = 5.0  # seconds that a service must be well, as a Swarm watches new copies by itself
GIVES_UP = 4  # looks in a row in which it does not come up
LONGEST = 600.0  # seconds; after that it is said how it stands
_ENDED = {
    "paused": "Its update stopped, because a new copy failed: the rest goes on as it was",
    "rollback_completed": "Its new copies failed, so it went back by itself to what it was before",
    "rollback_paused": "Its new copies failed, and going back stopped as well",
}


class NotWell(ClusterError):
    """It is there, and does not come up."""

    title = "It does not come up"


@dataclass(frozen=True, slots=True)
class Stand:
    """How a service stands now."""

    service: Service
    health: Health
    new: int  # copies that run as it is asked for now

    @property
    def is_well(self) -> bool:
        """Do its copies run? One of which no copies were asked for is as it should be, and still does not run."""
        return self.health.level is Level.HEALTHY

    @property
    def words(self) -> str:
        """ "2 of 3 copies run. …"."""
        one = self.service
        if self.is_well and one.running > one.desired:
            return f"{count(one.running, 'copy runs', 'copies run')}, {one.desired} asked for: the rest is stopped."
        if self.is_well:
            return f"{one.running} of {count(one.desired, 'copy', 'copies')} {'runs' if one.desired == 1 else 'run'}."
        return f"{self.health.word}. {self.health.reason}".strip()


async def until_well(driver: Driver, uid: str, name: str, says: Says) -> Stand:
    """How it stands when it is well, or stopped. Raises NotWell with the reason, Missing when it was removed."""
    clock = asyncio.get_running_loop().time
    began, well_since, bad = clock(), 0.0, 0
    nodes = await _nodes(driver)
    while True:
        stand = await look(driver, uid, name, nodes)
        says.progress(name, f"{name}: {stand.words}", stand.new, stand.service.desired)
        level, state = stand.health.level, stand.service.update_state
        if state in _ENDED:
            raise NotWell(f"{name}: {_ENDED[state]}. {_why(stand.health, state)}".strip())
        if level is Level.STOPPED:
            return stand
        bad = bad + 1 if level in (Level.FAILING, Level.AT_RISK) else 0
        if bad >= GIVES_UP:
            raise NotWell(f"{name} does not come up: {stand.words}", hint="It is still there, and the Swarm tries on.")
        well_since = (well_since or clock()) if level is Level.HEALTHY else 0.0
        if well_since and clock() - well_since >= STAYS:
            return stand
        if clock() - began > LONGEST:
            minutes = f"{LONGEST / 60:g} minutes"
            raise NotWell(
                f"{name} is not up after {minutes}: {stand.words}", hint="It is still there; the Swarm goes on."
            )
        await asyncio.sleep(EVERY)


def _why(health: Health, state: str) -> str:
    """The reason of the copies, without what was said of the update already."""
    trouble = health.reason if health.level in (Level.FAILING, Level.AT_RISK) else ""
    return trouble.removeprefix(service_health.UPDATE_WORDS[state]).strip()


async def look(driver: Driver, uid: str, name: str, nodes: Sequence[Node] = ()) -> Stand:
    """How it stands now. Raises Missing."""
    query = {"filters": json.dumps({"id": [uid]}), "status": "true"}
    found = [one for one in await _list(driver, "services", Service, query) if one.uid == uid]
    if not found:
        raise Missing(f"{name} was removed meanwhile.")
    one: Service = found[0]
    tasks = await _list(driver, "tasks", Task, {"filters": json.dumps({"service": [uid]})})
    tasks = [task for task in tasks if task.wanted or one.is_new(task)]  # how a version before ended is of no account
    tasks = list(join(tasks, {"swarm-service": [one], "swarm-node": nodes}))
    copies = [Copy(task, task_health.health(task)) for task in tasks]
    state = service_health.with_copies(one, service_health.health(one), copies)
    return Stand(one, state, sum(task.wanted and task.running and one.is_new(task) for task in tasks))


async def _nodes(driver: Driver) -> list[Node]:
    return await _list(driver, "nodes", Node, {})


async def _list(driver: Driver, collection: str, model: type[Any], query: dict[str, str]) -> list[Any]:
    said = await driver.call(Call("GET", (collection,), query, timeout=20.0))
    try:
        return msgspec.convert(said or [], list[model], strict=False)  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise ClusterError("The Swarm describes it in a way that Pilothouse does not understand.") from error
