"""What is done to a container, compared with what the engine says of it afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Invalid
from clusters.fields import clean
from clusters.kinds.docker.amounts import read_cpus, read_memory, read_seconds, write_seconds, write_size
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container, stop_patience
from tests.clusters.docker_engine import a_name, made, now, remove, unix

TRAP = ("sh", "-c", 'trap "touch /heard" USR1; touch /hears; while :; do sleep 0.1; done')


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


async def do(driver: DockerDriver, one: Container, verb: str, **given: Any) -> tuple[str | None, Container]:
    """Do it as the gateway would; its words, and the container as it is then."""
    action = CONTAINER.action(verb)
    assert action is not None
    words = await action.run(driver, one, clean(action.fields, given))
    return words, await now(driver, one.uid)


@pytest.mark.docker
async def test_a_signal_reaches_the_program(driver: DockerDriver) -> None:
    async with made(driver, TRAP) as one:
        await _made_inside(driver, one, "/hears")
        words, _ = await do(driver, one, "kill", signal="USR1")
        assert words == f"SIGUSR1 is sent to {one.name}."
        await _made_inside(driver, one, "/heard")


async def _made_inside(driver: DockerDriver, one: Container, file: str) -> None:
    async with asyncio.timeout(15):
        while file not in str(await driver.call(Call("GET", ("containers", one.uid, "changes")))):
            await asyncio.sleep(0.1)


@pytest.mark.docker
@pytest.mark.parametrize("verb", ["stop", "restart"])
async def test_a_program_gets_the_time_to_end_that_its_container_was_given(driver: DockerDriver, verb: str) -> None:
    async with made(driver, ("sleep", "1000"), StopTimeout=1) as one:  # hears no SIGTERM
        assert one.patience == 31.0
        began = time.monotonic()
        await do(driver, one, verb)
        assert 0.9 < time.monotonic() - began < 6


@pytest.mark.parametrize(("given", "seconds"), [(None, 40), (0, 30), (120, 150), (-1, 3630), (10**9, 3630)])
def test_a_stop_is_waited_for_as_long_as_its_container_was_given_and_some_more(given: Any, seconds: float) -> None:
    assert stop_patience(given) == seconds


def test_only_signals_of_the_list_are_sent() -> None:
    action = CONTAINER.action("kill")
    assert action is not None
    with pytest.raises(Invalid):
        clean(action.fields, {"signal": "SEGV; rm"})


@pytest.mark.docker
async def test_a_new_name_is_taken_and_can_be_taken_back(driver: DockerDriver) -> None:
    async with made(driver) as one:
        name = a_name()
        _, renamed = await do(driver, one, "rename", name=name)
        assert renamed.name == name
        action = CONTAINER.action("rename")
        assert action is not None
        assert action.undo is not None
        assert action.undo(one, {"name": name}) == ("rename", {"name": one.name})


@pytest.mark.docker
async def test_limits_change_while_it_runs(driver: DockerDriver) -> None:
    async with made(driver, HostConfig={"Memory": 64 << 20, "NanoCpus": 10**9 // 2}) as one:
        _, changed = await do(driver, one, "update", memory="128m", cpus="0.75", restart="on-failure", retries="3")
        assert changed.memory_limit == 128 << 20
        assert changed.cpu_limit == 0.75
        assert changed.host_config.restart_policy is not None
        assert changed.host_config.restart_policy.maximum_retry_count == 3
        assert changed.state.started_at == one.state.started_at


@pytest.mark.docker
async def test_a_limit_that_cannot_be_taken_away_in_place_says_so(driver: DockerDriver) -> None:
    async with made(driver, HostConfig={"Memory": 64 << 20}) as one:
        with pytest.raises(Invalid, match="not taken away"):
            await do(driver, one, "update", memory="", cpus="", restart="no")


@pytest.mark.docker
async def test_an_image_is_made_of_its_files(driver: DockerDriver) -> None:
    image = f"{a_name()}:1"
    async with made(driver, ("sh", "-c", "echo kept > /kept; sleep 1000")) as one:
        try:
            words, _ = await do(driver, one, "commit", image=image, comment="for a test", pause="1")
            assert image in (words or "")
            async with made(driver, ("cat", "/kept"), Image=image) as copy:
                async with asyncio.timeout(10):
                    while (await now(driver, copy.uid)).state.status != "exited":
                        await asyncio.sleep(0.1)
                assert (await now(driver, copy.uid)).state.exit_code == 0
                await remove(driver, copy.uid)
        finally:
            with suppress(ClusterError):
                await driver.call(Call("DELETE", ("images", image), {"force": "1"}))


@pytest.mark.parametrize(
    ("text", "size"), [("", 0), ("512m", 512 << 20), ("1.5g", 3 << 29), ("64 MiB", 64 << 20), ("7000000", 7_000_000)]
)
def test_amounts_of_memory_are_read(text: str, size: int) -> None:
    assert read_memory(text) == size
    assert read_memory(write_size(size)) == size


@pytest.mark.parametrize("text", ["lots", "-1", "5m", "1e9", "1,5g", "m", "²m"])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_memory(text)


def test_processors_and_times_are_read() -> None:
    assert read_cpus("0.5") == 500_000_000
    assert write_seconds(read_seconds("90s")) == "90s"
    assert write_seconds(read_seconds("500ms")) == "500ms"
    for wrong in ("0", "0.001", "x", "-1"):
        with pytest.raises(Invalid):
            read_cpus(wrong)
