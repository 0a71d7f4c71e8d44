"""One container's log, read once for everybody who reads it: kept going over interruptions, without doubled lines.

A stream that ends is opened again while its container is there: at once when the cluster says that something changed,
else after a growing pause. What was read before is recognised by its time and text.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from clusters.access import Actor, Need
from clusters.drivers.base import LogChunk, LogOptions, LogSource
from clusters.errors import ClusterError, Invalid, Missing, NotStarted, Unreachable
from clusters.kinds.base import Level, Role
from clusters.live.log_lines import LogLevel

if TYPE_CHECKING:
    from clusters.gateway import Gateway
    from clusters.live.store import Delta, Store
    from clusters.live.supervisor import Supervisor

log = logging.getLogger(__name__)

KEPT_LINES, KEPT_SIZE = 5000, 2 * 1024 * 1024  # of each container, for whoever joins later and to know lines again
FIRST_PAUSE, LONGEST_PAUSE = 0.3, 10.0  # seconds before an ended stream is opened again
RESUMED_LINES = 10_000  # read again at most after an interruption
FINE = (Level.HEALTHY, Level.CHANGING)  # what has not started yet in one of these most likely will in a moment
# Codes of what never started although its log can be read: it is empty. (A container; a pod without a node.)
NEVER_STARTED = frozenset({"created", "Unschedulable", "SchedulingGated"})
MOST_WORDS = 400  # characters of each thing that a cluster says of it: this is kept for whoever joins later
THEN = "Its lines appear here by themselves as soon as it has."
MAX_STREAMS = 400  # of this process

Line: TypeAlias = tuple[float, str, str]
Key: TypeAlias = tuple[int, str, str, str, LogOptions]


class Reader(Protocol):
    """Who reads the log of a container."""

    def heard(self, stream: Stream, lines: Sequence[Line], skipped: int) -> None:
        """New lines; ``skipped`` were left out before them."""

    def told(self, stream: Stream, words: str, level: LogLevel) -> None:
        """Something happened to the container or to its log."""


class Streams:
    """All logs that are being read in this process, by container and range."""

    def __init__(self, gateway: Gateway, supervisor: Supervisor) -> None:
        self.gateway, self.supervisor = gateway, supervisor
        self._streams: dict[Key, Stream] = {}

    def __len__(self) -> int:
        return len(self._streams)

    async def follow(self, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions,
                     reader: Reader) -> Callable[[], None]:  # fmt: skip
        """Read from now on. Returns how to stop. Raises Denied, or Invalid when too much is read already."""
        await self.gateway.see(actor, cluster_id, source.resource.namespace, Need(Role.VIEWER, acts=False),
                               verb="logs", kind=source.kind, resource=source.resource)  # fmt: skip
        key = (cluster_id, source.kind, source.resource.uid, source.container, options)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= MAX_STREAMS:
                raise Invalid("Too many logs are open in this Pilothouse.", hint="Close some and try again.")
            stream = self._streams[key] = Stream(self, actor, cluster_id, source, options)
        stream.add(reader)

        def stop() -> None:
            stream.remove(reader)
            if not stream.readers and self._streams.get(key) is stream:
                del self._streams[key]
                stream.close()

        return stop


@dataclass(frozen=True, slots=True)
class _Read:
    """What had been read when a stream broke off."""

    until: float
    lines: Counter[tuple[float, str]]
    oldest: float

    def is_new(self, line: Line) -> bool:
        at, _, text = line
        if at > self.until:
            return True
        if at < self.oldest or self.lines[at, text] > 0:
            self.lines[at, text] -= 1
            return False
        return True


class Stream:
    """The log of one container, from one request after another."""

    def __init__(self, streams: Streams, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions) -> None:
        self.cluster_id, self.source, self.options = cluster_id, source, options
        self.readers: dict[Reader, None] = {}
        self.ended = False  # no more lines will come
        self._streams, self._actor = streams, actor
        self._kept: deque[tuple[Sequence[Line], int, int]] = deque()  # lines, how many before them were left out, size
        self._kept_lines = self._kept_size = 0
        self._changed = asyncio.Event()
        self._read: _Read | None = None
        self._reopened, self._read_again = 0.0, 0  # when it was opened again, and how much of the past came since
        self._began = source.began  # the life that is being read
        self._started = True  # as far as anybody said
        self._quiet = False  # told that it ended or cannot be read; the next line says that it goes on
        self._said = ("", LogLevel.NONE)  # that
        connection = streams.supervisor.connections.get(cluster_id)
        self._store = connection.stores.get(source.kind) if connection else None
        self._unsubscribe = self._store.subscribe(self._store_changed) if self._store else lambda: None
        self._task = asyncio.create_task(self._run(), name=f"log of {source.label or source.resource.name}"[:80])

    def add(self, reader: Reader) -> None:
        """One more reader: gets what is kept first, as if it had asked the cluster itself."""
        self.readers[reader] = None
        rest, recent = self.options.tail, []
        for lines, skipped, _ in reversed(self._kept):
            recent.append((lines[-rest:], skipped if len(lines) <= rest else 0))
            rest -= len(lines)
            if rest <= 0:
                break
        for position, (lines, skipped) in enumerate(reversed(recent)):
            reader.heard(self, lines, skipped if position else 0)
        if self._quiet:
            reader.told(self, *self._said)

    def remove(self, reader: Reader) -> None:
        """One reader less."""
        self.readers.pop(reader, None)

    def close(self) -> None:
        """Nobody reads it any longer."""
        self._unsubscribe()
        self._task.cancel()

    def _store_changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        for before, after in deltas:
            if (after or before).uid == self._uid:  # type: ignore[union-attr]
                self._changed.set()
                if after is not None and store.kind.logs is not None:
                    self._notice_new_life(store.kind.logs(after))

    def _notice_new_life(self, now: Sequence[LogSource]) -> None:
        """What is started again at once goes on before anybody saw it ended: then that is what is said."""
        began = next((one.began for one in now if one.container == self.source.container), 0.0)
        if began and self._began and began != self._began and not self._quiet:
            self._tell(f"{self._name} was started again", LogLevel.NONE)
        self._began = began or self._began

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began, error = time.monotonic(), None
            try:
                await self._one_stream()
            except ClusterError as problem:
                error = problem
            except Exception:
                log.exception("reading a log failed")
                error = Unreachable("Reading failed because of a fault in Pilothouse.")
            if not self.options.follow:
                self.ended = True
                if error:
                    self._tell(f"{self._name}: {error.message}", LogLevel.ERROR)
                return
            if time.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            changed = await self._wait(pause)
            if self._is_gone():
                self.ended = True
                self._tell(f"{self._name} ended: it is not there any more", LogLevel.NONE)
                return
            self._say_why_it_ended(error)
            pause = FIRST_PAUSE if changed else min(pause * 2, LONGEST_PAUSE)

    async def _one_stream(self) -> None:
        gateway, options = self._streams.gateway, self.options
        lines = [line for chunk, _, _ in self._kept for line in chunk]
        if self._read is None and lines:
            last = max(line[0] for line in lines)
            self._read = _Read(last, Counter((line[0], line[2]) for line in lines), min(line[0] for line in lines))
        if self._read:
            # Whole seconds: no platform answers finer than that for sure; what is read twice is known again.
            options = replace(options, tail=RESUMED_LINES, since=float(int(self._read.until)))
            self._reopened, self._read_again = time.time(), 0
        async with aclosing(gateway.logs(self._actor, self.cluster_id, self.source, options)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                self._take(chunk)
        self._read, self._reopened = None, 0.0

    def _take(self, chunk: LogChunk) -> None:
        lines: Sequence[Line] = chunk.lines
        if self._reopened and lines:
            self._watch_for_a_gap(lines)
        if self._read:
            if lines and lines[0][0] > self._read.until:
                self._read = None
            else:
                lines = [line for line in lines if self._read.is_new(line)]
        if not lines and not chunk.skipped:
            return
        if self._quiet and lines:
            self._quiet = False
            self._tell(f"{self._name} {'goes on' if self._started else 'started'}", LogLevel.NONE)
            self._started = True
        self._keep(lines, chunk.skipped)
        for reader in tuple(self.readers):
            reader.heard(self, lines, chunk.skipped)

    def _watch_for_a_gap(self, lines: Sequence[Line]) -> None:
        past = sum(line[0] < self._reopened for line in lines)
        self._read_again += past
        if self._read_again >= RESUMED_LINES:
            self._tell(f"{self._name}: lines printed during an interruption are missing here", LogLevel.WARN)
        if past < len(lines) or self._read_again >= RESUMED_LINES:
            self._reopened = 0.0

    def _keep(self, lines: Sequence[Line], skipped: int) -> None:
        if len(lines) > KEPT_LINES:
            lines = lines[-KEPT_LINES:]
        size = sum(len(line[2]) for line in lines)
        self._kept.append((lines, skipped, size))
        self._kept_lines += len(lines)
        self._kept_size += size
        while len(self._kept) > 1 and (self._kept_lines > KEPT_LINES or self._kept_size > KEPT_SIZE):
            old, _, old_size = self._kept.popleft()
            self._kept_lines -= len(old)
            self._kept_size -= old_size

    async def _wait(self, seconds: float) -> bool:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        return self._changed.is_set()

    def _is_gone(self) -> bool:
        return self._store is not None and self._store.listed and self._uid not in self._store.resources

    def _say_why_it_ended(self, error: ClusterError | None) -> None:
        if self._quiet:
            return
        health = self._store.health.get(self._uid) if self._store else None
        said = (health.word, health.reason.rstrip("."), health.code) if health else ()
        words = " · ".join(one[:MOST_WORDS] for one in said if one)
        if error and not isinstance(error, Missing):
            self._tell(f"{self._name} cannot be read: {error.message} Trying again.", LogLevel.WARN)
        elif health and health.level not in FINE and (isinstance(error, NotStarted) or health.code in NEVER_STARTED):
            self._started = False
            self._tell(f"{self._name} has not started: {words}. {THEN}", LogLevel.WARN)
        elif health and health.level in (Level.STOPPED, Level.FAILING):
            level = LogLevel.ERROR if health.level is Level.FAILING else LogLevel.NONE
            self._tell(f"{self._name} ended: {words}", level)
        else:
            return  # cut off by the cluster, or not started yet: opened again without a word
        self._quiet = True

    def _tell(self, words: str, level: LogLevel) -> None:
        self._said = words, level
        for reader in tuple(self.readers):
            reader.told(self, words, level)

    @property
    def _name(self) -> str:
        return self.source.label or self.source.resource.name

    @property
    def _uid(self) -> str:
        return self.source.resource.uid
