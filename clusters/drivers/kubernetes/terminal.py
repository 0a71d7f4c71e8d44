"""A terminal in a container: the best shell that is there, and all that is started from it ended with it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import msgspec

from clusters.drivers.base import LogSource
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.exec import (
    CLOSE,
    ERROR,
    PROTOCOLS,
    RESIZE,
    STDERR,
    STDIN,
    STDOUT,
    frames,
    open_exec,
    run,
    send,
    words,
)
from clusters.errors import ClusterError, Unsupported

SHELLS = ("sh", "/bin/sh", "/busybox/sh", "/bin/bash", "/bin/ash")
PROBE = "command -v bash || command -v ash || command -v sh; id -un 2>/dev/null || id -u"
# The mark is inherited by all that is started from the terminal, so that all of it can be ended with it.
START = 'TERM=xterm-256color PILOTHOUSE_TERMINAL="$1"; export TERM PILOTHOUSE_TERMINAL; exec "$0"'
HANG_UP = (
    "for one in /proc/[0-9]*; do "
    'grep -q "PILOTHOUSE_TERMINAL=$1" "$one/environ" 2>/dev/null && kill -HUP "${one#/proc/}" 2>/dev/null; done; exit 0'
)
GOODBYE = 3.0  # seconds
_PROGRAM = re.compile(r"/[A-Za-z0-9/._-]{1,200}")
_USER = re.compile(r"[A-Za-z0-9._-]{1,60}")


class KubernetesShell:
    """An open terminal."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, program: str, user: str, hang_up: Callable[[], Awaitable[Any]]
    ) -> None:
        self._socket, self._hang_up = socket, hang_up
        self._ended = ""
        self.program, self.user = program, user

    async def output(self) -> AsyncIterator[bytes]:
        """Bytes as they come; ends when the program ends."""
        async for channel, data in frames(self._socket):
            if channel in (STDOUT, STDERR):
                yield data
            elif channel == ERROR:
                self._ended = words(data)
        self._ended = self._ended or "the line to its container was cut, and what was started there may still run"

    async def write(self, data: bytes) -> None:
        """Send what was typed."""
        await send(self._socket, STDIN, data)

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the program the size of the window."""
        size = {"Width": max(1, min(columns, 500)), "Height": max(1, min(rows, 500))}
        await send(self._socket, RESIZE, msgspec.json.encode(size))

    async def close(self) -> str:
        """Close it for good and say how it ended."""
        if not self._ended:
            await self._say_goodbye()
        await self._socket.close()
        return self._ended or "closed"

    async def _say_goodbye(self) -> None:
        """End the program, which the cluster would leave running for ever; its input too, where v5 can say that."""
        self._ended = "closed"
        with suppress(ClusterError, TimeoutError):
            if self._socket.protocol == PROTOCOLS[0]:
                await send(self._socket, CLOSE, bytes([STDIN]))
            await asyncio.wait_for(self._hang_up(), GOODBYE)


async def open_shell(server: ApiServer, source: LogSource, command: Sequence[str] = ()) -> KubernetesShell:
    """Open a terminal; without a command the best shell is found. Raises Unsupported when there is none."""
    program, user = (command[0], "") if command else await _find(server, source)
    mark = secrets.token_hex(8)

    async def hang_up() -> None:
        if not command:
            await run(server, source, (program, "-c", HANG_UP, program, mark))

    line = tuple(command) or (program, "-c", START, program, mark)
    return KubernetesShell(await open_exec(server, source, line, terminal=True), program, user, hang_up)


async def _find(server: ApiServer, source: LogSource) -> tuple[str, str]:
    """The best shell and who we are in it."""
    for shell in SHELLS:
        said, ended = await run(server, source, (shell, "-c", PROBE))
        lines = said.decode(errors="replace").split()
        if ended == "exit 0" and lines:
            program = lines[0] if _PROGRAM.fullmatch(lines[0]) else shell
            user = lines[-1] if len(lines) > 1 and _USER.fullmatch(lines[-1]) else ""
            return program, user
    raise Unsupported(
        "There is no shell in this container.",
        hint="Many small images have none. Its logs still tell what it does; a debug container can be put beside it.",
    )
