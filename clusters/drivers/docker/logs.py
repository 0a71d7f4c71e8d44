"""Logs of a container that keep up with it: what comes faster than it can be shown is counted, never queued."""

from __future__ import annotations

import asyncio
import calendar
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from clusters.drivers.base import LogChunk, LogOptions
from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import answer_error
from clusters.drivers.docker.frames import LINE_LIMIT, Bare, Frames, Splitter
from clusters.errors import ClusterError, Unsupported
from clusters.kinds.formats import epoch

EVERY = 0.05  # seconds between two chunks
BUDGET = 2000  # lines a chunk
BYTES = 2 << 20  # bytes a chunk
BEHIND = 0.8  # seconds the stream may lag behind the container before we begin again at its end
CUT_MARK = " … (the line goes on)"


class Backlog:
    """The newest lines that wait to be passed on. Bounded: the oldest are dropped, and counted."""

    def __init__(self) -> None:
        self.skipped = 0
        self.newest = b""  # the last line taken, for its time
        self._lines: deque[tuple[int, bytes]] = deque()
        self._bytes = 0

    def take(self, stream: int, line: bytes) -> None:
        """One more line."""
        lines = self._lines
        lines.append((stream, line))
        self._bytes += len(line)
        self.newest = line
        while len(lines) > BUDGET or (self._bytes > BYTES and len(lines) > 1):
            self._bytes -= len(lines.popleft()[1])
            self.skipped += 1

    def __len__(self) -> int:
        return len(self._lines)

    def chunk(self) -> LogChunk:
        """All that waits, emptied."""
        lines, skipped = self._lines, self.skipped
        self._lines, self._bytes, self.skipped = deque(), 0, 0
        return LogChunk([_line(stream, raw) for stream, raw in lines], skipped)


class Lag:
    """How far the stream lags behind, whatever the two clocks say: against the least delay ever seen."""

    def __init__(self) -> None:
        self._least: float | None = None

    def measure(self, said_at: float, now: float) -> float:
        """Seconds behind, for a line of that time that came now."""
        delay = now - said_at
        if self._least is None or delay < self._least:
            self._least = delay
        return delay - self._least


async def read_logs(client: EngineClient, uid: str, options: LogOptions) -> AsyncIterator[LogChunk]:
    """Lines in order, in chunks of at most 2,000 every 50 ms. Ends when the container does, or with its last line."""
    about = await client.json("GET", ("containers", uid, "json"), subject="The container")
    tty, query = _is_tty(about), _query(options, about)
    backlog, wake = Backlog(), asyncio.Event()
    pump = asyncio.create_task(_pump(client, uid, tty, query, backlog, wake))
    pump.add_done_callback(lambda _: wake.set())
    try:
        while True:
            await wake.wait()
            wake.clear()
            if len(backlog):
                yield backlog.chunk()
            if pump.done():
                break
            await asyncio.sleep(EVERY)
        while len(backlog):
            yield backlog.chunk()
        pump.result()
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def _pump(
    client: EngineClient, uid: str, tty: bool, query: dict[str, str], backlog: Backlog, wake: asyncio.Event
) -> None:
    """Read as fast as the engine sends, and begin again at the end of the log whenever the engine falls behind."""
    while await _read(client, uid, tty, query, backlog, wake):
        query = {**query, "tail": str(BUDGET)}
        query.pop("since", None)


async def _read(
    client: EngineClient, uid: str, tty: bool, query: dict[str, str], backlog: Backlog, wake: asyncio.Event
) -> bool:
    """Read one stream to its end. True when it was left because the engine itself fell behind."""
    splitter: Splitter = Bare(backlog.take) if tty else Frames(backlog.take)
    lag, follows, looked = Lag(), query["follow"] == "1", time.monotonic()
    async with client.open("GET", ("containers", uid, "logs"), query, subject="The container") as response:
        if "json" in response.content_type:
            raise _unreadable(answer_error(400, await response.content.read(64 << 10)))
        async for data in response.content.iter_any():
            splitter.feed(data)
            if len(backlog):
                wake.set()
            if follows and (now := time.monotonic()) - looked > EVERY:
                looked = now
                said_at = _time_of(backlog.newest)
                if said_at and lag.measure(said_at, time.time()) > BEHIND:
                    return True
        splitter.end()
    return False


def _query(options: LogOptions, about: Any) -> dict[str, str]:
    query = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "tail": str(max(0, min(options.tail, 100_000))),
        "follow": "1" if options.follow and not options.previous else "0",
    }
    if options.since:
        query["since"] = f"{options.since:.9f}"
    until = options.until
    if options.previous:
        # One log holds all lives of a container; the one before ended when this one began.
        started = about.get("State", {}).get("StartedAt") if isinstance(about.get("State"), dict) else ""
        until = epoch(started) if isinstance(started, str) else 0.0
        if not until:
            raise Unsupported("There was no life before this one.")
    if until:
        query["until"] = f"{until:.9f}"
    return query


def _is_tty(about: Any) -> bool:
    config = about.get("Config") if isinstance(about, dict) else None
    return isinstance(config, dict) and config.get("Tty") is True


def _unreadable(error: ClusterError) -> Unsupported:
    return Unsupported(
        "The log of this container cannot be read here.",
        hint="Its logging driver sends the lines elsewhere and keeps none.",
        detail=error.detail,
    )


_seconds: tuple[bytes, float] = (b"", 0.0)  # the last second that was worked out: neighbours share it


def _time_of(raw: bytes) -> float:
    """Epoch seconds of ``2026-11-24T01:02:03.123456789Z text``; 0.0 when there is no time in front."""
    global _seconds
    stamp = raw[:19]
    if stamp != _seconds[0]:
        try:
            _seconds = stamp, float(calendar.timegm(time.strptime(stamp.decode("ascii"), "%Y-%m-%dT%H:%M:%S")))
        except (ValueError, UnicodeDecodeError, OverflowError):
            return 0.0
    fraction = raw[19 : raw.find(b"Z", 19, 32)]
    return _seconds[1] + (float(fraction) if fraction[:1] == b"." and fraction[1:].isdigit() else 0.0)


def _line(stream: int, raw: bytes) -> tuple[float, str, str]:
    at = _time_of(raw)
    text = raw.partition(b" ")[2] if at else raw
    cut = len(text) > LINE_LIMIT
    shown = text[:LINE_LIMIT].decode(errors="replace").rstrip("\r\n")
    return at, "err" if stream == 2 else "out", shown + CUT_MARK if cut else shown
