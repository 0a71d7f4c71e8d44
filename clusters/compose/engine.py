"""A way to a host for a program that speaks to engines: a socket in a private folder, carried over our own connection.

So the program reaches a host as we do, over its socket, TLS or SSH, and is given no certificate and no key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

from clusters.drivers.base import Driver
from clusters.ending import end
from clusters.errors import ClusterError, Unsupported

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_PIECE = 64 << 10
MOST = 64  # connections at once


@runtime_checkable
class ComposeEngine(Protocol):
    """A driver whose engine can be spoken to directly."""

    async def connect(self) -> Streams:
        """A connection of its own to the engine. Raises what is wrong with it."""


def compose_engine(driver: Driver) -> ComposeEngine:
    """The driver as one of an engine. Raises Unsupported where it is none."""
    if not isinstance(driver, ComposeEngine):
        raise Unsupported("No Compose projects are deployed there.", hint="Choose a connected Docker host.")
    return driver


@asynccontextmanager
async def way_to(driver: Driver, folder: Path) -> AsyncIterator[Path]:
    """A socket in that folder that leads to the engine as long as the block lasts."""
    engine, path = compose_engine(driver), folder / "engine.sock"
    carrying: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(carrying) >= MOST:
            writer.close()
            return
        carrying.add(task)
        task.add_done_callback(carrying.discard)
        with suppress(asyncio.CancelledError):  # we end it below: nobody else waits for it
            await _carry(engine, (reader, writer))

    server = await asyncio.start_unix_server(take, path)
    try:
        yield path
    finally:
        server.close()
        await end(carrying)


async def _carry(engine: ComposeEngine, ours: Streams) -> None:
    try:
        theirs = await engine.connect()
    except ClusterError:
        ours[1].close()  # the program says that nobody answers; what is wrong, the cluster's page tells
        return
    try:
        await asyncio.gather(_pump(ours[0], theirs[1]), _pump(theirs[0], ours[1]))
    finally:
        ours[1].close()
        theirs[1].close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Everything, and its end: who has said all may still listen."""
    with suppress(OSError):
        while data := await source.read(_PIECE):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
        else:
            target.close()
