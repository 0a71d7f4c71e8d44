"""A folder of a container as the container itself lists it: without reading what is in its files."""

from __future__ import annotations

import asyncio

import pytest

from clusters.drivers.docker import DockerDriver
from clusters.kinds import files
from clusters.kinds.docker.files import ContainerFiles
from clusters.kinds.docker.files_inside import list_inside
from clusters.kinds.files import Listing
from clusters.kinds.files_listed import entries
from tests.clusters.docker_engine import made, unix
from tests.clusters.test_docker_files import SCRIPT, driver, names_in, uid
from tests.real import find_docker_socket, find_old_docker_socket

__all__ = ["driver", "uid"]  # the fixtures


LARGE = "mkdir /w && cd /w && dd if=/dev/zero of=big bs=1M count=600 2>/dev/null; sleep 1000"


@pytest.mark.docker
@pytest.mark.parametrize("which", ["docker", "docker-old"])
async def test_a_large_folder_is_listed_whole_without_reading_what_is_in_it(which: str) -> None:
    driver = unix(find_docker_socket() if which == "docker" else find_old_docker_socket())
    try:
        async with made(driver, ("sh", "-c", f"{SCRIPT.replace('/w', '/v').replace('sleep 1000', '')}{LARGE}")) as one:
            async with asyncio.timeout(60):
                while (await _size(driver, one.uid, "/w/big")) != 600 << 20:
                    await asyncio.sleep(0.5)
            began = asyncio.get_running_loop().time()
            found = await ContainerFiles(driver, one.uid).look("/")
            took = asyncio.get_running_loop().time() - began
            assert isinstance(found, Listing)
            assert not found.cut
            assert {"bin", "v", "w", "etc"} <= {one.name for one in found.entries}
            assert took < 4  # half a second, and what an engine that others use takes to answer
    finally:
        await driver.close()


async def _size(driver: DockerDriver, uid: str, path: str) -> int:
    found = await list_inside(driver, uid, path.rpartition("/")[0])
    return next((one.size for one in found[0] if one.name == path.rpartition("/")[2]), 0) if found else 0


@pytest.mark.docker
async def test_what_the_container_says_of_a_folder_is_what_its_archive_says(driver: DockerDriver, uid: str) -> None:
    asked = await list_inside(driver, uid, "/w")
    read = await ContainerFiles(driver, uid).look("/w")
    assert asked is not None
    assert asked[1]
    assert isinstance(read, Listing)
    told = sorted((one.name, one.kind, one.size, one.mode, one.target) for one in asked[0])
    # Of two names of one file an archive has the size once.
    assert told == sorted(
        (one.name, one.kind, 6 if one.same else one.size, one.mode, one.target) for one in read.entries
    )


@pytest.mark.docker
async def test_where_nothing_can_be_asked_the_archive_is_read(
    driver: DockerDriver, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALL_SECONDS", 0.0)
    async with made(driver, start=False) as stopped:
        assert await list_inside(driver, stopped.uid, "/") is None
        assert "bin" in await names_in(driver, stopped.uid, "/")
    assert await list_inside(driver, uid, "/w/plain.txt") == ([], False)


def test_names_that_look_like_entries_are_names() -> None:
    mark = "\n:secret:"
    text = f"{mark} 81a4 5 1700000000 ./a\n:guess: 41ed 0 0 fake{mark}>x{mark} zz 1 1 ./wrong{mark} 81a4 1 0 ./../up"
    found = list(entries(text, mark))
    assert [(one.name, one.kind, one.size) for one in found] == [("a\n:guess: 41ed 0 0 fake", "file", 5)]
