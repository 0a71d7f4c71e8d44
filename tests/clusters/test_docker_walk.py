"""The walk of somebody who moves a home server here: every kind and act, checked against what the engine itself says.

Over each way to an engine: the socket of a 20.10, TLS, and SSH (to the 20.10). Only things with a name of this test.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clusters.access import Actor, Granted
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Missing
from clusters.fields import clean
from clusters.kinds.base import Role
from clusters.kinds.docker import image_files
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_edit import DUPLICATE, EDIT
from clusters.kinds.docker.files import ContainerFiles
from clusters.kinds.docker.image import IMAGE
from clusters.kinds.docker.network import NETWORK
from clusters.kinds.docker.origin import load_origin
from clusters.kinds.docker.pull import pull
from clusters.kinds.docker.push import push
from clusters.kinds.docker.run import RUN
from clusters.kinds.docker.volume import VOLUME
from clusters.kinds.docker.volume_files import ROOT, way_into
from clusters.kinds.files import Listing
from clusters.models import Registry
from clusters.registries import kept
from clusters.registries.removal import delete_tag
from tests.clusters.docker_engine import a_name, now, remove
from tests.clusters.docker_things import connected, until
from tests.clusters.heard import Heard
from tests.clusters.real_registry import RealRegistry, find_private_registry, find_registry
from tests.real import find_old_docker_socket, listens, need

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
WAYS = ("20.10", "TLS", "SSH")


def _driver(way: str) -> DockerDriver:
    folder = Path(os.environ.get("TESTBED", "/nowhere"))
    if way == "20.10":
        return DockerDriver({"address": f"unix://{find_old_docker_socket()}"}, {})
    if way == "TLS":
        keys = folder / "docker-tls"
        need("docker", keys.is_dir() and listens(("127.0.0.1", 2376)), "no engine listens with TLS")
        settings = {"address": "tcp://127.0.0.1:2376", "ca": (keys / "ca.pem").read_text()}
        secret = {"key": (keys / "key.pem").read_text()}
        return DockerDriver({**settings, "certificate": (keys / "cert.pem").read_text()}, secret)
    need("docker-old", (folder / "ssh").is_dir() and listens(("127.0.0.1", 2222)), "no machine is there over SSH")
    kind, key, *_ = (folder / "ssh" / "host.pub").read_text().split()
    settings = {"address": "ssh://root@127.0.0.1:2222", "remote_socket": find_old_docker_socket()}
    settings["known_hosts"] = f"[127.0.0.1]:2222 {kind} {key}"
    return DockerDriver(settings, {"ssh_key": (folder / "ssh" / "key").read_text()})


@pytest_asyncio.fixture(params=WAYS)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[DockerDriver]:
    driver = _driver(request.param)
    yield driver
    await driver.close()


@pytest_asyncio.fixture
async def name(engine: DockerDriver) -> AsyncIterator[str]:
    """A name, of which nothing is left afterwards."""
    mark = a_name()
    yield mark
    for one in await engine.call(Call("GET", ("containers", "json"), {"all": "1"})):
        if any(mark in called for called in one["Names"]):
            with suppress(ClusterError):
                await remove(engine, one["Id"])
    for one in await engine.call(Call("GET", ("images", "json"))):
        for tag in one["RepoTags"] or ():
            if mark in tag:
                with suppress(ClusterError):
                    await engine.call(Call("DELETE", ("images", *tag.split("/")), {"force": "1"}))
    for collection in ("networks", "volumes"):
        with suppress(ClusterError):
            await engine.call(Call("DELETE", (collection, mark)))


async def act(engine: DockerDriver, kind: Any, resource: Any, verb: str, **values: Any) -> str:
    """As a page does it: the fields cleaned, the refusal asked, the act done."""
    action = kind.action(verb)
    initial = {one.name: one.initial(resource) if one.initial else "" for one in action.fields}
    assert not (action.refuse(resource) if action.refuse else "")
    return str(await action.run(engine, resource, clean(action.fields, {**initial, **values})))


async def make(engine: DockerDriver, maker: Any, **values: Any) -> str:
    """As the form does it."""
    initial = {one.name: one.initial(None) if one.initial else "" for one in maker.fields}
    return str(await maker.run(engine, maker.read(clean(maker.fields, {**initial, **values})), Heard()))


async def inspect(engine: DockerDriver, *path: str) -> Mapping[str, Any]:
    found = await engine.call(Call("GET", path))
    assert isinstance(found, dict)
    return found


async def test_a_container_through_all_of_its_life(engine: DockerDriver, name: str) -> None:
    form = {"image": "busybox:latest", "command": "sleep 1000", "environment": "COLOUR=red", "memory": "32m"}
    await make(engine, RUN, name=name, **form, labels="of=walk", stop_timeout="0", cap_drop="NET_RAW")
    whole = await inspect(engine, "containers", name, "json")
    assert whole["State"]["Running"]
    assert (whole["HostConfig"]["Memory"], whole["HostConfig"]["CapDrop"]) == (32 << 20, ["NET_RAW"])
    assert "COLOUR=red" in whole["Config"]["Env"]
    assert whole["Config"]["Labels"]["of"] == "walk"

    async def state(verb: str, **values: Any) -> Mapping[str, Any]:
        await act(engine, CONTAINER, await now(engine, whole["Id"]), verb, **values)
        return await inspect(engine, "containers", whole["Id"], "json")

    assert (await state("pause"))["State"]["Paused"]
    await state("unpause")
    async with asyncio.timeout(15):  # an engine answers a moment before it says so
        while (await inspect(engine, "containers", whole["Id"], "json"))["State"]["Paused"]:
            await asyncio.sleep(0.1)
    assert (await state("rename", name=f"{name}-b"))["Name"] == f"/{name}-b"
    assert (await state("update", memory="48m", restart="always"))["HostConfig"]["Memory"] == 48 << 20
    assert (await state("update", restart="no"))["HostConfig"]["RestartPolicy"]["Name"] == "no"
    await state("commit", image=f"{name}:committed")
    assert "COLOUR=red" in (await inspect(engine, "images", f"{name}:committed", "json"))["Config"]["Env"]
    await state("kill", signal="KILL")
    await until_stopped(engine, whole["Id"])
    assert (await state("start"))["State"]["Running"]
    assert not (await state("stop"))["State"]["Running"]
    await act(engine, CONTAINER, await now(engine, whole["Id"]), "remove")
    with pytest.raises(Missing):
        await inspect(engine, "containers", whole["Id"], "json")


async def until_stopped(engine: DockerDriver, uid: str) -> None:
    async with asyncio.timeout(15):
        while (await inspect(engine, "containers", uid, "json"))["State"]["Running"]:
            await asyncio.sleep(0.1)


async def test_it_is_duplicated_and_edited(engine: DockerDriver, name: str) -> None:
    await make(engine, RUN, name=name, image="busybox:latest", command="sleep 1000", stop_timeout="0")
    one = await now(engine, name)
    for maker, changed in ((DUPLICATE, {"name": f"{name}-copy"}), (EDIT, {"environment": "NEW=1"})):
        assert maker.like is not None
        origin = await load_origin(engine, one)
        form = maker.like.read({**maker.like.values(origin), **changed}, origin)
        await maker.run(engine, form, Heard())
    copy, edited = [await inspect(engine, "containers", called, "json") for called in (f"{name}-copy", name)]
    assert copy["Config"]["Cmd"] == edited["Config"]["Cmd"] == ["sleep", "1000"]
    assert copy["State"]["Running"]
    assert edited["State"]["Running"]
    assert "NEW=1" in edited["Config"]["Env"]
    assert edited["Id"] != one.uid


async def test_files_go_in_and_out_of_a_container_and_a_volume(engine: DockerDriver, name: str) -> None:
    assert VOLUME.make is not None
    await make(engine, VOLUME.make, name=name, labels="of=walk")
    assert (await inspect(engine, "volumes", name))["Labels"] == {"of": "walk"}
    await make(engine, RUN, name=name, image="busybox:latest", command="sleep 1000", volumes=f"{name}:/data")
    data = os.urandom(70_000)

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    await ContainerFiles(engine, name).put_file("/data", "put.bin", len(data), pieces())
    entry, content = await ContainerFiles(engine, name).open_file("/data/put.bin")
    assert entry.size == len(data)
    assert b"".join([piece async for piece in content]) == data
    listing = await ContainerFiles(engine, name).look("/")
    assert isinstance(listing, Listing)
    assert {"data", "bin"} <= {one.name for one in listing.entries}
    await remove(engine, name)
    async with way_into(engine, name, write=False) as way:
        found = await ContainerFiles(engine, way, ROOT).look("/")
    assert isinstance(found, Listing)
    assert [one.name for one in found.entries] == ["put.bin"]
    async with connected(engine, "volume") as connection:
        await act(engine, VOLUME, connection.stores["volume"].resources[name], "remove")
    with pytest.raises(Missing):
        await inspect(engine, "volumes", name)


async def test_a_network_is_made_joined_left_and_removed(engine: DockerDriver, name: str) -> None:
    assert NETWORK.make is not None
    await make(engine, NETWORK.make, name=name)
    await make(engine, RUN, name=name, image="busybox:latest", command="sleep 1000", stop_timeout="0")
    async with connected(engine, "network") as connection:
        store = connection.stores["network"]
        network = await until(lambda: store.find(name))
        await act(engine, NETWORK, network, "connect", container=name, aliases="db")
        place = (await inspect(engine, "containers", name, "json"))["NetworkSettings"]["Networks"][name]
        assert "db" in place["Aliases"]
        network = await until(lambda: (one := store.find(name)) and one.users and one)  # type: ignore[attr-defined]
        await act(engine, NETWORK, network, "disconnect", container=name)
        assert name not in (await inspect(engine, "containers", name, "json"))["NetworkSettings"]["Networks"]
        await until(lambda: not store.find(name).users)  # type: ignore[union-attr]
        await act(engine, NETWORK, store.find(name), "remove")
        with pytest.raises(Missing):
            await inspect(engine, "networks", name)


@pytest.mark.parametrize("registry", [find_registry, find_private_registry])
async def test_an_image_is_tagged_pushed_pulled_saved_and_loaded(
    engine: DockerDriver, name: str, registry: Callable[[], RealRegistry]
) -> None:
    real = registry()
    await asyncio.to_thread(kept.add, ADA, kept.read_form({**real.form, "name": "Real"}))
    there = f"{real.host}/{name}:1"
    async with connected(engine, "image") as connection:
        store = connection.stores["image"]
        box = next(one for one in store.resources.values() if "busybox:latest" in one.tags)  # type: ignore[attr-defined]
        await act(engine, IMAGE, box, "tag", name=there)
    whole = await inspect(engine, "images", *there.split("/"), "json")
    assert (await inspect(engine, "images", "busybox:latest", "json"))["Id"] == whole["Id"]
    assert "sha256:" in await push(engine, there, Heard())
    await engine.call(Call("DELETE", ("images", *there.split("/"))))
    assert "is here" in await pull(engine, there, Heard())
    assert (await inspect(engine, "images", *there.split("/"), "json"))["Id"] == whole["Id"]
    async with aclosing(image_files.save(engine, there)) as pieces:
        archive = b"".join([piece async for piece in pieces])
    await engine.call(Call("DELETE", ("images", *there.split("/"))))

    async def again() -> AsyncIterator[bytes]:
        for start in range(0, len(archive), 1 << 20):
            yield archive[start : start + (1 << 20)]

    assert there in await image_files.load(engine, again(), len(archive), Heard())
    assert there in (await inspect(engine, "images", *there.split("/"), "json"))["RepoTags"]
    kept_registry = await Registry.objects.aget(host=real.host)
    assert "deleted" in await delete_tag(ADA, kept_registry, name, "1", agreed=[])
    with pytest.raises(Missing):
        await pull(engine, there, Heard())
