"""Usage of containers: the same numbers as `docker stats`, and nothing where nothing was measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.kinds.docker.container import CONTAINER
from tests.clusters.docker_engine import made, unix

pytestmark = pytest.mark.docker
BUSY = ("sh", "-c", "while true; do :; done")


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


async def test_the_numbers_are_those_of_docker_stats(driver: DockerDriver) -> None:
    limits = {"NanoCpus": 300_000_000, "Memory": 64 << 20}
    async with made(driver, BUSY, HostConfig=limits) as container:
        await asyncio.sleep(0.5)
        theirs = asyncio.create_subprocess_exec(
            "docker", "stats", "--no-stream", "--format", "{{.CPUPerc}} {{.MemUsage}}", container.uid,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        program = await theirs
        first = (await driver.usage(CONTAINER, [container]))[container.uid]
        output, _ = await program.communicate()
        ours = (await driver.usage(CONTAINER, [container]))[container.uid]
        percent, used, *_ = output.decode().split()
        print(f"\nours {ours.cpu:.3f} cores, {ours.memory or 0:,.0f} bytes; docker stats {output.decode().strip()}")
        assert first.cpu is not None
        assert ours.cpu is not None
        assert abs(ours.cpu - float(percent.rstrip("%")) / 100) < 0.1
        assert ours.memory is not None
        factor = 1 << 20 if used.endswith("MiB") else 1 << 10
        assert abs(ours.memory - float(used[:-3]) * factor) < 1 << 20
        assert (ours.cpu_limit, ours.memory_limit) == (0.3, float(64 << 20))


async def test_what_does_not_run_is_left_out(driver: DockerDriver) -> None:
    async with made(driver, start=False) as created, made(driver, ("true",)) as ended:
        await driver.call(Call("POST", ("containers", ended.uid, "wait")))
        assert await driver.usage(CONTAINER, [created, ended]) == {}


async def test_what_the_machines_own_network_carries_is_not_counted_as_nought(driver: DockerDriver) -> None:
    async with made(driver, HostConfig={"NetworkMode": "host"}) as container:
        usage = (await driver.usage(CONTAINER, [container]))[container.uid]
        assert usage.net_in is None
        assert usage.memory is not None


async def test_a_sample_comes_soon(driver: DockerDriver) -> None:
    async with made(driver) as one, made(driver) as two:
        await driver.usage(CONTAINER, [one, two])
        began = time.monotonic()
        assert len(await driver.usage(CONTAINER, [one, two])) == 2
        assert time.monotonic() - began < 2.0
