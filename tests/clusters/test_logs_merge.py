"""Logs of several containers as one: order, copies that come and go, interruptions, floods, slow readers."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.access import Actor
from clusters.drivers.base import LogChunk, LogOptions, LogSource
from clusters.errors import Unreachable
from clusters.gateway import Denied
from clusters.kinds.base import Health, Level
from clusters.live import log_source, log_waiting, logs
from clusters.live.families import Families
from clusters.live.log_lines import LogFilter, LogLevel
from clusters.live.log_source import Streams
from clusters.live.log_waiting import OURS
from clusters.live.logs import LogStream
from clusters.live.resource import Changed, Listed
from clusters.live.row import Row
from clusters.live.store import Store
from tests.clusters.fakes import APP, App

ADA = Actor(1, "ada")
COPY = replace(APP, name="copy", owner=lambda one: ("app", "web"), health=lambda one: Health(Level.HEALTHY, "Running"),
               logs=lambda one: [LogSource(one, "copy", "", one.name, began=one.copies)])  # fmt: skip
WEB = replace(APP, name="app", copies_of="copy", health=lambda one: Health(Level.HEALTHY, "Running"))


def line(at: float, text: str) -> tuple[float, str, str]:
    return at, "out", text


class World:
    """A cluster with one app and its copies; each copy's log is a queue of chunks, ends (None) and errors."""

    def __init__(self) -> None:
        self.queues: dict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self.opened: list[tuple[str, LogOptions]] = []
        self.closed: list[str] = []
        self.hidden: set[str] = set()
        self.stores = {"app": Store(1, WEB), "copy": Store(1, COPY)}
        families = Families(self.stores, lambda delay, act: None)
        self.web = App(id="web", title="web", space="shop")
        self.stores["app"].apply(Listed([self.web]))
        self.stores["copy"].apply(Listed([]))
        connection = SimpleNamespace(stores=self.stores, wanted=self.wanted, families=families)
        self.streams = Streams(self, SimpleNamespace(connections={1: connection}))  # type: ignore[arg-type]
        self.wakes = 0

    @contextmanager
    def wanted(self, *names: str) -> Iterator[None]:
        yield

    async def see(self, actor: Actor, cluster_id: int, namespace: str | None, need: Any, **_: Any) -> None:
        if namespace in self.hidden:
            raise Denied("This is not shared with you.", known=False)

    async def logs(
        self, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions
    ) -> AsyncIterator[LogChunk]:
        self.opened.append((source.resource.uid, options))
        try:
            while (item := await self.queues[source.resource.uid].get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield LogChunk(item) if isinstance(item, list) else item
        finally:
            self.closed.append(source.resource.uid)

    def start(self, *names: str, space: str = "shop") -> None:
        self.stores["copy"].apply(Changed([App(id=name, title=name, space=space) for name in names]))

    def stop(self, name: str) -> None:
        self.stores["copy"].apply(Changed(deletes=[name]))

    async def read(self, wanted: LogFilter | None = None, options: LogOptions | None = None) -> LogStream:
        stream = LogStream(self.streams, ADA, options or LogOptions(), wanted or LogFilter(), self._wake)
        await stream.open(
            [Row(SimpleNamespace(id=1, name="box", slug="box"), WEB, self.web, Health(Level.HEALTHY, ""))]
        )  # type: ignore[arg-type]
        return stream

    def _wake(self) -> None:
        self.wakes += 1


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_source, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(log_waiting, "WINDOW", 0.05)
    monkeypatch.setattr(log_waiting, "PATIENCE", 0.1)


async def taken(stream: LogStream, seconds: float = 0.15, limit: int = 10_000) -> tuple[list[str], int]:
    """The texts that came within that time, and how many lines were left out."""
    await asyncio.sleep(seconds)
    lines, gaps = stream.take(limit)
    return [one[3] for one in lines], sum(count for _, count in gaps)


async def test_lines_of_several_copies_are_in_the_order_of_their_time() -> None:
    world = World()
    world.start("a", "b")
    stream = await world.read()
    world.queues["a"].put_nowait([line(1, "one"), line(3, "three")])
    world.queues["b"].put_nowait([line(2, "two"), line(4, "four")])
    assert await taken(stream) == (["one", "two", "three", "four"], 0)
    stream.close()


async def test_what_was_said_before_is_one_story_also_when_one_machine_answers_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_waiting, "PATIENCE", 5.0)
    world = World()
    world.start("a", "b")
    stream = await world.read()
    world.queues["a"].put_nowait([line(1, "one"), line(3, "three")])
    assert (await taken(stream))[0] == [], "b may have said something before"
    world.queues["b"].put_nowait([line(2, "two")])
    assert (await taken(stream))[0] == ["one", "two", "three"]
    stream.close()


