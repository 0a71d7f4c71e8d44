"""Copies come, go, start again and break off while their merged log is read: it goes on, and says so."""

from __future__ import annotations

import asyncio
import time

from clusters.errors import NotStarted, Unreachable
from clusters.kinds.base import Health, Level
from clusters.live.resource import Changed
from tests.clusters.fakes import App
from tests.clusters.log_world import World, line, quick, taken  # noqa: F401


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


async def test_what_a_cluster_says_of_a_copy_is_no_flood_of_words_in_its_log() -> None:
    world = World()
    world.start("a")
    world.stores["copy"].health["a"] = Health(Level.FAILING, "Failed", "x" * 100_000, "y" * 100_000)
    stream = await world.read()
    world.queues["a"].put_nowait(None)
    (words,) = (await taken(stream))[0]
    assert words == f"a ended: Failed · {'x' * 400} · {'y' * 400}"
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


async def test_a_copy_that_never_started_says_why_to_whoever_reads_and_says_when_it_has() -> None:
    world = World()
    world.start("a")
    world.stores["copy"].health["a"] = Health(Level.FAILING, "No image", "There is no such image.", "ErrImagePull")
    stream, queue = await world.read(), world.queues["a"]
    queue.put_nowait(NotStarted("It has not started yet."))
    why = (
        "a has not started: No image · There is no such image · ErrImagePull. "
        "Its lines appear here by themselves as soon as it has."
    )
    assert (await taken(stream))[0] == [why]
    later = await world.read()
    assert (await taken(later))[0] == [why], "also to who comes after it was said"
    queue.put_nowait([line(1, "hello")])
    assert (await taken(stream))[0] == ["hello", "a started"]
    stream.close()
    later.close()


async def test_what_has_no_copies_says_so() -> None:
    stream = await World().read()
    (said,) = (await taken(stream))[0]
    assert said.startswith("web has no copies now")
    stream.close()
