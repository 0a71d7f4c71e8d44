"""Waiting for a container that somebody wants to enter: a debug container is fetched and started first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from clusters.drivers.base import LogSource
from clusters.errors import Missing, Unreachable
from clusters.kinds.base import Health, Level
from dashboard.engine import engine

STARTING = 120.0  # seconds that it may take
PACE = 0.2

Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Say: TypeAlias = Callable[[str], Awaitable[None]]


async def until_it_runs(cluster_id: int, source: LogSource, say: Say, receive: Receive) -> bool:
    """Return when it can be entered (True), or the tab was closed meanwhile (False); ``say`` hears what it waits for.

    Raises Missing when it never will, Unreachable when it takes too long. What the tab sends meanwhile is no key yet.
    """
    said, until = "", time.monotonic() + STARTING
    hearing: asyncio.Task[dict[str, Any]] | None = None
    try:
        while (state := _state(cluster_id, source)).level is Level.CHANGING:
            if time.monotonic() > until:
                raise Unreachable("It takes long to start.", hint=f"{state.reason} Try again later.")
            if state.reason != said:
                said = state.reason
                await say(said)
            hearing = hearing or asyncio.create_task(_next(receive))
            await asyncio.wait({hearing}, timeout=PACE)
            if hearing.done():
                if hearing.result()["type"] == "websocket.disconnect":
                    return False
                hearing = None
    finally:
        if hearing:
            hearing.cancel()
    if state.level in (Level.FAILING, Level.STOPPED):
        raise Missing(state.reason, hint=state.code)
    return True


async def _next(receive: Receive) -> dict[str, Any]:
    return await receive()


def _state(cluster_id: int, source: LogSource) -> Health:
    connection = engine.supervisor.connections.get(cluster_id)
    store = connection.stores.get(source.kind) if connection else None
    now = store.resources.get(source.resource.uid) if store else None
    if store is None or now is None:
        raise Missing(f"{source.resource.name} is not there any more.")
    return store.kind.entering(now, source.container) if store.kind.entering else Health(Level.HEALTHY, "Running")
