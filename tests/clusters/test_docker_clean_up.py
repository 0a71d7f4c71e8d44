"""Cleaning up for real, on engines old and new: what was shown goes, and what was made or used meanwhile stays.

Others use these engines, too: only what carries a name of this test is ever chosen.
"""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from clusters.cleaning import clean_up
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict, Missing
from clusters.kinds.cleaners import Cleaner, Leftover
from clusters.kinds.docker.leftovers import CLEANERS
from tests.clusters.docker_engine import a_name, made, unix
from tests.clusters.heard import Heard
from tests.real import find_old_docker_socket

pytestmark = pytest.mark.docker
COUNTED = 60.0  # seconds


@pytest_asyncio.fixture(params=["new", "old"])
async def engine(request: pytest.FixtureRequest, docker_socket: str) -> AsyncIterator[DockerDriver]:
    """A real engine: the newest, and Docker 20.10."""
    driver = unix(docker_socket if request.param == "new" else find_old_docker_socket())
    yield driver
    await driver.close()


def cleaner(key: str) -> Cleaner:
    """The one of that key."""
    return next(one for one in CLEANERS if one.key == key)


async def shown(engine: DockerDriver, key: str, mark: str) -> dict[str, Leftover]:
    """What a person would be shown of this test's own things, by uid."""
    found = await cleaner(key).find(engine, COUNTED)
    return {one.uid: one for one in found or () if mark in one.name or mark in one.words}


async def build(engine: DockerDriver, mark: str, query: dict[str, str]) -> None:
    """An image of one file whose name nobody else has, made by BuildKit."""
    # The old one says of its cache what was run, but not what was copied.
    step = f"RUN echo > /{mark}" if (await engine.about()).version.startswith("20.") else f"COPY {mark} /{mark}"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, text in (("Dockerfile", f"FROM busybox\n{step}\n"), (mark, secrets.token_hex(8))):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))

    async def pieces() -> AsyncIterator[bytes]:
        yield context.getvalue()

    call = Call("POST", ("build",), {"version": "2", **query}, content_type="application/x-tar", data=pieces())
    async for news in engine.stream(call):
        assert "error" not in news, news


async def there(engine: DockerDriver, *path: str) -> bool:
    """Whether the engine still has it."""
    try:
        await engine.call(Call("GET", path))
    except Missing:
        return False
    return True


async def test_stopped_containers(engine: DockerDriver) -> None:
    async with (
        made(engine, ("true",), start=False, Labels={"a": "b"}) as goes,
        made(engine, ("true",), start=False) as unticked,
        made(engine, ("sleep", "1000"), start=False) as starts,
    ):
        found = await cleaner("containers").find(engine, COUNTED)
        uids = {one.uid for one in found or ()}
        assert {goes.uid, unticked.uid, starts.uid} <= uids
        await engine.call(Call("POST", ("containers", starts.uid, "start")))
        async with made(engine, ("true",), start=False) as later:
            heard = Heard()
            words = await clean_up(engine, cleaner("containers"), {goes.uid, starts.uid}, heard)
            assert words.startswith("1 of 2 removed")
            assert not await there(engine, "containers", goes.uid, "json")
            for stays in (unticked, starts, later):
                assert await there(engine, "containers", stays.uid, "json")
            assert any("used again" in line for line, _ in heard.lines)
            assert not await shown(engine, "containers", goes.name)


async def test_unused_networks(engine: DockerDriver) -> None:
    mark = a_name()
    ids = {}
    for number, name in enumerate(("goes", "stays", "joined")):
        subnet = f"10.213.{secrets.randbelow(80) * 3 + number}.0/28"
        body = {"Name": f"{mark}-{name}", "IPAM": {"Config": [{"Subnet": subnet}]}}
        ids[name] = (await engine.call(Call("POST", ("networks", "create"), body=body)))["Id"]
    try:
        assert set(await shown(engine, "networks", mark)) == set(ids.values())
        # One that is not started counts as well: it would not start any more.
        async with made(engine, ("true",), start=False, HostConfig={"NetworkMode": f"{mark}-joined"}):
            words = await clean_up(engine, cleaner("networks"), {ids["goes"], ids["joined"]}, Heard())
            assert words == "1 of 2 removed"
            assert not await there(engine, "networks", ids["goes"])
            assert await there(engine, "networks", ids["stays"])
            assert await there(engine, "networks", ids["joined"])
    finally:
        for uid in ids.values():
            with suppress(ClusterError):
                await engine.call(Call("DELETE", ("networks", uid)))


