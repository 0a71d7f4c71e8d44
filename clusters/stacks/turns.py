"""Dry runs take a program and many questions to a Swarm: a few at a time, and one of each person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

AT_ONCE = 3
_all = asyncio.Semaphore(AT_ONCE)
_of: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()  # by person, as long as one of theirs goes on


@asynccontextmanager
async def turn(person: int) -> AsyncIterator[None]:
    """Wait for it: first for one's own, so that nobody takes the places of others by asking often."""
    mine = _of.setdefault(person, asyncio.Lock())
    async with mine, _all:
        yield
