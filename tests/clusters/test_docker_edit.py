"""Editing a container: the new one takes its place when it is well; when it is not, the old one is back as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.docker import container_edit
from clusters.kinds.docker.container_edit import EDIT, Edit, edit_container
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.origin import load_origin
from tests.clusters.docker_engine import a_name, made, now, remove, unix
from tests.clusters.heard import Heard


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


async def changed(driver: DockerDriver, one: Container, **changes: Any) -> Edit:
    """The form of that container with something else filled in."""
    assert EDIT.like is not None
    origin = await load_origin(driver, one)
    found: Mapping[str, Any] = EDIT.like.values(origin)
    edit = EDIT.like.read({**found, **changes}, origin)
    assert isinstance(edit, Edit)
    return edit


async def away(driver: DockerDriver, *names: str) -> None:
    for name in names:
        with suppress(ClusterError):
            await remove(driver, name)


async def everybody(driver: DockerDriver, part: str) -> list[str]:
    found = await driver.call(Call("GET", ("containers", "json"), {"all": "1"}))
    return [name for one in found for name in one["Names"] if part in name]


@pytest.mark.docker
async def test_the_new_one_takes_its_place(driver: DockerDriver) -> None:
    async with made(driver, Env=["COLOUR=red", "DB_PASSWORD=hunter2"], HostConfig={"Memory": 64 << 20}) as one:
        heard = Heard()
        try:
            edit = await changed(driver, one, memory="", environment="COLOUR=blue\nDB_PASSWORD=••••••")
            assert await edit_container(driver, edit, heard) == one.name
            new = await now(driver, one.name)
            assert new.uid != one.uid
            assert new.state.status == "running"
            assert {"COLOUR=blue", "DB_PASSWORD=hunter2"} <= set(new.config.env or ())
            assert new.memory_limit == 0
            assert new.command == one.command
            assert new.labels == one.labels
            with pytest.raises(Missing):
                await now(driver, one.uid)
            assert await everybody(driver, one.name) == [f"/{one.name}"]
            assert "hunter2" not in heard.text
            assert "is well" in heard.text
        finally:
            await away(driver, one.name)


@pytest.mark.docker
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"command": "/no/such/program"}, "not in the image"),
        ({"command": "sh -c 'echo out of paint >&2; exit 3'", "restart": "no"}, "exit 3"),
        ({"command": "sh -c 'exit 3'", "restart": "always"}, "exit 3|was started again"),
        ({"health_command": "echo broken; exit 1", "health_interval": "1s", "health_retries": 1}, "unhealthy"),
    ],
)
async def test_when_it_is_not_well_the_old_one_is_back(driver: DockerDriver, changes: dict[str, Any], why: str) -> None:
    async with made(driver) as one:
        heard = Heard()
        with pytest.raises((Conflict, Invalid), match=why) as raised:
            await edit_container(driver, await changed(driver, one, **changes), heard)
        if why == "exit 3":
            assert "out of paint" in raised.value.hint
        old = await now(driver, one.uid)
        assert (old.name, old.state.status) == (one.name, "running")
        assert await everybody(driver, one.name) == [f"/{one.name}"]
        assert "runs again" in heard.text
        assert raised.value.message.endswith(f"The old {one.name} runs again.")


@pytest.mark.docker
async def test_a_mistake_in_its_settings_never_stops_the_old_one(driver: DockerDriver) -> None:
    async with made(driver) as one:
        with pytest.raises(ClusterError):
            await edit_container(driver, await changed(driver, one, networks="no-such-network"), Heard())
        old = await now(driver, one.uid)
        assert old.state.started_at == one.state.started_at
        assert old.name == one.name


async def about_ports(driver: DockerDriver, edit: Edit, *there: Container) -> list[str]:
    assert EDIT.check is not None
    return [one.level for one in await EDIT.check(driver, edit, there) if one.field == "ports"]


@pytest.mark.docker
async def test_the_port_it_holds_is_no_obstacle(driver: DockerDriver) -> None:
    ports = {"ExposedPorts": {"80/tcp": {}}, "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1"}]}}}
    async with made(driver, **ports) as one:
        port = one.ports[0][1]
        try:
            edit = await changed(driver, one, ports=f"127.0.0.1:{port}:80", hostname="worker")
            assert await about_ports(driver, edit, one) == []
            assert await about_ports(driver, replace(edit, uid="another one"), one) == ["stop"]
            assert await about_ports(driver, replace(edit, uid="a stopped one", running=False), one) == ["warn"]
            await edit_container(driver, edit, Heard())
            new = await now(driver, one.name)
            assert (new.ports[0][1], new.config.hostname) == (port, "worker")
        finally:
            await away(driver, one.name)


@pytest.mark.docker
async def test_data_in_a_volume_without_a_name_comes_along(driver: DockerDriver) -> None:
    async with made(driver, ("sh", "-c", "echo kept >> /data/file; sleep 1000"), Volumes={"/data": {}}) as one:
        volume = (one.mounts or [])[0].name
        try:
            await edit_container(driver, await changed(driver, one, command="sleep 1000"), Heard())
            new = await now(driver, one.name)
            assert [(mount.name, mount.destination) for mount in new.mounts or ()] == [(volume, "/data")]
        finally:
            await away(driver, one.name)
            with suppress(ClusterError):
                await driver.call(Call("DELETE", ("volumes", volume or "")))


@pytest.mark.docker
async def test_one_that_does_not_run_is_made_again_and_not_started(driver: DockerDriver) -> None:
    async with made(driver, start=False) as one:
        try:
            name = a_name()
            await edit_container(driver, await changed(driver, one, name=name, user="1000"), Heard())
            new = await now(driver, name)
            assert (new.state.status, new.config.user) == ("created", "1000")
        finally:
            await away(driver, name)


@pytest.mark.docker
async def test_when_it_is_cancelled_the_old_one_is_back(driver: DockerDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_edit, "SETTLED", 60.0)
    async with made(driver) as one:
        heard = Heard()
        work = asyncio.create_task(edit_container(driver, await changed(driver, one, user="1000"), heard))
        async with asyncio.timeout(20):
            while "Starting the new" not in heard.text:
                await asyncio.sleep(0.05)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        old = await now(driver, one.uid)
        assert (old.name, old.state.status) == (one.name, "running")
        assert await everybody(driver, one.name) == [f"/{one.name}"]
