"""Images, networks, volumes, projects and hosts of real engines, old and new: seen live, joined, and asked only when wanted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict
from tests.clusters.docker_engine import PONG, Pretender, a_name, http, made, post, unix
from tests.clusters.docker_things import connected, until
from tests.real import listens

pytestmark = pytest.mark.docker
RUN = os.environ.get("TESTBED_RUN", "")


@pytest_asyncio.fixture(params=["new", "old"])
async def engine(request: pytest.FixtureRequest, docker_socket: str) -> AsyncIterator[DockerDriver]:
    """A real engine: the newest, and Docker 20.10."""
    old = Path(RUN) / "docker-old.sock"
    if request.param == "old" and not (RUN and listens(old)):
        pytest.skip("no old engine: only the testbed has one")
    driver = unix(docker_socket if request.param == "new" else old)
    yield driver
    await driver.close()


async def test_a_volume_is_seen_from_its_making_to_its_end_with_who_mounts_it(engine: DockerDriver) -> None:
    async with connected(engine, "volume") as connection:
        volumes, name = connection.stores["volume"].resources, a_name()
        body = {"Name": name, "Labels": {"pilothouse.test": "1"}}
        await engine.call(Call("POST", ("volumes", "create"), body=body))
        try:
            await until(lambda: name in volumes)
            mount = {"Type": "volume", "Source": name, "Target": "/data", "ReadOnly": True}
            async with made(engine, HostConfig={"Mounts": [mount]}) as container:
                users = await until(lambda: volumes[name].users)  # type: ignore[attr-defined]
                assert [(one.uid, one.details) for one in users] == [(container.uid, ("/data (read-only)",))]
                await until(lambda: volumes[name].running == 1)  # type: ignore[attr-defined]
                await post(engine, container.uid, "kill")
                await until(lambda: volumes[name].running == 0)  # type: ignore[attr-defined]
                with pytest.raises(Conflict):
                    await engine.call(Call("DELETE", ("volumes", name)))
            await until(lambda: not volumes[name].users)  # type: ignore[attr-defined]
        finally:
            with suppress(ClusterError):
                await engine.call(Call("DELETE", ("volumes", name)))
        await until(lambda: name not in volumes)


async def test_nobody_looks_nothing_is_asked(tmp_path: Path) -> None:
    events = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = {"/_ping": PONG, "/events": events, "/containers/json": http(200, b"[]")}
    async with Pretender(tmp_path / "engine.sock", answers) as pretender:
        async with connected(unix(pretender.path), "container"):
            await asyncio.sleep(0.3)
        paths = {line.split(" ")[1].partition("?")[0].rpartition("/")[2] for line in pretender.requests}
    assert paths <= {"_ping", "events", "json", "info"}, pretender.requests
