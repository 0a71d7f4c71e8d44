"""Terminals in containers: the shell is found, keys arrive, and the end is for good and has a reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from clusters.drivers.base import Call, LogSource, Shell
from clusters.drivers.docker import DockerDriver
from clusters.errors import Conflict, Missing, Unsupported
from clusters.kinds.docker.container_model import Container
from tests.clusters.docker_engine import made, post, unix

pytestmark = pytest.mark.docker


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


def _source(container: Container) -> LogSource:
    return LogSource(resource=container, kind="container")


async def _until(shell: Shell, wanted: bytes) -> bytes:
    seen = b""
    async with asyncio.timeout(10):
        async for data in shell.output():
            seen += data
            if wanted in seen:
                break
    return seen


async def _processes(driver: DockerDriver, container: Container) -> list[str]:
    top = await driver._client.json("GET", ("containers", container.uid, "top"))
    return [row[-1] for row in top["Processes"]]


async def test_the_shell_is_found_and_answers(driver: DockerDriver) -> None:
    async with made(driver) as container:
        shell = await driver.shell(_source(container))
        assert shell.program.endswith("sh")
        assert shell.user == "root"
        await shell.resize(100, 30)
        await shell.write(b"stty size; echo $TERM; exit 3\n")
        assert b"30 100" in await _until(shell, b"xterm-256color\r\n")
        await _until(shell, b"\0never")
        assert await shell.close() == "exit 3"


async def test_who_you_are_inside_is_said(driver: DockerDriver) -> None:
    async with made(driver, User="1000") as container:
        shell = await driver.shell(_source(container))
        assert shell.user == "1000"
        await shell.close()


async def test_closing_ends_what_runs_in_there(driver: DockerDriver) -> None:
    async with made(driver) as container:
        shell = await driver.shell(_source(container))
        await shell.write(b"sleep 777 & sleep 778\n")
        await asyncio.sleep(0.5)
        assert any("sleep 777" in one for one in await _processes(driver, container))
        await shell.close()
        await asyncio.sleep(0.3)
        assert await _processes(driver, container) == ["sleep 1000"]


async def test_a_stopped_container_ends_the_session_with_its_reason(driver: DockerDriver) -> None:
    async with made(driver) as container:
        shell = await driver.shell(_source(container))
        await post(driver, container.uid, "stop", t="0")
        await _until(shell, b"\0never")
        assert await shell.close() == "container stopped"


async def test_what_does_not_run_has_no_terminal(driver: DockerDriver) -> None:
    async with made(driver, start=False) as container:
        with pytest.raises(Conflict):
            await driver.shell(_source(container))
    with pytest.raises(Missing):
        await driver.shell(_source(container))


async def test_an_image_without_a_shell_says_so(driver: DockerDriver) -> None:
    image = "testbed/pause:1"
    try:
        await driver.call(Call("GET", ("images", *image.split("/"), "json")))
    except Missing:
        pytest.skip("no image without a shell: only the testbed has one")
    async with made(driver, (), Image=image) as container:
        with pytest.raises(Unsupported, match="no shell") as raised:
            await driver.shell(_source(container))
        assert raised.value.hint
