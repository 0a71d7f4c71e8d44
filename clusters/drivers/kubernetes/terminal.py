"""A terminal in a container, over the websocket of exec: v5 of its protocol where the cluster has it, else v4."""

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
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.drivers.kubernetes.errors import Status
from clusters.drivers.kubernetes.paths import collection
from clusters.errors import ClusterError, Invalid, Missing, Unreachable, Unsupported

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
SHELLS = ("sh", "/bin/sh", "/busybox/sh", "/bin/bash", "/bin/ash")
PROBE = "command -v bash || command -v ash || command -v sh; id -un 2>/dev/null || id -u"
# The mark is inherited by all that is started from the terminal, so that all of it can be ended with it.
START = 'TERM=xterm-256color PILOTHOUSE_TERMINAL="$1"; export TERM PILOTHOUSE_TERMINAL; exec "$0"'
HANG_UP = (
    "for one in /proc/[0-9]*; do "
    'grep -q "PILOTHOUSE_TERMINAL=$1" "$one/environ" 2>/dev/null && kill -HUP "${one#/proc/}" 2>/dev/null; done; exit 0'
)
ANSWER = 10.0  # seconds
GOODBYE = 3.0
SEND = 10.0
_PROGRAM = re.compile(r"/[A-Za-z0-9/._-]{1,200}")
_USER = re.compile(r"[A-Za-z0-9._-]{1,60}")
_EXIT = re.compile(r"exit code (\d{1,5})")


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
        async for channel, data in _frames(self._socket):
            if channel in (STDOUT, STDERR):
                yield data
            elif channel == ERROR:
                self._ended = _words(data)
        self._ended = self._ended or "connection closed"

    async def write(self, data: bytes) -> None:
        """Send what was typed."""
        await _send(self._socket, STDIN, data)

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the program the size of the window."""
        size = {"Width": max(1, min(columns, 500)), "Height": max(1, min(rows, 500))}
        await _send(self._socket, RESIZE, msgspec.json.encode(size))

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
                await _send(self._socket, CLOSE, bytes([STDIN]))
            await asyncio.wait_for(self._hang_up(), GOODBYE)


async def open_shell(server: ApiServer, source: LogSource, command: Sequence[str] = ()) -> KubernetesShell:
    """Open a terminal; without a command the best shell is found. Raises Unsupported when there is none."""
    program, user = (command[0], "") if command else await _find(server, source)
    mark = secrets.token_hex(8)

    async def hang_up() -> None:
        if not command:
            await run(server, source, (program, "-c", HANG_UP, program, mark))

    words = tuple(command) or (program, "-c", START, program, mark)
    return KubernetesShell(await _exec(server, source, words, terminal=True), program, user, hang_up)


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


async def run(server: ApiServer, source: LogSource, command: Sequence[str]) -> tuple[bytes, str]:
    """What a short program prints (at most 64 KiB) and how it ended."""
    socket = await _exec(server, source, command, terminal=False)
    said, ended = b"", ""
    try:
        async with asyncio.timeout(ANSWER):
            async for channel, data in _frames(socket):
                if channel == STDOUT and len(said) < 65536:
                    said += data
                elif channel == ERROR:
                    ended = _words(data)
    except TimeoutError as error:
        raise Unreachable("The container does not answer.", hint="It may be busy or stopped.") from error
    finally:
        await socket.close()
    return said, ended


async def _exec(
    server: ApiServer, source: LogSource, command: Sequence[str], *, terminal: bool
) -> aiohttp.ClientWebSocketResponse:
    path = (*collection("v1/pods", source.resource.namespace), source.resource.name, "exec")
    query = [("command", word) for word in command]
    query += [("stdout", "true"), *([("stdin", "true"), ("tty", "true")] if terminal else [("stderr", "true")])]
    if source.container:
        query.append(("container", source.container))
    try:
        socket = await server.websocket(path, query, PROTOCOLS)
    except Invalid as error:
        raise Missing("The container does not run, so nothing can be opened in it.", detail=error.detail) from error
    if socket.protocol not in PROTOCOLS:
        await socket.close()
        raise Unsupported("This cluster's terminals are too old for us.", detail=f"protocol {socket.protocol}")
    return socket


async def _frames(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[tuple[int, bytes]]:
    async for message in socket:
        data = message.data
        if message.type is aiohttp.WSMsgType.TEXT:
            data = data.encode()
        elif message.type is not aiohttp.WSMsgType.BINARY:
            break
        if data:
            yield data[0], data[1:]


async def _send(socket: aiohttp.ClientWebSocketResponse, channel: int, data: bytes) -> None:
    try:
        await asyncio.wait_for(socket.send_bytes(bytes([channel]) + data), SEND)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unreachable("The terminal's connection is gone.", detail=str(error)) from error


def _words(data: bytes) -> str:
    """How a program ended, from the Status on the error channel."""
    try:
        status = msgspec.json.decode(data, type=Status)
    except MALFORMED:
        return "ended"
    if status.status == "Success":
        return "exit 0"
    for cause in (status.details and status.details.causes) or ():
        if cause.reason == "ExitCode" and (cause.message or "").isdigit():
            return f"exit {cause.message}"
    found = _EXIT.search(status.message or "")
    return f"exit {found[1]}" if found else " ".join((status.message or "ended").split())[:200]
