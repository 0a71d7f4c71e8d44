"""Logs of several containers as one: order, copies that come and go, interruptions, floods, slow readers."""

from __future__ import annotations

import asyncio
import time

import pytest

from clusters.drivers.base import LogChunk, LogOptions
from clusters.live import log_source, log_waiting, logs
from clusters.live.log_lines import LogFilter, LogLevel
from clusters.live.log_waiting import OURS
from tests.clusters.log_world import World, line, quick, taken  # noqa: F401


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
