"""The lines of one container: read as fast as they come, passed on as fast as they are taken, the rest counted."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp

from clusters.drivers.base import LogChunk, LogOptions, LogSource
from clusters.drivers.body import pieces
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.paths import collection
from clusters.errors import ClusterError, Invalid, Missing, NotStarted

EVERY = 0.05  # seconds between two chunks while lines keep coming
CHUNK = 1_000  # lines passed on at once
KEPT = 5_000  # lines that wait at most; older ones are left out
MOST_BACK = 20_000  # lines of the past
LINE = 16 << 10  # bytes of a line that are shown
LATE, LATE_FOR = 0.7, 0.5  # seconds behind, and for how long, until we leap to the end
SILENCE = 4 * 3600.0  # seconds without a line before a quiet stream is opened anew


async def read(server: ApiServer, source: LogSource, options: LogOptions) -> AsyncIterator[LogChunk]:
    """The lines of one container of a pod; ends when it has ended. Raises Missing when there are none."""
    path = (*collection("v1/pods", source.resource.namespace), source.resource.name, "log")
    parser = Parser(options.until)
    try:
        while True:
            async with server.open("GET", path, _query(source, options), silence=SILENCE) as response:
                lines = _followed(response, parser) if options.follow else _whole(response, parser)
                async with aclosing(lines):  # type: ignore[type-var]
                    async for chunk in lines:
                        yield chunk
            if not parser.behind:
                return
            # The cluster cannot send them as fast as they are written: begin anew at the end.
            parser.leap()
            options = replace(options, tail=CHUNK, since=0.0)
    except Invalid as error:
        if why := _why(error.detail, options):
            raise why from error
        raise


def _query(source: LogSource, options: LogOptions) -> dict[str, str]:
    query = {"timestamps": "true", "tailLines": str(max(0, min(options.tail, MOST_BACK)))}
    if source.container:
        query["container"] = source.container
    if options.follow:
        query["follow"] = "true"
    if options.previous:
        query["previous"] = "true"
    if options.since > 0:
        with suppress(OverflowError, ValueError, OSError):
            query["sinceTime"] = datetime.fromtimestamp(options.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return query


_NOT_STARTED = ("waiting to start", "trying and failing", "does not have a host assigned")


def _why(said: str, options: LogOptions) -> ClusterError | None:
    not_started = any(words in said for words in _NOT_STARTED)
    if not not_started and "not found" not in said:
        return None
    if options.previous:
        return Missing("It has not been restarted, so there are no lines of a life before.", detail=said)
    if not_started:
        return NotStarted("It has not started yet, so there are no lines.", detail=said)
    return Missing("There is no container of that name.", detail=said)


async def _whole(response: aiohttp.ClientResponse, parser: Parser) -> AsyncIterator[LogChunk]:
    """Everything, nothing left out: the cluster waits while we do."""
    cutter = Cutter()
    async for data in pieces(response):
        for start in range(0, len(found := cutter.feed(data)), CHUNK):
            yield parser.chunk(found[start : start + CHUNK])
            if parser.done:
                return
    if rest := cutter.rest():
        yield parser.chunk([rest])


async def _followed(response: aiohttp.ClientResponse, parser: Parser) -> AsyncIterator[LogChunk]:
    """As they come; the newest win when there are more than can be passed on."""
    waiting: deque[bytes] = deque(maxlen=KEPT)
    news = asyncio.Event()
    cutter = Cutter()

    async def fill() -> None:
        try:
            async for data in pieces(response):
                if found := cutter.feed(data):
                    parser.skipped += max(0, len(waiting) + len(found) - KEPT)
                    waiting.extend(found)
                    news.set()
                    if parser.falls_behind(found[-1], len(found)):
                        return
                await asyncio.sleep(0)
            if rest := cutter.rest():
                waiting.append(rest)
        finally:
            news.set()

    filler = asyncio.create_task(fill(), name="log lines")
    try:
        while (waiting or not filler.done()) and not parser.done:
            await news.wait()
            taken = [waiting.popleft() for _ in range(min(CHUNK, len(waiting)))]
            if not waiting and not filler.done():
                news.clear()
            if taken or parser.skipped:
                yield parser.chunk(taken)
                await asyncio.sleep(EVERY)
        if filler.done():
            await filler  # raises what went wrong with the stream
    finally:
        filler.cancel()
        with suppress(asyncio.CancelledError, aiohttp.ClientError, OSError):
            await filler


class Cutter:
    """Cuts bytes into lines; of a line without an end only its beginning is kept."""

    def __init__(self) -> None:
        self._open = b""
        self._too_long = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now."""
        *whole, rest = data.split(b"\n")
        if whole:
            whole[0] = self._open + whole[0] if not self._too_long else self._open
            self._open, self._too_long = b"", False
        if not self._too_long:
            self._open += rest
            if len(self._open) > LINE + 64:
                self._open, self._too_long = self._open[: LINE + 64], True
        return whole

    def rest(self) -> bytes:
        """What came after the last end of a line."""
        return self._open


