"""Watching what an engine has too few events for: a Swarm's tasks, and what follows from them. Listed again and again,
often while somebody looks; what an event names is looked at at once all the same."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from typing import Any

from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.events import Events, Follower
from clusters.drivers.docker.list_watch import ListWatch
from clusters.errors import Unsupported
from clusters.kinds.base import Kind

STEP = 0.5  # seconds until it is noticed that somebody looks


class PolledWatch(ListWatch):
    """One request whenever events told of a change, and whenever its time has come."""

    keeps = False  # what was true a moment ago is not true now

    def __init__(
        self,
        client: EngineClient,
        events: Events,
        kind: Kind[Any],
        looked_at: Callable[[], bool],
        refused: Callable[[], None],
    ) -> None:
        super().__init__(client, events, kind)
        self._looked_at = looked_at
        self._refused = refused  # told when the engine has nothing of this kind (any more)
        self._listed_at = 0.0  # monotonic seconds
        self._rests = False  # nothing of it goes wrong while nobody looks

    def _end(self, follower: Follower) -> None:
        """Another watch takes its place at the next look: nothing is to be heard for this one any more."""
        self._busy, self._follower = False, None
        self._events.leave(follower)

    async def _wait(self, follower: Follower) -> None:
        """Until an event came, or it is time to list again."""
        while not follower.wake.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STEP):
                    await follower.wake.wait()
                    return
            if follower.lost is None and time.monotonic() - self._listed_at >= self._period():
                follower.check = True
                return

    def _period(self) -> float:
        often, seldom = self._where.every or (0.0, 0.0)
        looked_at = self._looked_at()
        if self._rests and not looked_at:
            return math.inf
        # A manager that needs long for the list is asked less often. What is no list is no work: it waited for others.
        slow = min(seldom, 10.0 * self._took) if self._where.alone else 10.0 * self._took
        return max(often if looked_at else seldom, slow)

    async def _read(self, query: dict[str, str] | None = None) -> list[Any]:
        try:
            found = await super()._read(query)
        except Unsupported:
            self._refused()
            raise
        self._listed_at = time.monotonic()
        noticing = self._kind.noticing
        self._rests = noticing is not None and all(map(noticing.rests, found))
        return found
