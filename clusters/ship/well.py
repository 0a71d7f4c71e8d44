"""Waits until what was changed on a cluster is well, or tells why it is not, or why nobody can know: from live state.

What was asked for counts, not what runs meanwhile: as long as the old version is what the cluster tells of, it is not
well, however well that one runs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clusters.errors import ClusterError, Conflict, Invalid, Missing, Unsure
from clusters.kinds.base import Health, Level, Says
from clusters.kinds.swarm.service_model import tagged
from clusters.live.connection import Connection
from clusters.live.contact import State
from clusters.registries.reference import read_reference

NOTICED = 30.0  # seconds in which a change is seen in the live state
SILENT = 20.0  # seconds that a cluster may be unheard before nobody can tell any more
SETTLED = 3.0  # seconds that it must be well without a break
GIVEN_UP = 15.0  # seconds of failing without a break: what starts badly may still get well
LONGEST = 600.0
EVERY = 0.25
_HEARD: set[State] = {"live", "connecting"}
_LOOK = "It was changed; look at it when its cluster answers again."


@dataclass(frozen=True, slots=True)
class End:
    """How a target is now. It may be as it was asked to be and not run: then it is not called well."""

    is_well: bool
    words: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What is waited for: that it runs ``image``, in another version than it had ``before`` it was changed."""

    find: Callable[[], Connection | None]  # None once its cluster is connected no longer
    kind: str
    uid: str
    name: str
    image: str
    image_of: Callable[[Any], str]
    before: str = ""  # see ``version_of``


@dataclass(frozen=True, slots=True)
class _Seen:
    resource: Any
    health: Health


def version_of(resource: Any) -> str:
    """Another one whenever what is asked for is: where a cluster counts that, how it is does not change it."""
    generation = getattr(getattr(resource, "metadata", None), "generation", 0)
    return str(generation or resource.version)


def same_image(one: str, other: str) -> bool:
    """Is it the same name? A digest that a name with a tag was pinned to is not looked at."""
    try:
        return read_reference(tagged(one)) == read_reference(tagged(other))
    except Invalid:
        return one == other


async def until_well(watch: Watch, says: Says, slot: str) -> End:
    """How it is, once that settled.

    Raises Conflict with the reason when it is not well or runs another image, Missing when it is gone, Unsure when
    its cluster does not say how it is.
    """
    if (line := watch.find()) is None:
        raise _unsure("its cluster is not connected any more.")
    with line.wanted(watch.kind):  # so that it is followed, and silence is noticed, also while nobody looks
        return await _Waiting(watch, says, slot).until_ended()


class _Waiting:
    def __init__(self, watch: Watch, says: Says, slot: str) -> None:
        self.watch, self.says, self.slot = watch, says, slot
        self.told = ""
        self.clock = asyncio.get_running_loop().time
        self.began = self.heard = self.since = self.clock()
        self.level: Level | None = None

    async def until_ended(self) -> End:
        while True:
            now = self.clock()
            if (seen := self._look(now)) is not None and (ended := self._judge(seen, now)):
                return ended
            if now - self.began > LONGEST:
                raise Conflict(f"It was not well in {LONGEST / 60:g} minutes: {self.told}")
            await asyncio.sleep(EVERY)

    def _look(self, now: float) -> _Seen | None:
        """What its cluster says now; None while it is not heard."""
        line, why = self.watch.find(), "its cluster is not connected any more."
        if line is None:
            raise _unsure(why)
        store, state = line.stores.get(self.watch.kind), line.contact.state(time.time())
        trouble: ClusterError | None = line.contact.error or (store.trouble if store else None)
        if store is not None and trouble is None and state in _HEARD and store.is_known:
            self.heard = now
            if self.watch.uid not in store.health:
                raise Missing("It is not there any more.")
            return _Seen(store.resources[self.watch.uid], store.health[self.watch.uid])
        self.level = None  # what it was before counts for nothing
        if now - self.heard > SILENT:
            raise _unsure(trouble.message if trouble else "its cluster does not answer.")
        self._tell("its cluster does not answer.")
        return None

    def _judge(self, seen: _Seen, now: float) -> End | None:
        watch, health = self.watch, seen.health
        runs, is_changed = watch.image_of(seen.resource), version_of(seen.resource) != watch.before
        if not is_changed:
            if now - self.began > NOTICED:
                raise _unsure(f"its cluster took the change, and did not show it in {NOTICED:g} seconds.")
            return None
        if not same_image(runs, watch.image):
            self.level = None
            if now - self.began <= NOTICED:
                return None  # what is told may be a change of somebody else, from just before ours
            raise Conflict(
                f"It is asked to run {runs or 'nothing'} now, not {watch.image}.",
                hint="Somebody, or something in its cluster, changed it as well.",
            )
        if health.level != self.level:
            self.since, self.level = now, health.level
        self._tell(f"{health.word}. {health.reason}".strip())
        return _ended(health, now - self.since)

    def _tell(self, words: str) -> None:
        if words != self.told:
            self.told = words
            self.says.progress(self.slot, f"{self.watch.name}: {words}")


def _unsure(why: str) -> Unsure:
    return Unsure(f"How it is now cannot be told: {why}", hint=_LOOK)


def _ended(health: Health, seconds: float) -> End | None:
    if health.level == Level.HEALTHY and seconds >= SETTLED:
        return End(True, "it is well")
    if health.level in (Level.STOPPED, Level.PAUSED) and seconds >= SETTLED:
        return End(False, f"it was changed, and is {health.word.lower()}. {health.reason}".strip())
    if health.level in (Level.FAILING, Level.AT_RISK) and seconds >= GIVEN_UP:
        raise Conflict(f"It is not well: {health.reason or health.word}")
    return None
