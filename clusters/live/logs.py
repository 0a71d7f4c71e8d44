"""The log of any set of resources as one reader sees it: all their containers merged by time, as copies come and go.

Whoever reads may be slow: what cannot be shown is left out, the newest wins, and how much was left out is counted.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from clusters.access import Actor
from clusters.drivers.base import LogOptions, LogSource
from clusters.errors import ClusterError, Invalid, Missing
from clusters.kinds.formats import plain
from clusters.live import log_waiting
from clusters.live.log_joining import Again, Copies
from clusters.live.log_lines import LogFilter, LogLevel, continues
from clusters.live.log_search import OlderLines
from clusters.live.log_source import Line, Stream, Streams
from clusters.live.log_waiting import OURS, Shown, Source, Waiting
from clusters.live.row import Row
from clusters.live.usage import copies

if TYPE_CHECKING:
    from clusters.live.connection import Connection

NEWEST = 250  # lines of one container that may wait to be shown
OF_A_FLOOD = 20  # when there are more: the newest, which is more than anybody reads; the others are left out
MAX_SOURCES = 50  # containers merged into one
SEARCHED = 10_000  # lines that are read at once when only some are wanted; the older ones follow
NEW_ONES = "The lines of new ones appear here by themselves."
FIRST_LINES = 1.0  # seconds in which the first of them come


class LogStream:
    """What one reader follows. ``wake`` is called when ``take`` may have something."""

    def __init__(self, streams: Streams, actor: Actor, options: LogOptions, wanted: LogFilter,
                 wake: Callable[[], None]) -> None:  # fmt: skip
        self.sources: dict[tuple[str, str], Source] = {}
        self.changed = False  # the sources are others than before
        self.sleeps_until = 0.0  # when lines that wait for older ones may be taken
        self._patience = 0.0  # until when the pasts of several containers are waited for
        self._streams, self._actor, self._wake = streams, actor, wake
        self._options, self._filter = options, wanted
        self.looked = 0  # older lines that were looked through, because only some are wanted
        self.looking: bool | None = None  # None: nothing older was looked for
        self._older: list[Shown] = []
        self._search: asyncio.Task[None] | None = None
        self._ours: deque[Shown] = deque(maxlen=200)
        self._things = ExitStack()
        self._container = ""
        self._numbers = 0
        self._closed = False

    async def open(self, rows: Sequence[Row], container: str = "") -> None:
        """Follow the containers of these resources and of their copies, also of copies to come.

        Raises Denied, Missing or Invalid.
        """
        self._container = container
        for row in rows:
            connection = self._connection(row)
            self._things.enter_context(connection.wanted(row.kind.name, *filter(None, [row.kind.copies_of])))
            if row.kind.copies_of and self._options.follow:
                copied = connection.stores.get(row.kind.copies_of)
                watch = Copies(self, row, listed=bool(copied and copied.listed))
                for store in connection.stores.values():
                    if store.kind.owner is not None:
                        self._things.callback(store.subscribe(watch.changed))
            elif self._options.follow:
                again = Again(self, connection, row)
                for name in {row.kind.name, *(one.kind for _, one in sources_of(connection, row))}:
                    if one := connection.stores.get(name):
                        self._things.callback(one.subscribe(again.changed))
            before = self._numbers
            await self.add(row)
            copied = connection.stores.get(row.kind.copies_of)
            if copied is not None and copied.listed and self._numbers == before and self._options.follow:
                self.say(f"{row.resource.name} has no copies now ({row.health.word}). {NEW_ONES}")
        self._patience = time.time() + log_waiting.PATIENCE
        if self._filter:
            self.looking = True
            self._search = asyncio.create_task(self._look_back(), name="older lines of a log")
            self._things.callback(self._search.cancel)

    async def _look_back(self) -> None:
        """The lines that it opens with are few of a long log: look for what is wanted in all that is older."""
        sources = list(self.sources.values())
        ends = time.time() + FIRST_LINES
        while any(not one.oldest for one in sources) and time.time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for source in sources:
            if source.oldest:
                await self._look_back_in(source, alone=len(sources) == 1)
        self.looking = False
        self._wake()

    async def _look_back_in(self, source: Source, *, alone: bool) -> None:
        older = OlderLines(self._streams.gateway, self._actor, int(source.row_id.partition("~")[0]), source.source)
        before = self.looked

        def told() -> None:
            self.looked = before + older.looked
            self._wake()

        try:
            async for lines in older.steps(self._options, self._filter, source.oldest, told):
                found = [source.shown(at, text) for at, _, text in lines]
                self._older = found + self._older if alone else list(heapq.merge(self._older, found))
                told()
        except ClusterError as error:
            name = source.source.label or source.source.resource.name
            self.say(f"The older lines of {name} could not be looked through: {error.message}", LogLevel.WARN)
        if older.more:
            self.say("There are more such lines further back. Download has all.")

    def take_older(self, limit: int) -> list[Shown]:
        """Lines that stand before all others: the newest of them first; of several containers when all were read."""
        if self.looking and len(self.sources) > 1:
            return []
        taken = self._older[-limit:]
        del self._older[-limit:]
        return taken

    async def add(self, row: Row, *, announce: bool = False) -> None:
        """Follow what is not followed yet of a resource."""
        found = [(row_id, one) for row_id, one in sources_of(self._connection(row), row)
                 if self._container in ("", one.container) and (row_id, one.container) not in self.sources]  # fmt: skip
        self._forget_ended()
        room = MAX_SOURCES - sum(source.state == "live" for source in self.sources.values())
        if len(found) > room:
            self.say(f"{len(found) - room} more containers are not shown here: at most {MAX_SOURCES} are merged.")
        for row_id, one in found[: max(0, room)]:
            name = one.label or one.resource.name
            try:
                await self._join(row, row_id, one)
            except ClusterError as error:
                if not announce:
                    raise
                self.say(f"{name} cannot be followed: {error.message}", LogLevel.WARN)
            else:
                if announce:
                    was_there = any(
                        (other.source.label or other.source.resource.name) == name and other.row_id != row_id
                        for other in self.sources.values()
                    )
                    self.say(f"{name} was made again: this is a new one" if was_there else f"{name} started")

    def _connection(self, row: Row) -> Connection:
        connection = self._streams.supervisor.connections.get(row.cluster.id)
        if connection is None:
            raise Missing("That cluster is not connected.")
        return connection

    def _forget_ended(self) -> None:
        if len(self.sources) > 2 * MAX_SOURCES:
            self.sources = {key: one for key, one in self.sources.items() if one.state == "live" or one.first}

    async def _join(self, row: Row, row_id: str, one: LogSource) -> None:
        self._numbers += 1
        kind = self._connection(row).stores[one.kind].kind
        name = f"{row.cluster.slug}/{one.kind}/{kind.key(one.resource)}"
        source = Source(self._numbers, one, row_id, row.cluster.name, name, time.time(), self._options.tail)
        self.sources[row_id, one.container] = source
        try:
            reader = _Reader(self, source)
            source.stop = await self._streams.follow(self._actor, row.cluster.id, one, self._options, reader)
        except BaseException:
            del self.sources[row_id, one.container]
            raise
        if self._closed:
            source.stop()
        self.changed = True
        self._wake()

    def close(self) -> None:
        """Let go of all of them."""
        self._closed = True
        self._things.close()
        for source in self.sources.values():
            source.stop()

    def say(self, words: str, level: LogLevel = LogLevel.NONE) -> None:
        """A line of ours among the others."""
        self._ours.append((time.time(), OURS, int(level), words, None, False))
        self._wake()

    def hear(self, source: Source, lines: Sequence[Line], skipped: int) -> None:
        """Lines of one container; called by its stream."""
        now = time.time()
        if lines and not source.began:
            source.oldest, source.began = lines[0][0], now
        source.skipped += skipped
        past = 0
        while source.past > 0 and past < len(lines) and lines[past][0] <= source.joined:
            past, source.past = past + 1, source.past - 1
        self._line_up(source, source.history, lines[:past], now)
        fresh = lines[past:]
        if not self._filter and len(fresh) > NEWEST:
            source.skipped += len(fresh) - OF_A_FLOOD
            fresh = fresh[-OF_A_FLOOD:]
        self._line_up(source, source.newest, fresh, now)
        if len(source.newest) > NEWEST or (source.skipped and len(source.newest) > OF_A_FLOOD):
            source.skipped += len(source.newest) - OF_A_FLOOD
            source.newest = deque(islice(source.newest, len(source.newest) - OF_A_FLOOD, None))
        self._wake()

    def _line_up(self, source: Source, queue: deque[Waiting], lines: Sequence[Line], now: float) -> None:
        for at, _, text in lines:
            if self._filter:
                if not continues(text):
                    source.wanted = self._filter.wants(text)
                if not source.wanted:
                    continue
            source.order = max(source.order, at)
            queue.append((source.order, now, at, text))

    def take(self, limit: int) -> tuple[list[Shown], list[tuple[int, int]]]:
        """Up to ``limit`` lines in order, and (before which of them, how many) were left out."""
        sources = list(self.sources.values())
        edge, self.sleeps_until = log_waiting.edge(sources, time.time(), self._patience)
        heap = [(first[0], source.number, source) for source in sources if (first := source.first)]
        heapq.heapify(heap)
        lines: list[Shown] = []
        gaps: list[tuple[int, int]] = []
        while heap and heap[0][0] <= edge and len(lines) < limit:
            _, _, source = heapq.heappop(heap)
            if not source.history and source.skipped:
                gaps.append((len(lines), source.skipped))
                source.skipped = 0
            _, _, at, text = (source.history or source.newest).popleft()
            lines.append(source.shown(at, text))
            if first := source.first:
                heapq.heappush(heap, (first[0], source.number, source))
        lines += self._ours
        self._ours.clear()
        for source in sources:
            if source.skipped and not source.first:
                gaps.append((len(lines), source.skipped))
                source.skipped = 0
        return lines, gaps

    @property
    def has_history(self) -> bool:
        """Are lines of the past still waiting?"""
        return any(source.history for source in self.sources.values())


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """Hears one container for a log stream."""

    log: LogStream
    source: Source

    def heard(self, stream: Stream, lines: Sequence[Line], skipped: int) -> None:
        """Pass lines on."""
        self.log.hear(self.source, lines, skipped)

    def told(self, stream: Stream, words: str, level: LogLevel) -> None:
        """Pass on what happened."""
        if stream.ended:
            self.source.state = "ended"
            self.source.stop()
            self.log.changed = True
        self.log.say(words, level)


def sources_of(connection: Connection, row: Row) -> list[tuple[str, LogSource]]:
    """The containers of a resource, or of all its copies, with the id of the row each belongs to."""
    if row.kind.logs is not None:
        # Not always of the row itself: the log of a project is that of its containers.
        sources = row.kind.logs(row.resource)
        return [(f"{row.cluster.id}~{source.kind}~{source.resource.uid}", source) for source in sources]
    store = connection.stores.get(row.kind.copies_of)
    if store is None or store.kind.logs is None:
        raise Invalid(f"A {plain(row.kind.label)} has no log of its own.")
    # A hostile cluster may say that a copy of another namespace belongs here: who sees this need not see that.
    found = (copy for copy in copies(connection, row) if copy.namespace == row.resource.namespace)
    newest_first = sorted(found, key=lambda copy: (-copy.created, copy.name))
    return [(f"{store.prefix}{copy.uid}", source) for copy in newest_first for source in store.kind.logs(copy)]
