"""Waits until something that was changed is well, or tells the reason why it is not: from the live state alone."""

from __future__ import annotations

import asyncio

from clusters.errors import ClusterError, Conflict, Missing, Unsure
from clusters.kinds.base import Health, Level, Says
from clusters.live.store import Store

NOTICED = 8.0  # seconds in which a change is seen in the live state
SETTLED = 3.0  # seconds that it must be well without a break
GIVEN_UP = 15.0  # seconds of failing without a break: what starts badly may still get well
LONGEST = 600.0
_EVERY = 0.25


async def until_well(store: Store, uid: str, before: str, says: Says, slot: str, name: str) -> str:
    """Words about how it is now. ``before`` is the version that it had when it was changed ("" for a new one).

    Raises Conflict with the reason when it is not well, Missing when it is gone, and the store's trouble.
    """
    clock = asyncio.get_running_loop().time
    began, told = clock(), ""
    while store.resources.get(uid) is None or store.resources[uid].version == before:
        if clock() - began > NOTICED:
            break  # it may be that nothing had to change
        await asyncio.sleep(_EVERY)
    since, level = clock(), None
    while True:
        health = _health(store, uid)
        if health.level != level:
            since, level = clock(), health.level
        words = f"{health.word}. {health.reason}".strip()
        if words != told:
            told = words
            says.progress(slot, f"{name}: {words}")
        if ended := _ended(health, clock() - since):
            return ended
        if clock() - began > LONGEST:
            raise Conflict(f"It was not well in {LONGEST / 60:g} minutes: {words}")
        await asyncio.sleep(_EVERY)


def _health(store: Store, uid: str) -> Health:
    if store.trouble is not None:
        raise _unsure(store.trouble)
    if uid not in store.health:
        raise Missing("It is not there any more.")
    return store.health[uid]


def _unsure(trouble: ClusterError) -> Unsure:
    words = f"How it is now cannot be told: {trouble.message}"
    return Unsure(words, hint="It was changed; look at it when its cluster answers again.", detail=trouble.detail)


def _ended(health: Health, seconds: float) -> str:
    if health.level == Level.HEALTHY and seconds >= SETTLED:
        return "it is well"
    if health.level in (Level.STOPPED, Level.PAUSED) and seconds >= SETTLED:
        return f"it is {health.word.lower()}"
    if health.level in (Level.FAILING, Level.AT_RISK) and seconds >= GIVEN_UP:
        raise Conflict(f"It is not well: {health.reason or health.word}")
    return ""
