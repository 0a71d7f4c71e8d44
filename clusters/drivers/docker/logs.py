"""Logs of a container that keep up with it: what comes faster than it can be shown is counted, never queued."""

from __future__ import annotations

import asyncio
import calendar
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import lru_cache
from typing import Any

from clusters.drivers.base import LogChunk, LogOptions
from clusters.drivers.body import pieces
from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.frames import LINE_LIMIT, Bare, Frames, Splitter, Take
from clusters.drivers.docker.sieve import Sieve
from clusters.errors import ClusterError, Missing, Unsupported
from clusters.kinds.formats import epoch
from clusters.live.log_lines import LogFilter

EVERY = 0.05  # seconds between two chunks
BUDGET = 2000  # lines a chunk
WHOLE = 1 << 60  # lines: all of a log that ends
EVERYTHING = 1_000_000  # lines back: of more, the engine is asked for all it has
BYTES = 2 << 20  # bytes a chunk
BEHIND = 0.5  # seconds the stream may lag behind the container before we begin again at its end
STAMP = 30  # bytes of the time in front of a line; of equal width, so they compare as bytes
CUT_MARK = " … (the line goes on)"


class Backlog:
    """The newest lines that wait to be passed on. Bounded: the oldest are dropped, and counted.

    The first ``past`` lines are those that were asked for, and are kept until they are passed on. Those that are not
    ``wanted`` are let go at once.
    """

    def __init__(self, past: int = 0, wanted: Sieve | None = None) -> None:
        self._past = past
        self._sieve = wanted
        self._looked = 0
        self.skipped = 0
        self.taken = 0  # lines ever
        self.newest = b""  # the last line taken, for its time
        self._lines: deque[tuple[int, bytes]] = deque()
        self._bytes = 0

    def take(self, stream: int, line: bytes) -> None:
        """One more line."""
        lines = self._lines
        self.taken += 1
        self.newest = line
        if self._sieve and not self._sieve.wants(line):
            return
        lines.append((stream, line))
        self._bytes += len(line)
        most = BUDGET if self.taken > self._past else BUDGET + self._past
        while len(lines) > most or (self._bytes > BYTES and len(lines) > 1):
            self._bytes -= len(lines.popleft()[1])
            self.skipped += 1

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def is_full(self) -> bool:
        """Is there enough for a chunk?"""
        return len(self._lines) >= BUDGET or self._bytes >= BYTES // 2

    def chunk(self) -> LogChunk:
        """All that waits, emptied."""
        lines, skipped = self._lines, self.skipped
        self._lines, self._bytes, self.skipped = deque(), 0, 0
        looked, self._looked = self.taken - self._looked, self.taken
        return LogChunk([_line(stream, raw) for stream, raw in lines], skipped, looked)


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


class Tape:
    """One log, read in one go or in several: whenever the engine itself falls behind, we begin again at the end."""

    def __init__(
        self,
        client: EngineClient,
        log: tuple[str, ...],
        tty: bool,
        query: dict[str, str],
        wanted: LogFilter | None = None,
        until: float = 0.0,
    ) -> None:
        self.follows = query["follow"] == "1"
        sieve = Sieve(wanted) if wanted and not self.follows else None
        self.backlog = Backlog(int(query["tail"]) if self.follows else WHOLE, sieve)
        self.heard = asyncio.Event()
        self._client = client
        self._log = log  # where it is, in the engine's API
        self._tty = tty
        self._query = query
        self._until = until  # lines after it are left out here, where the engine sends them all the same

    async def play(self) -> None:
        """Read as fast as the engine sends, until the log ends."""
        take: Take = self._before_the_end if self._until else self.backlog.take
        while per_second := await self._read(take, self._query):
            take = self._after(self.backlog.newest, per_second)
            self._query = {**self._query, "tail": str(BUDGET), "since": "0"}

    def _before_the_end(self, stream: int, line: bytes) -> None:
        if _time_of(line) <= self._until:
            self.backlog.take(stream, line)

    async def _read(self, take: Take, query: dict[str, str]) -> float:
        """Read to the end: 0.0. Or leave, because the engine fell behind: how many lines a second it had sent."""
        splitter: Splitter = Bare(take) if self._tty else Frames(take)
        backlog, follows = self.backlog, query["follow"] == "1"
        lag, looked, began, taken = Lag(), 0.0, 0.0, backlog.taken
        async with self._client.open("GET", self._log, query, subject="The container") as response:
            async for data in pieces(response):
                splitter.feed(data)
                if len(backlog):
                    self.heard.set()
                if not follows:
                    await asyncio.sleep(0)  # others have their turn also while the engine is faster than we are
                    self.heard.set()
                while not follows and backlog.is_full:  # noqa: ASYNC110 (a log that ends is read whole: it can wait)
                    await asyncio.sleep(0.001)
                if follows and (now := time.monotonic()) - looked > EVERY and (said_at := _time_of(backlog.newest)):
                    looked, began = now, began or said_at
                    if lag.measure(said_at, time.time()) > BEHIND:
                        return max(1.0, (backlog.taken - taken) / max(said_at - began, EVERY))
            splitter.end()
        return 0.0

    def _after(self, last: bytes, per_second: float) -> Take:
        """Takes what is newer than that line only. What lies between is read by nobody: its number is estimated."""
        backlog, stamp, first, passing = self.backlog, last[:STAMP], True, False

        def take(stream: int, line: bytes) -> None:
            nonlocal first, passing
            if not passing:
                if passing := line[:STAMP] > stamp:
                    backlog.skipped += round((_time_of(line) - _time_of(last)) * per_second) if first else 0
                first = False
            if passing:
                backlog.take(stream, line)

        return take


