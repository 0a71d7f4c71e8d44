"""Streams that lie: frames of a log that are none, and a terminal that is none."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
import tracemalloc
from pathlib import Path

import pytest

from clusters.drivers.base import LogOptions, LogSource
from clusters.drivers.docker.watch import versioned
from clusters.errors import ClusterError
from clusters.kinds.docker.container_model import Container
from tests.clusters.docker_engine import PONG, Pretender, http
from tests.faults.scene import docker

MIB = 1 << 20


@pytest.mark.parametrize(
    "stream",
    [
        struct.pack(">BxxxI", 1, 0xFFFFFFFF) + b"x" * 100_000,
        struct.pack(">BxxxI", 9, 4) + b"boo!",
        b"\xff" * 50_000,
        (struct.pack(">BxxxI", 1, 5) + b"2026 ") * 20_000,
    ],
)
async def test_log_frames_that_lie_about_their_length_end_in_words(stream: bytes, tmp_path: Path) -> None:
    inspected = http(200, b'{"Id":"a","Name":"/a","Config":{"Tty":false},"State":{"Status":"running"}}')
    body = http(200, stream, Content_Type="application/vnd.docker.raw-stream")
    async with Pretender(tmp_path / "engine.sock", {"_ping": PONG, "/logs": body, "/json": inspected}):
        driver = docker(tmp_path / "engine.sock")
        container = versioned(inspected.split(b"\r\n\r\n", 1)[1], Container)
        assert isinstance(container, Container)
        tracemalloc.start()
        try:
            async with asyncio.timeout(8):
                with contextlib.suppress(ClusterError):
                    async for chunk in driver.logs(LogSource(container, "container"), LogOptions(follow=False)):
                        assert all(len(text) < 20_000 for _, _, text in chunk.lines)
            assert tracemalloc.get_traced_memory()[1] < 50 * MIB
        finally:
            tracemalloc.stop()
            await driver.close()


async def test_a_terminal_that_is_no_terminal_is_an_error_with_words(tmp_path: Path) -> None:
    inspected = b'{"Id":"a","Name":"/a","Config":{},"State":{"Status":"running"}}'
    answers = {"_ping": PONG, "/exec": http(201, b'{"Id":"b"}'), "/start": b"HTTP/1.1 101 NO\r\nUpgrade: tea\r\n\r\n\x00\xff" * 3, "/json": http(200, inspected)}  # fmt: skip
    async with Pretender(tmp_path / "engine.sock", answers):
        driver = docker(tmp_path / "engine.sock")
        container = versioned(inspected, Container)
        began = time.monotonic()
        with contextlib.suppress(ClusterError):
            shell = await driver.shell(LogSource(container, "container"))
            async with asyncio.timeout(5):
                with contextlib.suppress(ClusterError):
                    async for data in shell.output():
                        assert len(data) < MIB
            with contextlib.suppress(ClusterError):
                await shell.close()
        assert time.monotonic() - began < 20
        await driver.close()
