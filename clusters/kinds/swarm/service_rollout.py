"""Watching a service until it is well, or saying why it is not: the end of a job that made or changed it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.asked_again import asked_again
from clusters.kinds.base import Copy, Health, Level, Says
from clusters.kinds.formats import count
from clusters.kinds.swarm import service_health, task_health, task_words
from clusters.kinds.swarm.base import TRIES, list_of
from clusters.kinds.swarm.node_model import Node
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.task_model import Task, join

EVERY = 1.0  # seconds between two looks
REST = 3.0  # as long as a look took, so many times nothing is asked: a manager with much to do is asked less often
STAYS = 5.0  # seconds that a service must be well, as a Swarm watches new copies by itself
GIVES_UP = 4  # looks in a row in which it does not come up
DECIDES = 30  # the same while the Swarm itself is about to stop an update, or to go back
LONGEST = 600.0  # seconds; after that it is said how it stands
_ENDED = {
    "paused": "Its update stopped, because a new copy failed: no more copies are replaced",
    "rollback_completed": "Its new copies failed, so it went back by itself to what it was before",
    "rollback_paused": "Its new copies failed, and going back stopped as well",
}


class NotWell(ClusterError):
    """It is there, and does not come up."""

    title = "It does not come up"


class NotUpYet(NotWell):
    """It takes longer than anybody waits here, and nothing says that it will not come up."""

    title = "It is not up yet"


@dataclass(frozen=True, slots=True)
class Stand:
    """How a service stands now."""

    service: Service
    health: Health
    new: int  # copies that run as it is asked for now
    failure: str = ""  # why the last copy of any version failed

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
    ends = await until_all_well(driver, {uid: name}, says)
    end = ends[uid]
    if isinstance(end, ClusterError):
        raise end
    return end


async def until_all_well(driver: Driver, names: Mapping[str, str], says: Says) -> dict[str, Stand | ClusterError]:
    """How each of these services ended, by id: as ``until_well`` has it. Raises when the Swarm goes on saying nothing.

    All of them are one question, however many they are, and what is done is not asked for again.
    """
    clock = asyncio.get_running_loop().time
    began, nodes = clock(), await asked_again(lambda: list_of(driver, "nodes", Node), says)
    watched = {uid: _Watched(name) for uid, name in names.items()}
    ends: dict[str, Stand | ClusterError] = {}
    while watched:
        asked = clock()
        stands = await asked_again(partial(_looks, driver, watched.keys(), nodes), says)
        for uid, one in watched.items():
            stand = stands.get(uid)
            if stand:
                says.progress(one.name, f"{one.name}: {stand.words}", stand.new, stand.service.desired)
            if end := one.end(stand, clock(), clock() - began):
                ends[uid] = end
        watched = {uid: one for uid, one in watched.items() if uid not in ends}
        if watched:
            await asyncio.sleep(max(EVERY, REST * (clock() - asked)))
    return {uid: ends[uid] for uid in names}


@dataclass(slots=True)
class _Watched:
    """One service as long as it is watched."""

    name: str
    well_since: float = 0.0
    bad: int = 0  # looks in a row in which it did not come up

    def end(self, stand: Stand | None, now: float, watched_for: float) -> Stand | ClusterError | None:
        """How it ended, as it stands now; None as long as nobody knows."""
        if stand is None:
            return Missing(f"{self.name} was removed meanwhile.")
        level, state = stand.health.level, stand.service.update_state
        if state in _ENDED:
            why = _why(stand.health, state) or (f"{stand.failure}." if stand.failure else "")
            return NotWell(f"{self.name}: {_ENDED[state]}. {why}".strip())
        if level is Level.STOPPED:
            return stand
        self.bad = self.bad + 1 if level in (Level.FAILING, Level.AT_RISK) else 0
        if self.bad >= (DECIDES if state in ("updating", "rollback_started") else GIVES_UP):
            words = f"{self.name} does not come up: {stand.words}"
            return NotWell(words, hint="It is still there, and the Swarm tries on.")
        self.well_since = (self.well_since or now) if level is Level.HEALTHY else 0.0
        if self.well_since and now - self.well_since >= STAYS:
            return stand
        if watched_for > LONGEST:
            words = f"{self.name} is not up after {LONGEST / 60:g} minutes: {stand.words}"
            return NotUpYet(words, hint="The Swarm goes on with it by itself; its page shows how it ends.")
        return None


def _why(health: Health, state: str) -> str:
    """The reason of the copies, without what was said of the update already."""
    trouble = health.reason if health.level in (Level.FAILING, Level.AT_RISK) else ""
    return trouble.removeprefix(service_health.UPDATE_WORDS[state]).strip()


async def _looks(driver: Driver, uids: Collection[str], nodes: Sequence[Node]) -> dict[str, Stand]:
    """How those of them stand that are there."""
    for left in reversed(range(TRIES)):
        query = {"filters": json.dumps({"id": list(uids)}), "status": "true"}
        services = {one.uid: one for one in await list_of(driver, "services", Service, query) if one.uid in uids}
        try:
            tasks = await _tasks_of(driver, services)
        except Missing:  # the Swarm does not know one of them any more, since the first question
            if not left:
                raise
            continue
        return {uid: _stand(one, tasks[uid], nodes) for uid, one in services.items()}
    return {}


async def _tasks_of(driver: Driver, services: Collection[str]) -> Mapping[str, Sequence[Task]]:
    """By the id of their service. Raises Missing where one of these is not there."""
    tasks: dict[str, list[Task]] = defaultdict(list)
    if services:
        for task in await list_of(driver, "tasks", Task, {"filters": json.dumps({"service": list(services)})}):
            tasks[task.service_id].append(task)
    return tasks


def _stand(one: Service, tasks: Sequence[Task], nodes: Sequence[Node]) -> Stand:
    failed = max((task for task in tasks if task.failed), key=lambda task: task.at, default=None)
    tasks = [task for task in tasks if task.wanted or one.is_new(task)]  # how a version before ended is of no account
    tasks = list(join(tasks, {"swarm-service": [one], "swarm-node": nodes}))
    copies = [Copy(task, task_health.health(task)) for task in tasks]
    state = service_health.with_copies(one, service_health.health(one), copies)
    new = sum(task.wanted and task.running and one.is_new(task) for task in tasks)
    return Stand(one, state, new, task_words.why(failed)[1] if failed else "")