async def test_a_container_that_says_nothing_is_not_waited_for_long() -> None:
    world = World()
    world.start("a", "silent")
    stream = await world.read()
    world.queues["a"].put_nowait([line(1, "one")])
    assert await taken(stream) == (["one"], 0)
    stream.close()


async def test_the_lines_of_one_copy_stay_in_its_own_order_whatever_its_clock_says() -> None:
    world = World()
    world.start("a", "b")
    stream = await world.read()
    world.queues["a"].put_nowait([line(9, "first"), line(2, "second")])
    world.queues["b"].put_nowait([line(3, "other")])
    assert (await taken(stream))[0] == ["other", "first", "second"]
    stream.close()


async def test_a_single_copy_waits_for_nobody() -> None:
    world = World()
    world.start("a")
    stream = await world.read()
    world.queues["a"].put_nowait([line(1, "now")])
    assert await taken(stream, 0.005) == (["now"], 0)
    stream.close()


async def test_a_copy_that_starts_is_announced_and_followed() -> None:
    world = World()
    world.start("a")
    stream = await world.read()
    world.start("b")
    world.queues["b"].put_nowait([line(time.time(), "hello from b")])
    texts, _ = await taken(stream, 0.25)
    assert "b started" in texts
    assert "hello from b" in texts
    stream.close()


async def test_a_copy_that_is_removed_ends_in_words_and_its_stream_is_let_go() -> None:
    world = World()
    world.start("a", "b")
    stream = await world.read()
    await asyncio.sleep(0)
    world.stop("b")
    world.queues["b"].put_nowait(None)
    texts, _ = await taken(stream)
    assert texts == ["b ended: it is not there any more"]
    assert [one["state"] for one in (source.about() for source in stream.sources.values())] == ["live", "ended"]
    assert len(world.streams) == 1
    stream.close()


async def test_a_stream_that_breaks_off_goes_on_without_doubled_or_lost_lines() -> None:
    world = World()
    world.start("a")
    stream = await world.read()
    queue = world.queues["a"]
    queue.put_nowait([line(10.1, "one"), line(10.2, "two"), line(10.2, "two")])
    queue.put_nowait(None)
    queue.put_nowait(
        [line(10.1, "one"), line(10.2, "two"), line(10.2, "two"), line(10.2, "other"), line(10.3, "three")]
    )
    assert (await taken(stream, 0.3))[0] == ["one", "two", "two", "other", "three"]
    assert [options.since for _, options in world.opened[:2]] == [0.0, 10.0]
    stream.close()


async def test_a_log_that_cannot_be_read_says_so_once_and_says_when_it_goes_on() -> None:
    world = World()
    world.start("a")
    stream = await world.read()
    queue = world.queues["a"]
    for _ in range(2):
        queue.put_nowait(Unreachable("Connection refused."))
    await asyncio.sleep(0.3)
    queue.put_nowait([line(1, "back")])
    assert (await taken(stream))[0] == ["back", "a cannot be read: Connection refused. Trying again.", "a goes on"]
    stream.close()


async def test_a_copy_that_is_started_again_before_anybody_saw_it_ended_says_so() -> None:
    world = World()
    world.start("a")
    stream = await world.read()
    world.queues["a"].put_nowait([line(1, "of the first life")])
    world.queues["a"].put_nowait(None)
    await asyncio.sleep(0.1)
    world.stores["copy"].apply(Changed([App(id="a", title="a", space="shop", copies=2)]))
    world.queues["a"].put_nowait([line(2, "of the second")])
    assert (await taken(stream))[0] == ["of the first life", "of the second", "a was started again"]
    stream.close()


