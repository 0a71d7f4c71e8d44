"""Images, networks, volumes, projects and hosts of real engines, old and new: seen live, joined, and asked only when wanted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict
from clusters.fields import clean
from clusters.kinds.docker.network import NETWORK
from clusters.kinds.docker.network_form import CREATE
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


async def test_a_network_is_seen_with_who_joins_and_who_leaves(engine: DockerDriver) -> None:
    form = CREATE.read(clean(CREATE.fields, {"name": a_name(), "driver": "bridge", "subnets": "10.231.250.0/28"}))
    async with connected(engine, "network") as connection:
        networks = connection.stores["network"].resources
        await CREATE.run(engine, form, Quiet())
        network: Any = await until(lambda: next((one for one in networks.values() if one.name == form.name), None))
        uid = network.uid
        try:
            assert network.subnets == ["10.231.250.0/28"]
            async with made(engine) as container:
                values = {"container": container.name, "aliases": "db", "address": "10.231.250.9"}
                await _action("connect").run(engine, network, values)
                users = await until(lambda: networks[uid].users)  # type: ignore[attr-defined]
                assert [one.uid for one in users] == [container.uid]
                assert users[0].details[0] == "10.231.250.9"
                assert "db" in users[0].details[1]
                whole = await engine.get(NETWORK, "", uid)
                assert whole["Containers"][container.uid]["IPv4Address"] == "10.231.250.9/28"
                with pytest.raises(ClusterError):
                    await _action("remove").run(engine, networks[uid], {})
                await _action("disconnect").run(engine, networks[uid], {"container": container.name})
                await until(lambda: not networks[uid].users)  # type: ignore[attr-defined]
            with pytest.raises(Conflict, match="already"):
                await CREATE.run(engine, form, Quiet())
        finally:
            await _action("remove").run(engine, network, {})
        await until(lambda: uid not in networks)


def _action(verb: str) -> Any:
    found = NETWORK.action(verb)
    assert found is not None
    return found


class Quiet:
    def say(self, text: str, level: str = "info") -> None: ...

    def progress(self, slot: str, text: str) -> None: ...
