"""The demonstration's driver keeps the contract of every driver, on a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clusters.drivers.base import Call, LogOptions, LogSource
from clusters.drivers.demo import DemoDriver
from clusters.errors import Invalid, Missing, Unreachable
from clusters.kinds import KINDS, kind_named
from clusters.kinds.base import Kind
from clusters.live.resource import Broken, Changed, FeedItem, Listed, Resource

START = 1_800_000_000.0


class HandClock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        ends = self.at + seconds
        while self.at < ends:
            await asyncio.sleep(0.001)

    async def turn(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.5)):
            self.at += 0.5
            await asyncio.sleep(0.003)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def driver(clock: HandClock) -> AsyncIterator[DemoDriver]:
    made = DemoDriver({"shape": "kubernetes", "seed": 7}, {}, clock)
    yield made
    await made.close()


def kind(name: str) -> Kind[Resource]:
    found = kind_named("kubernetes", name)
    assert found is not None
    return found


async def first(feed: AsyncIterator[FeedItem], sort: type) -> FeedItem:
    async with asyncio.timeout(10):
        while True:
            item = await anext(feed)
            if isinstance(item, sort):
                return item


@pytest.mark.parametrize("shape", ["kubernetes", "docker", "swarm"])
async def test_every_kind_is_listed_and_judged(shape: str) -> None:
    driver = DemoDriver({"shape": shape, "seed": 7}, {}, HandClock())
    try:
        for one in KINDS[driver.platform]:
            feed = driver.watch(one)
            item = await first(feed, Listed)
            assert isinstance(item, Listed)
            assert all(one.health(resource).word for resource in item.resources)
            await feed.aclose()  # type: ignore[attr-defined]
    finally:
        await driver.close()


async def test_a_change_is_told_with_the_newest_state(driver: DemoDriver) -> None:
    feed = driver.watch(kind("deployment"))
    await first(feed, Listed)
    path = ("apis", "apps", "v1", "namespaces", "shop", "deployments", "web")
    await driver.call(Call("PATCH", path, body={"spec": {"replicas": 7}}, content_type="application/merge-patch+json"))
    item = await first(feed, Changed)
    assert isinstance(item, Changed)
    workload = kind("deployment").workload
    assert workload is not None
    assert [workload.copies(one)[1] for one in item.upserts if one.name == "web"] == [7]


async def test_only_the_asked_namespaces_are_told(driver: DemoDriver) -> None:
    item = await first(driver.watch(kind("pod"), frozenset({"data"})), Listed)
    assert isinstance(item, Listed)
    assert {one.namespace for one in item.resources} == {"data"}


async def test_a_silent_cluster_is_broken_and_comes_back_whole(driver: DemoDriver, clock: HandClock) -> None:
    feed = driver.watch(kind("pod"))
    await first(feed, Listed)
    driver.switch("silence", True)
    assert isinstance(await first(feed, Broken), Broken)
    for ask in (driver.ping(), driver.about(), driver.call(Call("GET", ("version",)))):
        with pytest.raises(Unreachable):
            await ask
    driver.switch("silence", False)
    turning = asyncio.create_task(clock.turn(4))
    assert isinstance(await first(feed, Listed), Listed)
    await turning


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "a\n"])
async def test_a_hostile_path_is_refused(driver: DemoDriver, part: str) -> None:
    with pytest.raises(Invalid):
        await driver.call(Call("GET", ("api", "v1", "namespaces", part, "pods")))


async def test_a_log_is_read_back_and_then_followed(driver: DemoDriver, clock: HandClock) -> None:
    item = await first(driver.watch(kind("pod")), Listed)
    assert isinstance(item, Listed)
    pod = next(one for one in item.resources if one.name.startswith("web-"))
    lines: list[tuple[float, str, str]] = []
    turning = asyncio.create_task(clock.turn(12))
    async for chunk in driver.logs(LogSource(pod, "pod", "web"), LogOptions(tail=20)):
        lines += chunk.lines
        if len(lines) >= 26:
            break
    await turning
    assert len(lines) >= 26
    times = [at for at, _, _ in lines]
    assert times == sorted(times)
    assert len(set(lines)) == len(lines)


async def test_a_life_that_never_was_has_no_log(driver: DemoDriver) -> None:
    item = await first(driver.watch(kind("pod")), Listed)
    assert isinstance(item, Listed)
    with pytest.raises(Missing):
        async for _ in driver.logs(LogSource(item.resources[0], "pod"), LogOptions(previous=True)):
            pass


async def test_the_shell_says_that_it_is_a_toy_and_ends_with_a_reason(driver: DemoDriver) -> None:
    item = await first(driver.watch(kind("pod")), Listed)
    assert isinstance(item, Listed)
    shell = await driver.shell(LogSource(item.resources[0], "pod"))
    await shell.write(b"cat README\rnonsense\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7fexit\r")
    said = b"".join([data async for data in shell.output()]).decode()
    assert "demonstration" in said
    assert "A container of the Pilothouse demonstration." in said
    assert await shell.close() == "exit 0"


async def test_usage_is_measured_for_what_runs(driver: DemoDriver) -> None:
    item = await first(driver.watch(kind("pod")), Listed)
    assert isinstance(item, Listed)
    pods: list[Any] = list(item.resources)
    samples = await driver.usage(kind("pod"), pods)
    assert set(samples) == {one.uid for one in pods if one.status.phase == "Running"}
    assert all(one.cpu is not None and one.memory and one.memory <= one.memory_limit for one in samples.values())


async def test_a_container_made_anew_goes_before_it_comes(clock: HandClock) -> None:
    driver = DemoDriver({"shape": "docker", "seed": 7}, {}, clock)
    try:
        container = kind_named("docker", "container")
        assert container is not None
        feed = driver.watch(container)
        listed = await first(feed, Listed)
        assert isinstance(listed, Listed)
        old = next(one.uid for one in listed.resources if one.name == "shop-web-1")
        clock.at += 171  # its image is updated
        heard: list[tuple[str, str]] = []
        while not any(name == "shop-web-1" for _, name in heard):
            item = await first(feed, Changed)
            assert isinstance(item, Changed)
            heard += [("gone", "shop-web-1") for uid in item.deletes if uid == old]
            heard += [("there", one.name) for one in item.upserts if one.name == "shop-web-1" and one.uid != old]
        assert heard[0] == ("gone", "shop-web-1")
    finally:
        await driver.close()


async def test_a_port_of_a_pod_shows_a_page_that_says_that_it_is_none(driver: DemoDriver) -> None:
    listed = await first(driver.watch(kind("pod")), Listed)
    assert isinstance(listed, Listed)
    wire = await driver.dial(listed.resources[0], 8080)
    await wire.write(b"GET / HTTP/1.1\r\nHost: ")
    await wire.write(b"x\r\n\r\n")
    came = b"".join([data async for data in wire.received()]).decode()
    assert came.startswith("HTTP/1.1 200 OK")
    assert f"<h1>{listed.resources[0].name}</h1>" in came
    assert "a pod of the demonstration" in came