async def test_unused_images_and_images_without_a_name(engine: DockerDriver) -> None:
    marks = [a_name() for _ in range(4)]
    goes, used, stays, unnamed = marks
    try:
        for mark in marks:
            await build(engine, mark, {"t": f"{mark}:1"})
        await engine.call(Call("POST", ("images", f"{goes}:1", "tag"), {"repo": goes, "tag": "2"}))
        found = {mark: await shown(engine, "images", mark) for mark in marks}
        assert [one.name for one in found[goes].values()] == [f"{goes}:1, {goes}:2"]
        chosen = {uid for mark in (goes, used) for uid in found[mark]}
        async with made(engine, ("true",), start=False, Image=f"{used}:1"):
            words = await clean_up(engine, cleaner("images"), chosen, Heard())
        assert words.startswith("1 of 2 removed")
        for tag, is_there in ((f"{goes}:1", False), (f"{goes}:2", False), (f"{used}:1", True), (f"{stays}:1", True)):
            assert await there(engine, "images", tag, "json") is is_there, tag
        # A newer build takes the name: what had it has none now.
        (old,) = found[unnamed]
        await build(engine, a_name(), {"t": f"{unnamed}:1"})
        dangling = await cleaner("dangling").find(engine, COUNTED)
        if old in {one.uid for one in dangling or ()}:  # the newest engines forget such an image by themselves
            await clean_up(engine, cleaner("dangling"), {old}, Heard())
        assert not await there(engine, "images", old, "json")
        assert await there(engine, "images", f"{unnamed}:1", "json")
    finally:
        for mark in marks:
            for tag in ("1", "2"):
                with suppress(ClusterError):
                    await engine.call(Call("DELETE", ("images", f"{mark}:{tag}"), {"force": "true"}))


async def test_a_name_that_went_over_to_another_image_meanwhile_stays(engine: DockerDriver) -> None:
    mark, other = a_name(), a_name()
    await build(engine, mark, {"t": f"{mark}:1"})
    try:
        (one,) = (await shown(engine, "images", mark)).values()
        await build(engine, other, {"t": f"{mark}:1"})  # after the list was made for the last time
        with suppress(Missing):  # the newest engines forget the old one by themselves
            await cleaner("images").remove(engine, one)
        assert await there(engine, "images", f"{mark}:1", "json")
    finally:
        with suppress(ClusterError):
            await engine.call(Call("DELETE", ("images", f"{mark}:1"), {"force": "true"}))


async def test_an_image_that_was_given_a_name_meanwhile_stays(engine: DockerDriver) -> None:
    mark = a_name()
    await build(engine, mark, {"t": f"{mark}:1"})
    try:
        (one,) = (await shown(engine, "images", mark)).values()
        await engine.call(Call("POST", ("images", f"{mark}:1", "tag"), {"repo": mark, "tag": "kept"}))
        with pytest.raises(Conflict, match=f"{mark}:kept"):
            await cleaner("images").remove(engine, one)
        assert await there(engine, "images", f"{mark}:1", "json")
    finally:
        for tag in ("1", "kept"):
            with suppress(ClusterError):
                await engine.call(Call("DELETE", ("images", f"{mark}:{tag}"), {"force": "true"}))


async def test_build_cache(engine: DockerDriver) -> None:
    goes, stays, later = a_name(), a_name(), a_name()
    try:
        for mark in (goes, stays):
            await build(engine, mark, {"t": f"{mark}:1"})
            await engine.call(Call("DELETE", ("images", f"{mark}:1"), {"force": "true"}))
        chosen = await shown(engine, "build-cache", goes)
        assert chosen, "the step that copied the file is in the cache"
        await build(engine, later, {"t": f"{later}:1"})
        await engine.call(Call("DELETE", ("images", f"{later}:1"), {"force": "true"}))
        words = await clean_up(engine, cleaner("build-cache"), set(chosen), Heard())
        assert words.startswith(f"{len(chosen)} of {len(chosen)} removed")
        assert not await shown(engine, "build-cache", goes)
        for mark in (stays, later):
            assert await shown(engine, "build-cache", mark)
    finally:
        for mark in (goes, stays, later):
            for one in (await shown(engine, "build-cache", mark)).values():
                with suppress(ClusterError):
                    await cleaner("build-cache").remove(engine, one)
            with suppress(ClusterError):
                await engine.call(Call("DELETE", ("images", f"{mark}:1"), {"force": "true"}))
