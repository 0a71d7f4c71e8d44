"""The made-up files of the demonstration's host: looked at, put in, taken out and kept in an image like real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from clusters.drivers.base import Call
from clusters.drivers.demo import DemoDriver
from clusters.drivers.demo.host.files import MOST_BYTES
from clusters.errors import Invalid, Missing
from clusters.kinds.docker.files import ContainerFiles
from clusters.kinds.docker.image import IMAGE
from clusters.kinds.docker.volume_files import ROOT, way_into
from clusters.kinds.files import Listing, Preview


@pytest.fixture
def driver() -> DemoDriver:
    return DemoDriver({"shape": "docker", "seed": 7})


def _uid(driver: DemoDriver, name: str) -> str:
    world: Any = driver.world
    return str(world.container(name)["Id"])


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _text(driver: DemoDriver, uid: str, path: str) -> str | None:
    found = await ContainerFiles(driver, uid).look(path)
    assert isinstance(found, Preview)
    return found.text


async def test_its_folders_and_files_are_shown(driver: DemoDriver) -> None:
    uid = _uid(driver, "shop-web-1")
    root = await ContainerFiles(driver, uid).look("/")
    assert isinstance(root, Listing)
    assert {"app", "etc", "tmp", "var"} <= {one.name for one in root.entries}
    inside = await ContainerFiles(driver, uid).look("/etc/")
    assert isinstance(inside, Listing)
    assert {(one.name, one.kind) for one in inside.entries} >= {("hosts", "file"), ("passwd", "file")}
    assert "Made up for shop-web-1" in str(await _text(driver, uid, "/etc/os-release"))
    for path in ("/nothing", "/etc/../nothing", "/etc/hosts/x"):
        with pytest.raises(Missing):
            await ContainerFiles(driver, uid).look(path)


async def test_a_file_that_was_put_in_is_there_and_comes_out_and_goes_into_an_image(driver: DemoDriver) -> None:
    uid = _uid(driver, "shop-web-1")
    await ContainerFiles(driver, uid).put_file("/app", "note.txt", 5, _pieces(b"hello"))
    assert await _text(driver, uid, "/app/note.txt") == "hello"
    entry, pieces = await ContainerFiles(driver, uid).open_file("/app/note.txt")
    assert (entry.size, b"".join([piece async for piece in pieces])) == (5, b"hello")
    assert "/app/note.txt" in [one["Path"] for one in await driver.call(Call("GET", ("containers", uid, "changes")))]
    made = await driver.call(Call("POST", ("commit",), {"container": uid, "repo": "shop/kept", "tag": "1"}, {}))
    assert (await driver.get(IMAGE, "", "shop/kept:1"))["Id"] == made["Id"]
    body = {"Image": "shop/kept:1"}
    new = (await driver.call(Call("POST", ("containers", "create"), {"name": "again"}, body)))["Id"]
    assert await _text(driver, new, "/app/note.txt") == "hello"
    with pytest.raises(Missing):
        await ContainerFiles(driver, _uid(driver, "shop-api-1")).look("/app/note.txt")


async def test_a_volume_has_the_same_files_whoever_mounts_it(driver: DemoDriver) -> None:
    uid, inside = _uid(driver, "shop-db-1"), "/var/lib/postgresql/data"
    async with way_into(driver, "shop_db", write=True) as name:
        await ContainerFiles(driver, name).put_file(ROOT, "extra.conf", 1, _pieces(b"x"))
    assert await _text(driver, uid, f"{inside}/extra.conf") == "x"
    assert "volume shop_db" in str(await _text(driver, uid, f"{inside}/README"))


async def test_what_is_too_large_for_it_is_refused_in_words(driver: DemoDriver) -> None:
    size = MOST_BYTES + 10_000
    with pytest.raises(Invalid, match="1 MiB"):
        await ContainerFiles(driver, _uid(driver, "registry")).put_file("/tmp", "big", size, _pieces(b"x" * size))
    with pytest.raises(Missing):
        await ContainerFiles(driver, _uid(driver, "registry")).put_file("/nowhere", "a", 1, _pieces(b"x"))
