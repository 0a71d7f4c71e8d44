"""Images, networks, volumes, projects and hosts of real engines, old and new: seen live, joined, and asked only when wanted."""

from __future__ import annotations

import asyncio
import io
import secrets
import tarfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from clusters.cleaning import clean_up
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict
from clusters.fields import clean
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.image import IMAGE
from clusters.kinds.docker.leftovers import CLEANERS
from clusters.kinds.docker.network import NETWORK
from clusters.kinds.docker.network_form import CREATE
from clusters.kinds.docker.project import PROJECT
from tests.clusters.docker_engine import PONG, Pretender, a_name, http, made, post, unix
from tests.clusters.docker_things import connected, until
from tests.clusters.heard import Heard
from tests.real import find_old_docker_socket

pytestmark = pytest.mark.docker


@pytest_asyncio.fixture(params=["new", "old"])
async def engine(request: pytest.FixtureRequest, docker_socket: str) -> AsyncIterator[DockerDriver]:
    """A real engine: the newest, and Docker 20.10."""
    driver = unix(docker_socket if request.param == "new" else find_old_docker_socket())
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
        await CREATE.run(engine, form, Heard())
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
                await CREATE.run(engine, form, Heard())
        finally:
            await _action("remove").run(engine, network, {})
        await until(lambda: uid not in networks)


def _action(verb: str) -> Any:
    found = NETWORK.action(verb)
    assert found is not None
    return found


async def test_an_image_is_seen_with_its_names_and_who_was_made_from_it(engine: DockerDriver) -> None:
    name = f"pilothouse-test/{a_name()}"
    async with connected(engine, "image") as connection:
        images = connection.stores["image"].resources
        body = b"".join(tar_of("hello", b"x" * 1000))
        uid = await imported(engine, body, f"{name}:1")
        one: Any = await until(lambda: images.get(uid))
        assert one.tags == [f"{name}:1"]
        tag, remove = (IMAGE.action(verb) for verb in ("tag", "remove"))
        assert tag is not None
        assert remove is not None
        try:
            await tag.run(engine, one, {"name": f"registry.test:5000/{name}:2"})
            one = await until(lambda: next((two for two in [images.get(uid)] if two and len(two.tags) == 2), None))  # type: ignore[attr-defined]
            whole = await engine.get(IMAGE, "", f"registry.test:5000/{name}:2")
            assert whole["Id"] == uid
            async with made(engine, ["x"], start=False, Image=uid):
                used: Any = await until(lambda: next((two for two in [images[uid]] if two.users), None))  # type: ignore[attr-defined]
                with pytest.raises(Conflict):
                    await remove.run(engine, used, {})
            await until(lambda: not images[uid].users)  # type: ignore[attr-defined]
            assert "the image stays" in str(await remove.run(engine, one, {"names": f"{name}:1"}))
            one = await until(lambda: next((two for two in [images.get(uid)] if two and len(two.tags) == 1), None))  # type: ignore[attr-defined]
        finally:
            await remove.run(engine, one, {"force": True})
        await until(lambda: uid not in images)


async def test_a_project_is_seen_stopped_and_started_in_order(engine: DockerDriver) -> None:
    name = f"ph{secrets.token_hex(4)}"
    labels = {"com.docker.compose.project": name}
    web = {**labels, "com.docker.compose.service": "web", "com.docker.compose.depends_on": "db:service_started:false"}
    async with (
        connected(engine, "project") as connection,
        made(engine, Labels=web) as first,
        made(engine, Labels={**labels, "com.docker.compose.service": "db"}) as second,
    ):
        projects = connection.stores["project"].resources

        def word() -> str:
            one = projects.get(name)
            return PROJECT.health(one).word if one and len(one.containers) == 2 else ""  # type: ignore[attr-defined]

        await until(lambda: word() == "Running")
        for verb, after in (("restart", "Running"), ("stop", "Stopped"), ("start", "Running")):
            action = PROJECT.action(verb)
            assert action is not None
            one = projects[name]
            assert not action.refuse or not action.refuse(one)
            assert "2 containers" in action.effect(one)
            await action.run(engine, one, {})
            await until(lambda after=after: word() == after)  # type: ignore[misc]
            for container in (first, second):
                state = (await engine.get(CONTAINER, "", container.uid))["State"]
                assert state["Running"] is (verb != "stop")
    await asyncio.sleep(0)


async def test_a_host_says_what_it_is_and_what_was_chosen_is_cleaned_up(engine: DockerDriver) -> None:
    async with connected(engine, "host") as connection:
        (host,) = connection.stores["host"].resources.values()
        info = await engine.call(Call("GET", ("info",)))
        assert (host.uid, host.server_version) == (info["ID"], info["ServerVersion"])  # type: ignore[attr-defined]
    mine, others = a_name(), a_name()
    for name in (mine, others):
        await engine.call(Call("POST", ("volumes", "create"), body={"Name": name}))
    try:
        volumes = next(one for one in CLEANERS if one.key == "volumes")
        found = {one.uid: one for one in await volumes.find(engine, 60.0) or ()}
        assert {mine, others} <= found.keys()
        assert not found[mine].chosen
        assert (await clean_up(engine, volumes, {mine}, Heard())).startswith("1 of 1 removed")
        left = {one["Name"] for one in (await engine.call(Call("GET", ("volumes",))))["Volumes"]}
        assert mine not in left
        assert others in left
    finally:
        for name in (mine, others):
            with suppress(ClusterError):
                await engine.call(Call("DELETE", ("volumes", name)))


def tar_of(name: str, data: bytes) -> list[bytes]:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return [held.getvalue()]


async def imported(engine: DockerDriver, body: bytes, name: str) -> str:
    """An image of these files, under that name. Returns its id."""
    socket = engine._client.endpoint.socket
    connector = aiohttp.UnixConnector(socket)
    async with aiohttp.ClientSession(connector=connector) as session:
        repository, _, tag = name.rpartition(":")
        query = {"fromSrc": "-", "repo": repository, "tag": tag}
        async with session.post("http://docker/images/create", params=query, data=body) as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()
    return str((await engine.get(IMAGE, "", name))["Id"])