async def test_a_flood_shows_the_newest_and_counts_exactly_what_was_left_out() -> None:
    world = World()
    world.start("a")
    stream = await world.read(options=LogOptions(tail=10))
    shown, skipped, now = [], 0, time.time()
    for turn in range(20):
        chunk = [line(now + 1 + turn + number / 10_000, f"{turn} {number}") for number in range(2000)]
        world.queues["a"].put_nowait(LogChunk(chunk, skipped=7))
        if turn % 3 == 0:
            texts, left_out = await taken(stream, 0.01)
            shown += texts
            skipped += left_out
    texts, left_out = await taken(stream)
    shown += texts
    assert len(shown) + skipped + left_out == 20 * 2007
    assert shown[-1] == "19 1999"
    stream.close()


async def test_a_reader_who_never_reads_costs_no_memory() -> None:
    world = World()
    world.start("a")
    stream = await world.read(options=LogOptions(tail=10))
    for turn in range(50):
        world.queues["a"].put_nowait([line(time.time() + turn, "x" * 100)] * 2000)
    await asyncio.sleep(0.1)
    [source] = stream.sources.values()
    assert len(source.newest) <= logs.NEWEST
    [kept] = world.streams._streams.values()
    assert kept._kept_lines <= log_source.KEPT_LINES + 2000
    stream.close()


async def test_a_flood_in_one_copy_does_not_hide_the_lines_of_another() -> None:
    world = World()
    world.start("loud", "quiet")
    stream = await world.read(options=LogOptions(tail=10))
    seen: list[str] = []
    for turn in range(10):
        now = time.time()
        world.queues["loud"].put_nowait([line(now + 1, "noise")] * 3000)
        world.queues["quiet"].put_nowait([line(now, f"quiet {turn}")])
        seen += (await taken(stream, 0.02))[0]
    seen += (await taken(stream))[0]
    assert [text for text in seen if text.startswith("quiet")] == [f"quiet {turn}" for turn in range(10)]
    stream.close()


async def test_rare_lines_are_found_in_a_flood() -> None:
    world = World()
    world.start("a")
    stream = await world.read(LogFilter(level=LogLevel.ERROR))
    noise = [line(time.time() + 1, "INFO nothing")] * 2000
    for turn in range(5):
        trace = [line(time.time() + 1, f"ERROR {turn}"), line(time.time() + 1, "   at main")]
        world.queues["a"].put_nowait([*noise, *trace, *noise])
    texts, left_out = await taken(stream)
    assert texts == [text for turn in range(5) for text in (f"ERROR {turn}", "   at main")]
    assert left_out == 0
    stream.close()


async def test_two_readers_share_one_stream_and_the_second_gets_the_past_as_well() -> None:
    world = World()
    world.start("a")
    first = await world.read()
    world.queues["a"].put_nowait([line(1, "one"), line(2, "two")])
    await asyncio.sleep(0.02)
    second = await world.read()
    assert (await taken(second, 0.02))[0] == ["one", "two"]
    assert len(world.opened) == 1
    first.close()
    world.queues["a"].put_nowait([line(3, "three")])
    assert (await taken(second, 0.02))[0] == ["three"]
    second.close()
    await asyncio.sleep(0.02)
    assert world.closed == ["a"]
    assert not world.streams


async def test_a_copy_in_a_namespace_that_is_not_shared_is_never_read() -> None:
    # A hostile cluster may say that a pod of another namespace belongs to a deployment that somebody may see.
    world = World()
    world.hidden = {"secret"}
    world.start("a")
    world.start("early spy", space="secret")
    stream = await world.read()
    world.start("late spy", space="secret")
    await asyncio.sleep(0.2)
    assert [uid for uid, _ in world.opened] == ["a"]
    stream.close()


async def test_no_more_than_fifty_containers_are_merged_and_the_rest_is_said() -> None:
    world = World()
    world.start(*(f"c{number}" for number in range(60)))
    stream = await world.read()
    texts, _ = await taken(stream, 0.02)
    assert texts == ["10 more containers are not shown here: at most 50 are merged."]
    assert len(world.streams) == 50
    lines, _ = stream.take(1)
    assert all(one[1] == OURS for one in lines)
    stream.close()
