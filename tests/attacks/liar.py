"""A server that lies: answers that are weapons, each written straight to the line."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from clusters.drivers.docker import DockerDriver
from clusters.drivers.kubernetes.driver import KubernetesDriver
from tests.clusters.docker_engine import PONG, http
from tests.faults.scene import docker, kubernetes

MIB = 1 << 20
Writer = asyncio.StreamWriter


class Liar:
    """A server whose answer to everything but a ping is written by the test."""

    def __init__(self, answer: Callable[[Writer], Awaitable[None]]) -> None:
        self._answer = answer
        self.server: asyncio.Server

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b"/_ping" in head.split(b"\r\n", 1)[0]:
                    writer.write(PONG)
                    continue
                await self._answer(writer)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def lying(
    answer: Callable[[Writer], Awaitable[None]], folder: Path
) -> AsyncIterator[tuple[DockerDriver, KubernetesDriver]]:
    """Both drivers, in front of that liar."""
    liar = Liar(answer)
    unix = await asyncio.start_unix_server(liar.serve, folder / "liar.sock")
    tcp = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    drivers = docker(folder / "liar.sock"), kubernetes(f"http://127.0.0.1:{tcp.sockets[0].getsockname()[1]}")
    try:
        yield drivers
    finally:
        for driver in drivers:
            await driver.close()
        unix.close()
        tcp.close()


async def _gigabyte(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n[")
    for _ in range(1024):
        writer.write(b" " * MIB)
        await writer.drain()


async def _endless(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"40000\r\n" + b"[" * 0x40000 + b"\r\n")
        await writer.drain()


@functools.cache
def packed() -> bytes:
    """400 MiB of spaces. A piece at a time, so that what is measured afterwards is not its own making."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([packer.compress(b" " * MIB) for _ in range(400)]) + packer.flush()


async def _bomb(writer: Writer) -> None:
    body = packed()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
    )
    for start in range(0, len(body), 65536):
        writer.write(body[start : start + 65536])
        await writer.drain()


async def _deep(writer: Writer) -> None:
    writer.write(http(200, b"[" * 100_000 + b"]" * 100_000))


async def _deep_object(writer: Writer) -> None:
    writer.write(http(200, b'{"a":' * 100_000 + b"1" + b"}" * 100_000))


async def _headers(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    writer.write(b"".join(b"X-%d: y\r\n" % number for number in range(100_000)))
    writer.write(b"Content-Length: 2\r\n\r\n[]")


async def _long_header(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(20):
        writer.write(b"y" * MIB)
        await writer.drain()
    writer.write(b"\r\nContent-Length: 2\r\n\r\n[]")


async def _html(writer: Writer) -> None:
    writer.write(http(200, b"<html><script>alert(1)</script>"))


async def _status(writer: Writer) -> None:
    writer.write(b"HTTP/9.9 99999 <script>\r\n\r\n")


async def _elsewhere(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 307 X\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")


async def _upgraded(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: nonsense\r\nConnection: Upgrade\r\n\r\n\x00\x01\x02")
    await writer.drain()
    writer.close()


async def _nothing(writer: Writer) -> None:
    writer.close()


CURSED = [
    _gigabyte,
    _endless,
    _bomb,
    _deep,
    _deep_object,
    _headers,
    _long_header,
    _html,
    _status,
    _elsewhere,
    _upgraded,
    _nothing,
]