class Parser:
    """Takes the time off each line, and notices when the stream falls behind the container.

    ``done`` when a line was younger than asked for; ``behind`` when only a leap helps; ``skipped`` not told yet.
    """

    def __init__(self, until: float, clock: Callable[[], float] = time.time) -> None:
        self._until, self._clock = until, clock
        self._second, self._at, self._last = b"", 0.0, 0.0
        self._usual = float("inf")  # how old lines are when they arrive at their fastest: the clocks' difference
        self._late_since = 0.0
        self._first, self._newest, self._count = 0.0, 0.0, 0  # of this stream, to know how fast lines are written
        self._rate = 0.0
        self.done = self.behind = False
        self.skipped = 0

    def chunk(self, lines: Sequence[bytes]) -> LogChunk:
        """These lines, and how many were left out before them."""
        parsed = []
        for line in lines:
            stamp, _, text = line.partition(b" ")
            at = self._time(stamp)
            if at is None:
                at, text = self._last, line  # a line that the runtime split, or one it did not stamp
            if self._until and at > self._until:
                self.done = True
                break
            if self._rate:  # the first line after a leap: what lies between was never sent, so it is reckoned
                self.skipped += round(self._rate * max(0.0, at - self._newest))
                self._rate = self._newest = 0.0
            # Clocks that are set back must not turn the order around.
            self._last = at = max(at, self._last)
            parsed.append((at, "out", _text(text)))
        skipped, self.skipped = self.skipped, 0
        return LogChunk(parsed, skipped)

    def falls_behind(self, line: bytes, count: int) -> bool:
        """Is the stream, of which this is the newest line, late for longer than a moment, and ever later?"""
        at = self._time(line[:40].partition(b" ")[0])
        if at is None:
            return False
        now = self._clock()
        late = now - at
        self._usual = min(self._usual, late)
        self._first = self._first or at
        self._newest, self._count = at, self._count + count
        if late - self._usual < LATE:
            self._late_since = 0.0
        self._late_since = self._late_since or (now if late - self._usual >= LATE else 0.0)
        self.behind = bool(self._late_since) and now - self._late_since >= LATE_FOR
        return self.behind

    def leap(self) -> None:
        """A new stream begins at the end of the log."""
        span = self._newest - self._first
        self._rate = self._count / span if span > 0 else 0.0
        self._first, self._count, self._late_since, self.behind = 0.0, 0, 0.0, False

    def _time(self, stamp: bytes) -> float | None:
        """ "2026-11-24T00:26:45.123456789Z" in epoch seconds; the second is kept, because most lines share it."""
        if len(stamp) > 40 or len(stamp) < 20:
            return None
        if stamp[:19] != self._second or not stamp.endswith(b"Z"):
            try:
                at = datetime.fromisoformat(stamp.decode("ascii")).timestamp()
            except (ValueError, OverflowError):
                return None
            if stamp.endswith(b"Z"):
                self._second, self._at = stamp[:19], float(int(at))
            return at
        fraction = stamp[20:-1]
        return self._at + (float(b"0." + fraction) if fraction.isdigit() else 0.0)


def _text(text: bytes) -> str:
    cut = text[:LINE] + " … (cut)".encode() if len(text) > LINE else text
    return cut.decode(errors="replace").rstrip("\r")
