"""What joins a log while it is read: new copies of a resource, and what is made again under its name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clusters.live.row import Row

if TYPE_CHECKING:
    from clusters.live.connection import Connection
    from clusters.live.logs import LogStream
    from clusters.live.store import Delta, Store


class Copies:
    """Notices new copies of a resource."""

    def __init__(self, log: LogStream, row: Row, *, listed: bool) -> None:
        self._log, self._row = log, row
        self._announce = listed  # copies of the first list did not start just now
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        """Follow what came; what went is noticed by its own stream."""
        namespace = self._row.resource.namespace
        if any(before is None and after is not None and after.namespace == namespace for before, after in deltas):
            task = asyncio.create_task(self._add(store.listed))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _add(self, listed: bool) -> None:
        await asyncio.sleep(0.05)  # a pod and its replica set come one after the other
        announce, self._announce = self._announce, self._announce or listed
        await self._log.add(self._row, announce=announce)


class Again:
    """Notices that what was named is another one now (a container edited or made again), or has more parts."""

    def __init__(self, log: LogStream, connection: Connection, row: Row) -> None:
        self._log, self._connection, self._row = log, connection, row
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        """Look again when something came, or took another name."""
        if any(after is not None and (before is None or before.name != after.name) for before, after in deltas):
            task = asyncio.create_task(self._add())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _add(self) -> None:
        await asyncio.sleep(0.1)  # the rows of a project follow those of its containers
        store = self._connection.stores[self._row.kind.name]
        now = store.find(self._row.key)
        if now is not None and (row := self._connection.row(store, now.uid)):
            await self._log.add(row, announce=True)
