"""Containers are seen as they are: whatever happens outside, also while the line to the engine is cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from clusters.drivers.docker import DockerDriver
from clusters.errors import Unreachable
from clusters.kinds.base import Level
from clusters.kinds.docker.container import CONTAINER
from clusters.live.resource import Broken, Listed
from tests.clusters.docker_engine import (
    PONG,
    Line,
    Pretender,
    Seen,
    a_name,
    http,
    made,
    over_ssh,
    over_tls,
    post,
    remove,
    unix,
    watching,
)
from tests.real import find_old_docker_socket

pytestmark = pytest.mark.docker


@pytest_asyncio.fixture(params=["unix", "old", "tls", "ssh"])
async def engine(request: pytest.FixtureRequest, docker_socket: str) -> AsyncIterator[DockerDriver]:
    """A real engine: the newest over its socket, TLS and SSH; Docker 20.10 over its socket."""
    match request.param:
        case "unix":
            driver = unix(docker_socket)
        case "old":
            driver = unix(find_old_docker_socket())
        case "tls":
            driver = over_tls()
        case _:
            driver = over_ssh()
    yield driver
    await driver.close()


def _state(seen: Seen, uid: str) -> str:
    return seen.containers[uid].state.status if uid in seen.containers else ""


async def test_what_happens_outside_is_seen(engine: DockerDriver) -> None:
    async with watching(engine) as seen, made(engine) as container:
        uid = container.uid
        await seen.until(lambda one: _state(one, uid) == "running")
        await post(engine, uid, "pause")
        await seen.until(lambda one: _state(one, uid) == "paused")
        await post(engine, uid, "unpause")
        await seen.until(lambda one: _state(one, uid) == "running")
        await post(engine, uid, "stop", t="0")
        await seen.until(lambda one: _state(one, uid) == "exited" and one.containers[uid].state.exit_code == 137)
        await post(engine, uid, "start")
        await seen.until(lambda one: _state(one, uid) == "running")
        name = a_name()
        await post(engine, uid, "rename", name=name)
        await seen.until(lambda one: one.containers[uid].name == name)
        await remove(engine, uid)
        await seen.until(lambda one: uid not in one.containers)


async def test_it_says_what_it_is(engine: DockerDriver) -> None:
    about = await engine.about()
    assert about.platform in ("docker", "swarm")
    assert about.version
    assert about.uid
    await engine.ping()


async def test_each_of_many_quick_changes_is_seen(docker_socket: str) -> None:
    """How fast is measured by the bench."""
    driver, other = unix(docker_socket), unix(docker_socket)
    try:
        async with watching(driver) as seen, made(other) as container:
            await seen.until(lambda one: _state(one, container.uid) == "running")
            for verb, state in [("pause", "paused"), ("unpause", "running")] * 15:
                await post(other, container.uid, verb)
                await seen.until(lambda one, state=state: _state(one, container.uid) == state)  # type: ignore[misc]
    finally:
        await driver.close()
        await other.close()


async def test_what_was_removed_while_the_line_was_cut_is_gone_afterwards(docker_socket: str, tmp_path: Path) -> None:
    line = Line(tmp_path / "line.sock", docker_socket)
    await line.heal()
    driver, direct = unix(line.path), unix(docker_socket)
    try:
        async with made(direct) as goes, made(direct) as stays, watching(driver) as seen:
            assert {goes.uid, stays.uid} <= seen.containers.keys()
            began = time.monotonic()
            await line.cut()
            broke = await seen.until(lambda one: one.last(Broken) is not None)
            assert broke - began < 1.0
            assert isinstance(seen.last(Broken).error, Unreachable)
            await remove(direct, goes.uid)
            lists = sum(isinstance(item, Listed) for _, item in seen.items)
            await line.heal()
            await seen.until(lambda one: sum(isinstance(item, Listed) for _, item in one.items) > lists)
            assert goes.uid not in seen.containers
            assert stays.uid in seen.containers
    finally:
        await line.cut()
        await driver.close()
        await direct.close()


async def test_an_engine_that_falls_silent_is_noticed_and_found_again(docker_socket: str, tmp_path: Path) -> None:
    line = Line(tmp_path / "line.sock", docker_socket)
    await line.heal()
    driver = unix(line.path)
    try:
        async with watching(driver) as seen:
            await driver.ping()
            await line.freeze()
            began = time.monotonic()
            with pytest.raises(Unreachable, match="did not answer in time"):
                await driver.ping()
            assert seen.last(Broken) is None  # one slow answer breaks nothing
            with pytest.raises(Unreachable, match="did not answer in time"):
                await driver.ping()
            await seen.until(lambda one: one.last(Broken) is not None)
            assert time.monotonic() - began < 9.0
            await line.thaw()
            await seen.until(lambda one: isinstance(one.items[-1][1], Listed))
    finally:
        await line.cut()
        await driver.close()


async def test_the_truth_check_finds_what_no_event_told(docker_socket: str) -> None:
    driver, other = unix(docker_socket), unix(docker_socket)
    try:
        async with made(other) as container, watching(driver) as seen:
            watch = next(iter(driver._watches))
            assert await driver.resync() == 0
            follower = watch._follower
            assert follower is not None
            follower.hear, hear = (lambda action, uid: None), follower.hear  # type: ignore[method-assign]
            await post(other, container.uid, "pause")
            await asyncio.sleep(0.2)
            assert _state(seen, container.uid) == "running"
            follower.hear = hear  # type: ignore[method-assign]
            assert await driver.resync() == 1
            await seen.until(lambda one: _state(one, container.uid) == "paused")
    finally:
        await driver.close()
        await other.close()


async def test_many_changes_at_once_become_few_items(docker_socket: str) -> None:
    driver = unix(docker_socket)
    try:
        async with watching(driver) as seen, made(driver) as one, made(driver) as two, made(driver) as three:
            before = len(seen.items)
            for verb in ("pause", "unpause") * 5:
                await asyncio.gather(*(post(driver, container.uid, verb) for container in (one, two, three)))
            await seen.until(lambda one: len(one.containers) >= 3)
            await asyncio.sleep(0.2)
            assert all(_state(seen, container.uid) == "running" for container in (one, two, three))
            assert len(seen.items) - before <= 25  # 30 events and their own list of inspections
    finally:
        await driver.close()


async def test_a_fields_wrong_type_never_kills_the_watch(tmp_path: Path) -> None:
    broken = b'{"Id":"abc","Name":["no"],"RestartCount":"many","State":{"Status":"running","Pid":null,"ExitCode":{}},"Config":{"Labels":{"a":1},"Env":null,"Image":"web:1"},"Mounts":null}'
    events = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = {
        "/_ping": PONG,
        "/events": events,
        "/containers/json": http(200, b'[{"Id":"abc","Names":null,"State":7},{"Id":5},{"Id":"../x"}]'),
        "/abc/json": http(200, broken),
    }
    async with Pretender(tmp_path / "engine.sock", answers) as pretender:
        driver = unix(pretender.path)
        async with watching(driver) as seen:
            (container,) = seen.containers.values()
            assert (container.name, container.image) == ("abc", "web:1")
            assert container.state.status == "running"
            assert CONTAINER.health(container).level == Level.HEALTHY
        assert not any(".." in line for line in pretender.requests)
        await driver.close()
