"""Looking for text in the whole of a long log: nothing is missed, and only what is wanted is kept."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from clusters.access import Actor
from clusters.drivers.base import LogOptions, LogSource
from clusters.drivers.docker.sieve import Sieve
from clusters.live import log_search
from clusters.live.log_lines import LogFilter, LogLevel
from clusters.live.log_search import OlderLines
from tests.clusters.docker_engine import made, now, unix

STAMP = b"2026-11-27T04:00:00.123456789Z "
PRINTS = 'BEGIN { for (i = 1; i <= 150000; i++) print ((i == 5 || i == 70005 || i == 148005) ? "NEEDLE" : "hay"), i }'


@pytest.mark.parametrize(
    ("wanted", "line", "kept"),
    [
        (LogFilter("needle"), b"a NEEDLE here", True),
        (LogFilter("needle"), b"hay", False),
        (LogFilter("grün".upper()), "Grün".encode(), True),
        (LogFilter("grün"), b"gr", False),
        (LogFilter("x", LogLevel.ERROR), b"INFO x", False),
        (LogFilter("x", LogLevel.ERROR), b"ERROR x", True),
        (LogFilter("", LogLevel.WARN), b"WARN: y", True),
        (LogFilter("2026"), b"hay", False),
    ],
)
def test_lines_are_told_apart_by_their_text_and_never_by_their_time(wanted: LogFilter, line: bytes, kept: bool) -> None:
    assert Sieve(wanted).wants(STAMP + line + b"\n") is kept


def test_the_further_lines_of_what_is_wanted_come_along() -> None:
    sieve = Sieve(LogFilter("boom"))
    lines = (b"fine", b"  at a", b"Error: boom", b"  at b", b"Caused by: c", b"fine")
    assert [sieve.wants(STAMP + line) for line in lines] == [False, False, True, True, True, False]


class _Gateway:
    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self.asked: list[LogOptions] = []

    def logs(self, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions) -> Any:
        self.asked.append(options)
        return self._driver.logs(source, options)


@pytest.mark.docker
async def test_all_of_a_long_log_is_looked_through_newest_part_first(docker_socket: str) -> None:
    driver = unix(docker_socket)
    try:
        async with made(driver, ("awk", PRINTS)) as one:
            async with asyncio.timeout(60):
                while (await now(driver, one.uid)).running:
                    await asyncio.sleep(0.2)
            older = OlderLines(_Gateway(driver), Actor(1, "ada"), 1, LogSource(one, "container"))  # type: ignore[arg-type]
            steps, told = [], list[int]()
            looked = older.steps(LogOptions(), LogFilter("needle"), 4e9, lambda: told.append(older.looked))
            async with aclosing(looked) as found:  # type: ignore[type-var]
                async for lines in found:
                    steps.append([int(text.split()[1]) for _, _, text in lines])
        assert steps == [[70_005, 148_005], [5]]
        assert older.looked == 150_000
        assert len(told) > 2, "nothing was told while it went on"
        assert not older.more
    finally:
        await driver.close()


@pytest.mark.docker
async def test_of_very_many_hits_the_newest_are_kept_and_that_there_are_more_is_said(
    docker_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_search, "MOST", 10)
    driver = unix(docker_socket)
    try:
        async with made(driver, ("awk", 'BEGIN { for (i = 1; i <= 5000; i++) print "NEEDLE", i }')) as one:
            async with asyncio.timeout(60):
                while (await now(driver, one.uid)).running:
                    await asyncio.sleep(0.2)
            older = OlderLines(_Gateway(driver), Actor(1, "ada"), 1, LogSource(one, "container"))  # type: ignore[arg-type]
            steps = [lines async for lines in older.steps(LogOptions(), LogFilter("needle"), 4e9, lambda: None)]
        assert [[int(text.split()[1]) for _, _, text in lines] for lines in steps] == [list(range(4991, 5001))]
        assert older.more
    finally:
        await driver.close()
