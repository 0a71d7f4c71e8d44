"""A Kubernetes cluster that forgets, floods, goes away or comes back empty, seen from the screen.

The reflector's own rules have their tests in tests/clusters/test_kubernetes_watch.py.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from clusters.drivers.kubernetes import watch
from clusters.live import contact
from tests.clusters.fake_api import FakeApi, refuses, says, status
from tests.faults.fake_cluster import cluster
from tests.faults.proxy import Proxy, soon
from tests.faults.scene import Scene, hurry, kubernetes, scene


def names(one: Scene) -> set[str]:
    return {resource.name for resource in one.connection.stores["pod"].resources.values()}


def truth(api: FakeApi) -> set[str]:
    return {pod["metadata"]["name"] for pod in api.pods.values()}


async def equal(one: Scene, api: FakeApi, within: float = 10.0) -> None:
    """The table is what a new list would say, and the cluster is shown as live."""
    await soon(lambda: one.state == "live" and names(one) == truth(api), within)
    await soon(lambda: {uid.rsplit("-", 1)[1] for uid in one.rows()} == truth(api), 2)


async def test_what_a_forgetful_cluster_never_told_is_noticed_by_a_new_list_at_once() -> None:
    api = FakeApi()
    for name in ("web", "db", "cache"):
        await api.put(name)
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await equal(one, api)
        await soon(lambda: api.watches)
        lists = len(api.lists)
        await api.drop("db", silently=True)
        api.next_watch.append(says({"type": "ERROR", "object": status(410, "too old", "Expired")}))
        await api.stop()
        await api.start()
        await equal(one, api)
        assert "db" not in names(one)
        assert len(api.lists) - lists <= 4


async def test_a_storm_of_expired_watches_lists_once_a_second_at_most() -> None:
    api = FakeApi()
    await api.put("web")
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await equal(one, api)
        api.next_watch.extend(says({"type": "ERROR", "object": status(410, "too old", "Expired")}) for _ in range(200))
        lists = len(api.lists)
        await api.stop()
        await api.start()
        await asyncio.sleep(3.0)
        assert len(api.lists) - lists <= 5
        api.next_watch.clear()
        await api.put("db")
        await equal(one, api)


async def test_a_cluster_that_is_killed_is_down_in_time_and_one_that_comes_back_empty_is_shown_empty() -> None:
    api, other = FakeApi(), FakeApi()
    for name in ("web", "db"):
        await api.put(name)
        await other.put(name)
    async with (
        cluster(api) as address,
        cluster(other) as fine,
        scene(("sick", kubernetes(address)), ("well", kubernetes(fine)), kind="pod") as [sick, well],
    ):
        await equal(sick, api)
        await equal(well, other)
        began = time.time()
        await api.stop()
        assert await soon(lambda: sick.state == "down", 5) <= 5
        api.pods.clear()
        api.history.clear()
        api.identity, api.version = "two", 3  # its versions begin anew: those that we know are of the future
        await api.put("new")
        await api.start()
        assert await soon(lambda: sick.state == "live", 10) <= 10
        await equal(sick, api)
        assert names(sick) == {"new"}
        assert well.sampler.states(began) == ["live"]


async def test_a_cluster_that_was_cut_off_before_it_said_what_it_is_may_be_another_one_afterwards() -> None:
    api = FakeApi()
    await api.put("web")
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await equal(one, api)
        await soon(lambda: one.connection.about is not None)
        one.connection.line.about = None  # as if it had not come to that
        await api.stop()
        await soon(lambda: one.state == "down", 5)
        api.pods.clear()
        api.history.clear()
        api.identity, api.version = "two", 3  # its versions begin anew: those that we know are of the future
        await api.put("new")
        await api.start()
        await equal(one, api)


async def test_too_many_requests_are_not_answered_with_more_of_them() -> None:
    api = FakeApi()
    await api.put("web")
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await equal(one, api)
        await soon(lambda: one.connection.about is not None)  # one that was not heard of yet would be listed anew
        api.next_watch.extend(refuses(429, "busy", {"Retry-After": "1"}) for _ in range(2))
        lists, watches = len(api.lists), len(api.watches)
        await api.stop()
        await api.start()
        await asyncio.sleep(2.0)
        assert len(api.lists) == lists
        assert len(api.watches) - watches <= 4
        await api.put("db")
        await equal(one, api, 15)


async def test_a_watch_that_ends_at_once_again_and_again_is_no_tight_loop_and_not_live() -> None:
    api = FakeApi()
    await api.put("web")
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await equal(one, api)
        api.next_watch.extend(says() for _ in range(100))
        watches = len(api.watches)
        await api.stop()
        await api.start()
        await asyncio.sleep(3.0)
        assert len(api.watches) - watches <= 8
        api.next_watch.clear()
        await api.put("db")
        await equal(one, api, 15)


async def test_a_cluster_that_falls_silent_is_stale_then_live_again_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    api = FakeApi()
    await api.put("web")
    await api.put("db")
    async with cluster(api) as address:
        host, port = address.removeprefix("http://").split(":")
        async with Proxy(("127.0.0.1", 0), (host, int(port))) as line:
            driver = kubernetes(f"http://127.0.0.1:{line.here[1]}")  # type: ignore[index]
            async with scene(("one", driver), kind="pod") as [one]:
                await equal(one, api)
                line.be("stall")
                await api.drop("db")
                await soon(lambda: one.state in ("stale", "down"), 20 / 5 + 3)
                line.be("pass")
                assert await soon(lambda: one.state == "live", 10) <= 10
                await equal(one, api, 5)
                assert one.sampler.live_without_word() <= contact.STALE_AFTER + 0.5


@pytest.mark.parametrize(("mode", "after"), [("reset", 200), ("cut", 400), ("garbage", 0)])
async def test_a_line_that_breaks_in_the_middle_of_an_object_leaves_no_half_of_it(mode: Any, after: int) -> None:
    api = FakeApi()
    await api.put("web")
    async with cluster(api) as address:
        host, port = address.removeprefix("http://").split(":")
        async with Proxy(("127.0.0.1", 0), (host, int(port))) as line:
            driver = kubernetes(f"http://127.0.0.1:{line.here[1]}")  # type: ignore[index]
            async with scene(("one", driver), kind="pod") as [one]:
                await equal(one, api)
                line.after = after
                line.be(mode)
                await api.put("db", note="x" * 3000)
                await soon(lambda: one.state != "live", 8)
                assert names(one) == {"web"}
                line.be("pass")
                await equal(one, api, 15)


async def test_ten_thousand_events_in_two_seconds_end_where_a_new_list_would() -> None:
    api = FakeApi()
    for number in range(200):
        await api.put(f"p{number}")
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await equal(one, api)
        began = time.monotonic()
        for number in range(5000):
            await api.put(f"p{number % 200}", status={"phase": "Running" if number % 3 else "Pending"})
            if number % 250 == 249:
                api.history = api.history[-600:]
                await asyncio.sleep(0.05)
        await api.drop("p7")
        assert time.monotonic() - began < 10
        last = {pod["metadata"]["uid"]: pod["metadata"]["resourceVersion"] for pod in api.pods.values()}
        await soon(lambda: one.shown == last, 15)


def test_the_waits_that_are_shortened_here_are_those_of_the_design() -> None:
    assert (contact.STALE_AFTER, contact.DOWN_AFTER) == (15.0, 60.0)
    assert watch.RELIST_EVERY == 1.0
