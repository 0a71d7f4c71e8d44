"""Whose turn it is to ask a git server: one that is slow, or one person with many projects, keeps no others waiting."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

OF_ALL, OF_HOST, OF_PERSON, OF_BOTH = 16, 4, 2, 1  # looks at the same time
FIRST_REST, LONGEST_REST = 60.0, 1800.0  # seconds


class Turns:
    """So many looks at a time for each person, each server, and one person at one server."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[tuple[object, ...], asyncio.Semaphore] = WeakValueDictionary()
        self._all = asyncio.Semaphore(OF_ALL)

    @asynccontextmanager
    async def of(self, host: str, person: int | None) -> AsyncIterator[None]:
        """Wait for it, and have it. The narrowest first: whoever waits holds nothing that strangers need."""
        keys = {("both", host, person): OF_BOTH, ("person", person): OF_PERSON, ("host", host): OF_HOST}
        async with AsyncExitStack() as held:
            for key, most in keys.items():
                turn = self._of.get(key) or asyncio.Semaphore(most)
                self._of[key] = turn
                await held.enter_async_context(turn)
            await held.enter_async_context(self._all)
            yield


class Rests:
    """How long the clock leaves each in peace after looks that failed: every time twice as long."""

    def __init__(self) -> None:
        self._tries: dict[int, int] = {}
        self._until: dict[int, float] = {}

    def failed(self, pk: int) -> tuple[int, float]:
        """How often in a row by now, and the seconds of its rest."""
        tries = self._tries[pk] = self._tries.get(pk, 0) + 1
        seconds = min(FIRST_REST * 2 ** min(tries - 1, 10), LONGEST_REST)
        self._until[pk] = time.monotonic() + seconds
        return tries, seconds

    def well(self, pk: int) -> None:
        """It did not fail: the next rest is a short one again."""
        self._tries.pop(pk, None)
        self._until.pop(pk, None)

    def minutes(self, pk: int) -> int:
        """That are left of its rest, begun ones counted."""
        return max(0, math.ceil((self._until.get(pk, 0.0) - time.monotonic()) / 60))
