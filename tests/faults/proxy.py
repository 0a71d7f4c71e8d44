"""A line of our own between a driver and a real (or pretended) cluster, that can be made to misbehave.

What it does to a connection is decided by ``mode`` at each piece of data, so that it can change in the middle of an
answer. ``carried`` keeps the first line of every request that went through.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

Mode = Literal["pass", "stall", "cut", "reset", "garbage", "slow"]
Address = Path | tuple[str, int]  # a unix socket, or host and port
PIECE = 64 << 10
GARBAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 29\r\n\r\n<html>It works!\xff\xfe\x00</html>\r\n\r\n"


class Proxy:
    """Used with ``async with``; listens at ``here`` (a TCP port of 0 is chosen) and leads to ``there``.

    ``cut``: the answer ends after ``after`` bytes, in order. ``reset``: the same, with a reset. ``stall``: nothing is
    carried and nothing is closed. ``garbage``: something else answers. ``slow``: ``rate`` bytes a second, per
    connection.
    """

    def __init__(self, here: Address, there: Address) -> None:
        self.here, self.there = here, there
        self.mode: Mode = "pass"
        self.after = 300
        self.rate = 8192
        self.carried: list[str] = []
        self._moved = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.vanish()

    def be(self, mode: Mode) -> None:
        """From now on, also for what is open."""
        self.mode = mode
        self._moved.set()
        self._moved = asyncio.Event()

    async def listen(self) -> None:
        """Take connections."""
        if isinstance(self.here, Path):
            self._server = await asyncio.start_unix_server(self._carry, self.here)
        else:
            self._server = await asyncio.start_server(self._carry, *self.here)
            self.here = self._server.sockets[0].getsockname()[:2]

    async def vanish(self) -> None:
        """As if the program behind it was killed: everything open is reset, nobody listens any longer."""
        if self._server is not None:
            self._server.close()
        if isinstance(self.here, Path):
            self.here.unlink(missing_ok=True)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            if isinstance(self.there, Path):
                far_reader, far = await asyncio.open_unix_connection(self.there)
            else:
                far_reader, far = await asyncio.open_connection(*self.there)
            await self._both(self._up(reader, far), self._down(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # the line broke, or the test is over
        finally:
            self._tasks.discard(task)
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()

    async def _both(self, *ways: Awaitable[None]) -> None:
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _up(self, reader: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
        while data := await reader.read(PIECE):
            await self._while_stalled()
            line = data.split(b"\r\n", 1)[0]
            if b" HTTP/1." in line:
                self.carried.append(line.decode("latin-1"))
            far.write(data)
            await far.drain()
        far.write_eof()
        await asyncio.sleep(3600)  # what is still coming back decides when this ends

    async def _down(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await far.read(PIECE):
            await self._while_stalled()
            match self.mode:
                case "cut" | "reset":
                    writer.write(data[: self.after])
                    with contextlib.suppress(OSError):
                        await writer.drain()
                    if self.mode == "reset":
                        _reset(writer)
                    else:
                        writer.close()
                    return
                case "garbage":
                    writer.write(GARBAGE)
                    await writer.drain()
                    writer.close()
                    return
                case "slow":
                    for start in range(0, len(data), 1024):
                        writer.write(data[start : start + 1024])
                        await writer.drain()
                        await asyncio.sleep(1024 / self.rate)
                case _:
                    writer.write(data)
                    await writer.drain()

    async def _while_stalled(self) -> None:
        while self.mode == "stall":
            await self._moved.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an end, where there is such a thing (TCP)."""
    handle = writer.get_extra_info("socket")
    if handle is not None and handle.family != socket.AF_UNIX:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def soon(right: Callable[[], object], within: float = 10.0, what: str = "") -> float:
    """Wait until it is so; the seconds that took. Fails when it is not so in time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not right():
        assert loop.time() - began < within, what or "it did not come about in time"
        await asyncio.sleep(0.02)
    return loop.time() - began
