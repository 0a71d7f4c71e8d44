"""A program in a container without a terminal: its output as it comes, its input, how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import aiohttp
import msgspec

from clusters.drivers.base import LogSource
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.drivers.kubernetes.errors import Status
from clusters.drivers.kubernetes.exec import (
    CLOSE,
    ERROR,
    PROTOCOLS,
    STDERR,
    STDIN,
    STDOUT,
    frames,
    open_exec,
    send,
    words,
)
from clusters.errors import ClusterError, Conflict, Unreachable, Unsupported

PIECE = 32 << 10  # bytes of one frame
MOST_ERRORS = 8 << 10  # bytes that are kept of what it says went wrong


class KubernetesProgram:
    """One that runs."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, name: str) -> None:
        self._socket, self._name = socket, name
        self._said = bytearray()
        self.ends_input = socket.protocol == PROTOCOLS[0]
        self.ended = ""

    @property
    def errors(self) -> str:
        """What it said went wrong."""
        return self._said.decode(errors="replace")

    async def output(self) -> AsyncIterator[bytes]:
        """What it prints, until it ends. Raises Unsupported where the image has no such program."""
        async for channel, data in frames(self._socket):
            if channel == STDOUT and data:
                yield data
            elif channel == STDERR:
                self._said += data[: MOST_ERRORS - len(self._said)]
            elif channel == ERROR:
                self.ended = words(data)
                if not self.ended.startswith("exit "):
                    raise _not_started(data, self._name)
        if not self.ended:
            raise Unreachable("The connection to the container was cut.")

    async def write(self, data: bytes) -> None:
        """Give it input."""
        for start in range(0, len(data), PIECE):
            await send(self._socket, STDIN, data[start : start + PIECE])

    async def end_input(self) -> None:
        """Say that there is no more; only where ``ends_input``."""
        await send(self._socket, CLOSE, bytes([STDIN]))

    async def close(self) -> None:
        """Let go of it. What still writes to us is ended by that."""
        await self._socket.close()


async def start(
    server: ApiServer, source: LogSource, command: Sequence[str], *, takes_input: bool
) -> KubernetesProgram:
    """Start it."""
    return KubernetesProgram(await open_exec(server, source, command, stdin=takes_input), command[0])


def _not_started(data: bytes, name: str) -> ClusterError:
    try:
        detail = msgspec.json.decode(data, type=Status).message or ""
    except MALFORMED:
        detail = ""
    if "not found" in detail or "no such file" in detail:
        return Unsupported(f"There is no program “{name}” in this container.", detail=detail)
    return Conflict("The container does not start a program now.", hint="See whether it runs.", detail=detail)
