"""Files of a container: through the engine's archive, with hostile names, links, devices and archives."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.docker.files import ContainerFiles
from clusters.kinds.docker.volume_files import ROOT, way_into
from clusters.kinds.files import Listing, Preview, clean_path
from tests.clusters.docker_engine import a_name, made, now, unix
from tests.real import find_docker_socket, find_old_docker_socket

# A newline, an escape, quotes, text from right to left, a name of 250 letters; links out, in a circle; devices.
SCRIPT = r"""
mkdir -p /w/deep/er && cd /w
echo hello > plain.txt
printf 'a\033[31mred\033[0m\n' > escape.txt
printf 'x\0y' > binary
dd if=/dev/zero of=big bs=1M count=3 2>/dev/null
echo n > "$(printf 'new\nline')"; echo q > '"><img src=x>'; echo r > "$(printf '\342\200\256txt.exe')"
touch "$(printf 'n%.0s' $(seq 1 250))"
ln -s plain.txt near; ln -s ../../../../../../etc/hostname out; ln -s circle2 circle1; ln -s circle1 circle2
ln -s /w/deep folder-link; ln plain.txt second; mkfifo pipe; mknod null c 1 3
echo deep > deep/er/file
sleep 1000
"""


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


@pytest_asyncio.fixture
async def uid(driver: DockerDriver) -> AsyncIterator[str]:
    async with made(driver, ("sh", "-c", SCRIPT), HostConfig={"CapAdd": ["MKNOD"]}) as one:
        async with asyncio.timeout(20):
            while "file" not in str(await names_in(driver, one.uid, "/w/deep/er")):
                await asyncio.sleep(0.2)
        yield one.uid


async def names_in(driver: DockerDriver, uid: str, path: str) -> dict[str, str]:
    try:
        found = await ContainerFiles(driver, uid).look(path)
    except Missing:
        return {}
    assert isinstance(found, Listing)
    return {one.name: one.kind for one in found.entries}


@pytest.mark.docker
async def test_a_folder_is_listed_with_what_is_in_it_and_no_deeper(driver: DockerDriver, uid: str) -> None:
    names = await names_in(driver, uid, "/w")
    assert names["plain.txt"] == "file"
    assert names["deep"] == "folder"
    assert (names["near"], names["pipe"], names["null"]) == ("link", "pipe", "device")
    assert "er" not in names
    assert "n" * 250 in names
    assert "new\nline" in names
    root = await names_in(driver, uid, "/")
    assert {"bin", "etc", "w"} <= set(root)
    assert "plain.txt" not in root


@pytest.mark.docker
async def test_a_file_is_shown_as_text_and_what_it_says_is_never_obeyed(driver: DockerDriver, uid: str) -> None:
    plain = await ContainerFiles(driver, uid).look("/w/plain.txt")
    assert plain == Preview("/w/plain.txt", 6, "hello\n")
    shown = await ContainerFiles(driver, uid).look("/w/escape.txt")
    assert isinstance(shown, Preview)
    assert shown.text == "a␛[31mred␛[0m\n"


@pytest.mark.docker
@pytest.mark.parametrize(
    ("path", "why"),
    [("/w/big", "too large"), ("/w/binary", "not text"), ("/w/pipe", "a pipe"), ("/w/null", "a device")],
)
async def test_what_is_no_text_is_not_shown(driver: DockerDriver, uid: str, path: str, why: str) -> None:
    found = await ContainerFiles(driver, uid).look(path)
    assert isinstance(found, Preview)
    assert found.text is None
    assert why in found.why


@pytest.mark.docker
async def test_links_stay_inside_the_container(driver: DockerDriver, uid: str) -> None:
    near = await ContainerFiles(driver, uid).look("/w/near")
    assert isinstance(near, Preview)
    assert near.text == "hello\n"
    out = await ContainerFiles(driver, uid).look("/w/out")
    assert isinstance(out, Preview)
    assert (out.text or "").strip() == uid[:12]  # its own, not the machine's
    assert "er" in await names_in(driver, uid, "/w/folder-link")
    with pytest.raises(Conflict, match="circle"):
        await ContainerFiles(driver, uid).look("/w/circle1")


@pytest.mark.docker
@pytest.mark.parametrize(
    "path", ["/../../../../etc/hostname", "//etc//hostname", "/etc/./hostname", "/w/../etc/hostname"]
)
async def test_steps_back_stay_inside_the_container(driver: DockerDriver, uid: str, path: str) -> None:
    found = await ContainerFiles(driver, uid).look(path)
    assert isinstance(found, Preview)
    assert (found.text or "").strip() == uid[:12]


@pytest.mark.parametrize("path", ["", "etc", "/etc\0/x", "/" + "a" * 5000])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Invalid):
        clean_path(path)


@pytest.mark.docker
async def test_a_path_as_it_is_written_is_taken_as_it_is_written(driver: DockerDriver, uid: str) -> None:
    for path in ("/w/%2e%2e/etc", "/w/nothing?x=1&path=/etc", "/w/a\nb"):
        with pytest.raises(Missing):
            await ContainerFiles(driver, uid).look(path)


@pytest.mark.docker
async def test_a_file_comes_out_and_goes_in_byte_for_byte(driver: DockerDriver, uid: str) -> None:
    data = os.urandom(300_001)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 65_536):
            yield data[start : start + 65_536]

    await ContainerFiles(driver, uid).put_file("/w", "näme with space.bin", len(data), pieces())
    entry, content = await ContainerFiles(driver, uid).open_file("/w/näme with space.bin")
    assert entry.size == len(data)
    assert abs(entry.changed - time.time()) < 60
    assert b"".join([piece async for piece in content]) == data


@pytest.mark.docker
@pytest.mark.parametrize("which", ["docker", "docker-old"])
async def test_a_file_that_is_replaced_keeps_its_owner_and_mode(which: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"new"

    driver = unix(find_docker_socket() if which == "docker" else find_old_docker_socket())
    script = "mkdir /f; cd /f; echo old > own; chown 70:71 own; chmod 4750 own; ln -s own link; sleep 1000"
    try:
        async with made(driver, ("sh", "-c", script)) as one:
            async with asyncio.timeout(20):
                while "link" not in await _names_or_none(driver, one.uid):
                    await asyncio.sleep(0.1)
            for name in ("own", "fresh", "link"):
                await ContainerFiles(driver, one.uid).put_file("/f", name, 3, pieces())
            for name, kept in (("own", (0o750, (70, 71))), ("fresh", (0o644, (0, 0))), ("link", (0o644, (0, 0)))):
                entry, content = await ContainerFiles(driver, one.uid).open_file(f"/f/{name}")
                assert (entry.mode, entry.owner) == kept, name
                assert b"".join([piece async for piece in content]) == b"new"
    finally:
        await driver.close()


async def _names_or_none(driver: DockerDriver, uid: str) -> set[str]:
    try:
        return set(await names_in(driver, uid, "/f"))
    except ClusterError:
        return set()


@pytest.mark.docker
async def test_a_folder_comes_out_as_the_archive_it_is(driver: DockerDriver, uid: str) -> None:
    _, content = await ContainerFiles(driver, uid).open_file("/w/deep")
    whole = io.BytesIO(b"".join([piece async for piece in content]))
    with tarfile.open(fileobj=whole) as archive:
        assert "deep/er/file" in archive.getnames()


@pytest.mark.docker
@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/x", "a/b", "a\0b", "a\nb", "ä" * 200])
async def test_a_name_that_could_climb_is_not_put_in(driver: DockerDriver, uid: str, name: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(Invalid):
        await ContainerFiles(driver, uid).put_file("/w", name, 1, pieces())


@pytest.mark.docker
async def test_a_folder_that_is_not_there_takes_nothing(driver: DockerDriver, uid: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(ClusterError):
        await ContainerFiles(driver, uid).put_file("/w/nowhere", "x", 1, pieces())


@pytest.mark.docker
async def test_a_container_that_does_not_run_can_be_looked_into(driver: DockerDriver) -> None:
    async with made(driver, start=False) as one:
        assert "bin" in await names_in(driver, one.uid, "/")


@pytest.mark.docker
async def test_a_volume_is_looked_into_and_put_into_through_a_container_that_never_runs(driver: DockerDriver) -> None:
    volume = a_name()
    await driver.call(Call("POST", ("volumes", "create"), body={"Name": volume}))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"kept"

    try:
        async with way_into(driver, volume, write=True) as name:
            await ContainerFiles(driver, name).put_file(f"{ROOT}/", "note", 4, pieces())
            assert (await now(driver, name)).state.status == "created"
        async with made(driver, ("ln", "-s", "/etc/passwd", "/v/out"), HostConfig={"Binds": [f"{volume}:/v"]}):
            pass
        async with way_into(driver, volume, write=False) as name:
            found = await ContainerFiles(driver, name, ROOT).look("/")
            assert isinstance(found, Listing)
            assert found.path == "/"
            assert "note" in {one.name for one in found.entries}
            note = await ContainerFiles(driver, name, ROOT).look("/note")
            assert isinstance(note, Preview)
            assert (note.path, note.text) == ("/note", "kept")
            with pytest.raises(Conflict, match="out of the volume"):
                await ContainerFiles(driver, name, ROOT).look("/out")
            with pytest.raises(Missing):
                await ContainerFiles(driver, name, ROOT).look("/../etc/passwd")
            with pytest.raises(ClusterError):
                await ContainerFiles(driver, name).put_file(ROOT, "more", 4, pieces())
        with pytest.raises(Missing):
            await now(driver, name)
    finally:
        await driver.call(Call("DELETE", ("volumes", volume), {"force": "true"}))
