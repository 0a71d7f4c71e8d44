"""The hub: shares views and windows among all who look, and flushes what changed at most every 40 ms.

The first change after a quiet time is told at once (leading edge); under load the pace slows down by itself when a
flush takes long, so that the event loop stays free. What comes of a long list is told twice a second, until it is all
there. Rows never pass through the channel layer (see docs/engine.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clusters.live.connection import Connection
from clusters.live.index import SLICE, Index
from clusters.live.query import Query
from clusters.live.row import Row
from clusters.live.store import Store
from clusters.live.table import TABLES
from clusters.live.view import View
from clusters.live.window import Window

TICK = 0.04  # seconds between two flushes
SLOWEST_TICK = 0.25
WHILE_COMING = 0.5  # seconds between two looks at a long list on its way: each costs its page more than a change does
KEEP_VIEW = 30.0  # seconds a view nobody looks at is kept: going back to a list is instant


@dataclass(slots=True)
class _Shared:
    view: View
    wanted: contextlib.ExitStack
    windows: dict[tuple[tuple[str, ...], int, int], Window]
    users: int = 0
    told: float = 0.0  # when its windows were told last, by the loop's clock
    later: asyncio.TimerHandle | None = None  # tells what has come of a long list meanwhile

    def said(self, now: float) -> None:
        """Its windows are told now, whatever was to be told later."""
        self.told = now
        if self.later:
            self.later.cancel()
            self.later = None


class Hub:
    """One per process, on its event loop."""

    def __init__(self, connections: Callable[[], list[Connection]], link: Callable[[Row], str]) -> None:
        self._connections = connections
        self._link = link
        self._shared: dict[Query, _Shared] = {}
        self._indexes: dict[tuple[Store, str], Index] = {}  # by store and table
        self._dirty: set[View] = set()
        self._flushing: asyncio.TimerHandle | asyncio.Handle | None = None
        self._last_flush = 0.0
        self._tick = TICK

    async def prepare(self, query: Query) -> None:
        """Do in slices what ``window`` would do in one go: the first look at many rows, a sort by another column."""
        for index in self._indexes_for(query):
            order = index.order(query.sort)
            while not order.catch_up(SLICE):  # noqa: ASYNC110 (it waits for nobody: it works, and lets others work)
                await asyncio.sleep(0)
            if not query.searches:
                index.read_ahead()
                continue
            while not index.read_texts(SLICE):  # noqa: ASYNC110
                await asyncio.sleep(0)

    @contextlib.contextmanager
    def window(self, query: Query, offset: int, limit: int) -> Iterator[Window]:
        """The window of that question, shared with whoever looks at the same, for as long as this is open."""
        shared = self._share(query)
        shared.users += 1
        key = (query.columns, offset, limit)
        window = shared.windows.get(key)
        if window is None:
            window = shared.windows[key] = Window(shared.view, query.columns, offset, limit, self._link)
        window.users += 1
        try:
            yield window
        finally:
            shared.users -= 1
            window.users -= 1
            if not window.users:
                del shared.windows[key]
            if not shared.users:
                asyncio.get_running_loop().call_later(KEEP_VIEW, self._let_go, query, shared)

    def windows(self) -> list[Window]:
        """All that somebody follows now."""
        return [window for shared in self._shared.values() for window in shared.windows.values() if window.followers]

    def reset(self) -> None:
        """Clusters came or went: the views of before answer for nobody any longer."""
        for query, shared in tuple(self._shared.items()):
            self._drop(query, shared)
        here = {store for connection in self._connections() for store in connection.stores.values()}
        for store, table in tuple(self._indexes):
            if store not in here or not store.kind.always:
                self._indexes.pop((store, table)).close()

    def _share(self, query: Query) -> _Shared:
        shared = self._shared.get(query)
        if shared is None:
            wanted = contextlib.ExitStack()
            view = View(query, self._indexes_for(query), self._mark)
            for connection in self._asked(query):
                wanted.enter_context(connection.wanted(*(kind.name for kind in view.table.kinds)))
            shared = self._shared[query] = _Shared(view, wanted, {})
        return shared

    def _asked(self, query: Query) -> list[Connection]:
        scope = dict(query.scope)
        return [connection for connection in self._connections() if connection.cluster.id in scope]

    def _indexes_for(self, query: Query) -> list[Index]:
        table = TABLES[query.table]
        indexes = []
        for connection in self._asked(query):
            for kind in table.kinds:
                if store := connection.stores.get(kind.name):
                    key = (store, table.name)
                    if key not in self._indexes or self._indexes[key].outlived:
                        self._indexes[key] = Index(store, connection.cluster, table)
                    indexes.append(self._indexes[key])
        return indexes

    def _let_go(self, query: Query, shared: _Shared) -> None:
        if not shared.users and self._shared.get(query) is shared:
            self._drop(query, shared)
            looked_at = {index for one in self._shared.values() for index in one.view.indexes}
            for key, index in tuple(self._indexes.items()):
                index.let_go(query.sort)
                # What is not always watched is forgotten by its store when nobody looks.
                if not index.store.kind.always and index not in looked_at:
                    self._indexes.pop(key).close()

    def _drop(self, query: Query, shared: _Shared) -> None:
        del self._shared[query]
        shared.view.close()
        shared.wanted.close()

    def _mark(self, view: View, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        if (shared := self._shared.get(view.query)) is None:
            return
        if not at_once and loop.time() < (due := shared.told + WHILE_COMING):
            shared.later = shared.later or loop.call_at(due, self._mark, view, True)
            return
        self._dirty.add(view)
        if self._flushing is None:
            wait = self._last_flush + self._tick - loop.time()
            self._flushing = loop.call_later(wait, self.flush) if wait > 0 else loop.call_soon(self.flush)

    def flush(self) -> None:
        """Tell all windows what is different now."""
        began, now = time.perf_counter(), asyncio.get_running_loop().time()
        dirty, self._dirty, self._flushing = self._dirty, set(), None
        for view in dirty:
            moved, touched, view.moved, view.touched = view.moved, view.touched, False, set()
            if shared := self._shared.get(view.query):
                shared.said(now)
                for window in shared.windows.values():
                    window.flush(moved, touched)
        spent = time.perf_counter() - began
        self._tick = min(max(TICK, spent * 6), SLOWEST_TICK)  # never more than about a sixth of the loop's time
        self._last_flush = asyncio.get_running_loop().time()
