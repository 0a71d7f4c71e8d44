"""What an engine that becomes a manager, or ceases to be one, leaves behind: nothing."""

from __future__ import annotations

import math
from contextlib import aclosing
from typing import Any

import pytest

from clusters.drivers import docker as module
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.drivers.docker.collections import COLLECTIONS
from clusters.drivers.docker.polled_watch import PolledWatch
from clusters.errors import Unreachable
from clusters.kinds.docker.host import HOST
from clusters.live.resource import Broken
from tests.clusters.swarm_things import named


@pytest.fixture
def driver(tmp_path: Any) -> DockerDriver:
    """Of an engine that is not there."""
    return DockerDriver({"address": f"unix://{tmp_path}/none.sock"}, {})


async def test_the_doubt_about_what_it_is_stays_until_it_has_said_so(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.unsure = True
    with pytest.raises(Unreachable):
        await driver.about()
    assert driver.unsure

    async def said(client: Any) -> Any:
        return type("About", (), {"uid": "x"})

    monkeypatch.setattr(module, "say_about", said)
    await driver.about()
    assert not driver.unsure
    await driver.close()


async def test_nothing_is_heard_for_a_polled_list_that_nobody_looks_at(driver: DockerDriver) -> None:
    for _ in range(3):
        async with aclosing(driver.watch(named("task"))) as items:  # type: ignore[type-var]
            assert isinstance(await anext(items), Broken)
    assert driver._events._everybody() == ()
    await driver.close()


async def test_what_was_done_to_a_swarm_is_looked_at_at_once_for_an_engine_tells_no_event_of_it(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def done(*_: Any, **__: Any) -> bytes:
        return b""

    monkeypatch.setattr(driver._client, "bytes", done)
    told = [driver._events.follow(COLLECTIONS[name].event) for name in ("swarm", "info")]
    other = driver._events.follow(COLLECTIONS["nodes"].event)
    for call in (Call("GET", ("swarm",)), Call("POST", ("nodes", "x", "update"))):
        await driver.call(call)
    assert not any(follower.check for follower in told)
    await driver.call(Call("POST", ("swarm", "update")))
    assert all(follower.check and follower.wake.is_set() for follower in told)
    assert not other.check
    await driver.close()


async def test_that_managers_decide_again_is_heard_soon_however_long_they_needed_to_say_that_they_did_not(
    driver: DockerDriver,
) -> None:
    polled = {kind: driver._make_watch(named(kind)) for kind in ("swarm", "task")}
    for watch in polled.values():
        assert isinstance(watch, PolledWatch)
        watch._took = 15.0
    assert [watch._period() for watch in polled.values() if isinstance(watch, PolledWatch)] == [10.0, 150.0]
    swarm = driver._events.follow(COLLECTIONS["swarm"].event)
    driver._events._hear(b'{"Type":"node","Action":"update","Actor":{"ID":"x"}}')
    assert swarm.check
    assert swarm.wake.is_set()
    await driver.close()


@pytest.mark.parametrize(("state", "seldom"), [("active", 60.0), ("locked", 60.0), ("inactive", math.inf)])
async def test_an_engine_of_no_swarm_is_not_asked_how_it_is_while_nobody_looks(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch, state: str, seldom: float
) -> None:
    async def info(*_: Any, **__: Any) -> bytes:
        return b'{"ID": "x", "Name": "machine", "Swarm": {"LocalNodeState": "%s"}}' % state.encode()

    monkeypatch.setattr(driver._client, "bytes", info)
    watch = driver._make_watch(HOST)
    assert isinstance(watch, PolledWatch)
    assert await watch._read()
    assert watch._period() == 5.0
    driver.looked_at = False
    assert watch._period() == seldom
    await driver.close()
