"""What the demonstration's programs print: plausible lines, made from time and name alone, so nothing is stored.

The same second of the same program always reads the same, which is why a log can be read backwards and followed.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

Line: TypeAlias = tuple[float, str, str]

PATHS = (
    "/",
    "/products",
    "/products/4711",
    "/cart",
    "/checkout",
    "/search?q=lamp",
    "/search?q=desk",
    "/account",
    "/assets/app.css",
    "/api/stock/88",
    "/api/price/12",
    "/healthz",
)
PEOPLE = ("ada", "otto", "vera", "nora", "emil", "lina")


@dataclass(frozen=True, slots=True)
class Life:
    """One run of a program, in epoch seconds; ``until`` is 0.0 while it runs. ``last_words`` are its end."""

    since: float
    until: float = 0.0
    last_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who prints. ``mood`` colours the lines: leaking, disk full, no database, stuck; "" when all is well."""

    key: str
    voice: str
    life: Life
    previous: Life | None = None
    mood: str = ""
    pace: float = 1.0  # lines a second on average
    facts: dict[str, str] = field(default_factory=dict)


def stamp(at: float, pattern: str = "%Y-%m-%dT%H:%M:%S") -> str:
    """A time as programs write it."""
    return datetime.fromtimestamp(at, UTC).strftime(pattern)


def lines_between(speaker: Speaker, since: float, until: float) -> Iterator[Line]:
    """What was printed in [since, until), oldest first."""
    second = math.floor(max(since, speaker.life.since))
    end = min(until, speaker.life.until or until)
    while second < end:
        for line in _second(speaker, second):
            if since <= line[0] < end:
                yield line
        second += 1
    for position, words in enumerate(speaker.life.last_words if speaker.life.until else ()):
        at = speaker.life.until - 0.02 + position / 1000
        if since <= at < until:
            yield at, "err", words


def lines_back(speaker: Speaker, count: int, until: float, horizon: float = 3600.0) -> list[Line]:
    """The last ``count`` lines before ``until``, oldest first; not further back than ``horizon`` seconds."""
    end = min(until, speaker.life.until or until)
    found: list[Line] = []
    edge, span = end, max(10.0, count / max(speaker.pace, 0.05))
    lowest = max(speaker.life.since, end - horizon)
    while len(found) < count and edge > lowest:
        start = max(lowest, edge - span)
        found = [*lines_between(speaker, start, edge if edge < end else end + 0.001), *found]
        edge = start
    return found[-count:] if count else []


def _second(speaker: Speaker, second: int) -> list[Line]:
    chance = Random(zlib.crc32(f"{speaker.key}/{speaker.life.since:.0f}/{second}".encode()))  # noqa: S311
    wave = 0.75 + 0.5 * math.sin(second / 97.0 + len(speaker.key))
    amount = speaker.pace * wave
    count = int(amount) + (chance.random() < amount % 1)
    age = second - speaker.life.since
    if age < 3:
        return [(second + 0.1 * (i + 1), "out", words) for i, words in enumerate(_greeting(speaker, int(age)))]
    spoken = VOICES.get(speaker.voice, _plain)
    lines = [(second + (i + chance.random()) / max(count, 1), *spoken(speaker, second, chance)) for i in range(count)]
    if (mood := _moods(speaker, second, chance)) is not None:
        lines.append((second + 0.97, "err", mood))
    return lines


GREETINGS: dict[str, tuple[tuple[str, ...], ...]] = {  # of programs that everybody knows, by second
    "database": (
        ("PostgreSQL Database directory appears to contain a database; Skipping initialization",),
        ('LOG:  listening on IPv4 address "0.0.0.0", port 5432',),
        ("LOG:  database system is ready to accept connections",),
    ),
    "cache": (
        ("* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",),
        ("* Running mode=standalone, port=6379.",),
        ("* Ready to accept connections tcp",),
    ),
}


def _greeting(speaker: Speaker, age: int) -> tuple[str, ...]:
    if speaker.voice in GREETINGS:
        return GREETINGS[speaker.voice][min(age, 2)]
    name, version = speaker.facts.get("app", "program"), speaker.facts.get("version", "1")
    return (
        (f"{name} {version} is starting", "configuration read from /etc/app/settings.toml"),
        (f"listening on 0.0.0.0:{speaker.facts.get('port', '8080')}",),
        (f"{name} is ready",),
    )[min(age, 2)]