async def read_logs(client: EngineClient, uid: str, options: LogOptions) -> AsyncIterator[LogChunk]:
    """Lines in order, in chunks every 50 ms: of at most 2,000, and of the past that was asked for at once.

    Ends when the container does, or with its last line. Of a log that is not followed nothing is left out.

    ``skipped`` is exact for what the engine sent, and an estimate for what it was too slow to send.
    """
    about = await client.json("GET", ("containers", uid, "json"), subject="The container")
    tape = Tape(client, ("containers", uid, "logs"), _is_tty(about), _query(options, about), options.wanted)
    async with aclosing(_chunks(tape, options)) as chunks:
        async for chunk in chunks:
            yield chunk


async def read_task_logs(client: EngineClient, uid: str, options: LogOptions) -> AsyncIterator[LogChunk]:
    """The same of a task of a Swarm, wherever it runs: its managers ask the node. Its tail may be all there is."""
    if options.previous:
        raise Unsupported("A task has one life only.", hint="Look at the tasks that its service had before.")
    about = await client.json("GET", ("tasks", uid), subject="The task")
    about = about if isinstance(about, dict) else {}
    await _see_its_node(client, str(about.get("NodeID") or ""))
    spec = (about.get("Spec") or {}).get("ContainerSpec")
    query = _query(replace(options, until=0.0), {})
    log = ("tasks", uid, "logs")
    tape = Tape(client, log, _has_terminal(spec, "TTY"), query, options.wanted, options.until)
    async with aclosing(_chunks(tape, options)) as chunks:
        async for chunk in chunks:
            yield chunk


async def _see_its_node(client: EngineClient, uid: str) -> None:
    """A manager waits for a node that does not answer, and says nothing meanwhile. Raises ClusterError."""
    if not uid:
        return
    try:
        node = await client.json("GET", ("nodes", uid), subject="Its node")
    except Missing:
        return  # it was removed: what the manager says of its lines counts
    if _text(node, "Status", "State") in ("down", "disconnected"):
        name = _text(node, "Description", "Hostname")[:64] or "Its node"
        raise ClusterError(f"{name} does not answer, and its lines are kept there.")


def _text(tree: Any, *path: str) -> str:
    """What stands there; "" where there is none, whatever a manager answers."""
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree if isinstance(tree, str) else ""


async def _chunks(tape: Tape, options: LogOptions) -> AsyncGenerator[LogChunk, None]:
    player = asyncio.create_task(tape.play())
    player.add_done_callback(lambda _: tape.heard.set())
    try:
        while not player.done():
            await tape.heard.wait()
            tape.heard.clear()
            if len(tape.backlog) or (options.wanted and not tape.follows):
                yield tape.backlog.chunk()
            rests = tape.follows or (options.wanted and not tape.backlog.is_full)
            await asyncio.sleep(EVERY if rests else 0)
        if len(tape.backlog) or options.wanted:
            yield tape.backlog.chunk()
        player.result()
    except ClusterError as error:
        if "does not support reading" in error.detail:
            raise _unreadable(error) from error
        raise
    finally:
        player.cancel()
        await asyncio.gather(player, return_exceptions=True)


def _query(options: LogOptions, about: Any) -> dict[str, str]:
    query = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "tail": "all" if options.tail >= EVERYTHING else str(max(0, options.tail)),
        "follow": "1" if options.follow and not options.previous else "0",
    }
    if options.since:
        query["since"] = f"{options.since:.9f}"
    until = options.until
    if options.previous:
        # One log holds all lives of a container; the one before ended when this one began.
        started = about.get("State", {}).get("StartedAt") if isinstance(about.get("State"), dict) else ""
        began = epoch(started) if isinstance(started, str) else 0.0
        until = min(until, began) if until else began
        if not until:
            raise Unsupported("There was no life before this one.")
    if until:
        query["until"] = f"{until:.9f}"
    return query


def _is_tty(about: Any) -> bool:
    return _has_terminal(about.get("Config") if isinstance(about, dict) else None, "Tty")


def _has_terminal(config: object, name: str) -> bool:
    return isinstance(config, dict) and config.get(name) is True


def _unreadable(error: ClusterError) -> Unsupported:
    return Unsupported(
        "The log of this container cannot be read here.",
        hint="Its logging driver sends the lines elsewhere and keeps none.",
        detail=error.detail,
    )


@lru_cache(maxsize=256)  # neighbours share their second
def _second(stamp: bytes) -> float:
    try:
        return float(calendar.timegm(time.strptime(stamp.decode("ascii"), "%Y-%m-%dT%H:%M:%S")))
    except (ValueError, UnicodeDecodeError, OverflowError):
        return 0.0


def _time_of(raw: bytes) -> float:
    """Epoch seconds of ``2026-11-24T01:02:03.123456789Z text``; 0.0 when there is no time in front."""
    fraction = raw[19 : raw.find(b"Z", 19, 32)]
    second = _second(raw[:19])
    return second + float(fraction) if second and fraction[:1] == b"." and fraction[1:].isdigit() else second


def _line(stream: int, raw: bytes) -> tuple[float, str, str]:
    at = _time_of(raw)
    text = raw.partition(b" ")[2] if at else raw
    cut = len(text) > LINE_LIMIT
    shown = text[:LINE_LIMIT].decode(errors="replace").rstrip("\r\n")
    return at, "err" if stream == 2 else "out", shown + CUT_MARK if cut else shown
