"""A copy that the engine leaves in the middle never looks whole, and says so: files and images, out and in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Missing, Unreachable
from clusters.kinds.docker import image_files
from clusters.kinds.docker.files import ContainerFiles
from clusters.kinds.tar import BLOCK, one_file, to_the_end
from tests.clusters.docker_engine import Line, made, unix
from tests.clusters.heard import Heard
from tests.real import find_docker_socket

pytestmark = pytest.mark.docker
MIB = 1 << 20
FILLS = ("sh", "-c", "mkdir /w && dd if=/dev/urandom of=/w/big bs=1M count=64 2>/dev/null; touch /w/there; sleep 1000")


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    made_line = Line(tmp_path / "line.sock", find_docker_socket())
    await made_line.heal()
    yield made_line
    await made_line.cut()


@pytest_asyncio.fixture
async def driver(line: Line) -> AsyncIterator[DockerDriver]:
    one = unix(line.path)
    yield one
    await one.close()


async def _cut_after_the_first_pieces(pieces: AsyncIterator[bytes], line: Line) -> int:
    came = 0
    async for piece in pieces:
        came += len(piece)
        if came > 256 << 10:
            await line.cut()
    return came


async def _is_filled(driver: DockerDriver, uid: str) -> bool:
    try:
        return "there" in str(await ContainerFiles(driver, uid).look("/w"))
    except Missing:  # the folder itself is made a moment after the start
        return False


async def test_a_file_and_a_folder_that_are_cut_off_raise(driver: DockerDriver, line: Line) -> None:
    direct = unix(find_docker_socket())
    async with made(direct, FILLS) as one:
        async with asyncio.timeout(60):
            while not await _is_filled(direct, one.uid):
                await asyncio.sleep(0.2)
        for path in ("/w/big", "/w"):
            await line.heal()
            _, pieces = await ContainerFiles(driver, one.uid).open_file(path)
            with pytest.raises(ClusterError):
                await _cut_after_the_first_pieces(pieces, line)
    await direct.close()


async def test_an_image_that_is_cut_off_raises(driver: DockerDriver, line: Line) -> None:
    with pytest.raises(ClusterError):
        await _cut_after_the_first_pieces(image_files.save(driver, "busybox:latest"), line)


async def test_a_file_on_its_way_in_says_that_it_may_be_there_in_part(driver: DockerDriver, line: Line) -> None:
    async def data() -> AsyncIterator[bytes]:
        for number in range(64):
            yield os.urandom(MIB)
            if number == 4:
                await line.cut()
            await asyncio.sleep(0.01)

    direct = unix(find_docker_socket())
    async with made(direct) as one:
        with pytest.raises(Unreachable, match="in part"):
            await ContainerFiles(driver, one.uid).put_file("/", "big", 64 * MIB, data())
    await direct.close()


async def test_an_image_on_its_way_in_says_that_the_engine_was_lost(driver: DockerDriver, line: Line) -> None:
    async def data() -> AsyncIterator[bytes]:
        async for piece in one_file("layer.tar", 32 * MIB, _noise(32)):
            yield piece
            if len(piece) == MIB:
                await line.cut()
                await asyncio.sleep(0.01)

    with pytest.raises(Unreachable, match="middle of the file"):
        await image_files.load(driver, data(), 32 * MIB, Heard())


async def _noise(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield os.urandom(MIB)


async def test_an_archive_without_its_end_raises_however_politely_the_answer_ended() -> None:
    async def archive(*pieces: bytes) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    whole = [b"x" * BLOCK, bytes(BLOCK), bytes(BLOCK)]
    assert [piece async for piece in to_the_end(archive(*whole))] == whole
    for part in (whole[:1], whole[:2], []):
        with pytest.raises(ClusterError, match="in the middle"):
            _ = [piece async for piece in to_the_end(archive(*part))]


async def test_the_end_of_a_real_archive_is_known(driver: DockerDriver) -> None:
    async with made(driver, start=False) as one:
        pieces = driver.download(Call("GET", ("containers", one.uid, "archive"), {"path": "/etc"}))
        assert sum([len(piece) async for piece in to_the_end(pieces)]) > 0
    assert sum([len(piece) async for piece in image_files.save(driver, "busybox:latest")]) > MIB