def _moods(speaker: Speaker, second: int, chance: Random) -> str | None:
    age = second - speaker.life.since
    if speaker.mood == "leaking" and second % 3 == 0:
        used = min(99, 38 + int(age * 2))
        level = "ERROR" if used > 85 else "WARN"
        return (
            f"{level} memory: {used}% of the limit is used, basket cache holds {4000 + int(age) * 910} entries"
            if used < 97
            else "ERROR memory: cannot allocate a page for the basket cache"
        )
    if speaker.mood == "disk full" and second % 2 == 0:
        return 'PANIC:  could not write to file "pg_wal/xlogtemp.27": No space left on device'
    if speaker.mood == "no database" and second % 3 == 0:
        return (
            f"ERROR cannot reach the database: connection to db:5432 refused, trying again in {chance.randint(1, 8)} s"
        )
    if speaker.mood == "stuck" and second % 4 == 0:
        return f"WARN  request queue is full ({chance.randint(480, 512)} of 512): worker 3 holds the index lock"
    return None


def _access(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    status = chance.choices((200, 304, 404, 499), (90, 6, 3, 1))[0]
    where = f"{chance.choice(('192.0.2', '198.51.100', '203.0.113'))}.{chance.randint(2, 250)}"
    path = chance.choice(PATHS)
    size = 0 if status == 304 else 2 if path == "/healthz" else 153 if status == 404 else chance.randint(900, 48000)
    when = stamp(second, "%d/%b/%Y:%H:%M:%S +0000")
    return "out", f'{where} - - [{when}] "GET {path} HTTP/1.1" {status} {size}'


def _json(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    level = chance.choices(("info", "debug", "warn"), (86, 10, 4))[0]
    message = {"info": "order accepted", "debug": "stock looked up", "warn": "slow answer from payments"}[level]
    record = {
        "time": stamp(second) + "Z",
        "level": level,
        "msg": message,
        "order": chance.randint(100000, 999999),
        "ms": chance.randint(3, 60) if level != "warn" else chance.randint(900, 2400),
        "customer": chance.choice(PEOPLE),
        "trace": f"{chance.getrandbits(48):012x}",
    }
    return "out", json.dumps(record)


def _levelled(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    level = chance.choices(("INFO", "DEBUG", "WARN", "ERROR"), (82, 12, 5, 1))[0]
    words = {
        "INFO": f"handled {chance.randint(1, 40)} items in {chance.randint(2, 90)} ms",
        "DEBUG": f"cache hit for key item:{chance.randint(1, 9000)}",
        "WARN": f"retrying after {chance.randint(1, 4) * 100} ms: connection was closed by the peer",
        "ERROR": f"item {chance.randint(1, 9000)} was skipped: its picture is missing",
    }[level]
    return ("err" if level == "ERROR" else "out"), f"{stamp(second, '%H:%M:%S')} {level:5} {words}"


def _database(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    words = chance.choice(
        (
            "checkpoint starting: time",
            f"checkpoint complete: wrote {chance.randint(12, 900)} buffers",
            f"connection authorized: user={chance.choice(PEOPLE)} database=shop",
            f"duration: {chance.randint(1, 900) / 10} ms  statement: FETCH orders",
        )
    )
    return "err", f"{stamp(second, '%Y-%m-%d %H:%M:%S')} UTC [{chance.randint(30, 90)}] LOG:  {words}"


def _cache(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    words = chance.choice(
        (
            f"{chance.randint(1000, 4000)} changes in 60 seconds. Saving...",
            f"Background saving started by pid {chance.randint(200, 900)}",
            "DB saved on disk",
            "Background saving terminated with success",
        )
    )
    return "out", f"1:M {stamp(second, '%d %b %Y %H:%M:%S')} * {words}"


def _queue(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    words = chance.choice(
        (
            f"JetStream consumer orders > billing: {chance.randint(1, 400)} delivered, 0 pending",
            f"client {chance.randint(10, 99)} connected",
            f"client {chance.randint(10, 99)} closed: client disconnected",
            f"raft group orders: compacted to index {chance.randint(90_000, 99_999)}",
        )
    )
    return "err", f"[1] {stamp(second, '%Y/%m/%d %H:%M:%S')} [INF] {words}"


def _plain(speaker: Speaker, second: int, chance: Random) -> tuple[str, str]:
    return "out", chance.choice(
        (
            f'level=info msg="run finished" items={chance.randint(1, 300)} took={chance.randint(4, 900)}ms',
            f'level=info msg="scraped" targets={chance.randint(20, 24)} failed=0',
            'level=info msg="nothing to do"',
            f'level=debug msg="next run" in={chance.randint(5, 60)}s',
        )
    )


VOICES: dict[str, Callable[[Speaker, int, Random], tuple[str, str]]] = {
    "access": _access,
    "json": _json,
    "levelled": _levelled,
    "database": _database,
    "cache": _cache,
    "queue": _queue,
    "plain": _plain,
}
