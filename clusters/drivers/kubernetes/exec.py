"""Programs in a container, over the websocket of exec: v5 of its protocol where the cluster has it, else v4."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import msgspec

from clusters.drivers.base import LogSource
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.drivers.kubernetes.errors import Busy, Status
from clusters.drivers.kubernetes.paths import collection
from clusters.errors import ClusterError, Invalid, Missing, Unreachable, Unsupported

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
ANSWER = 10.0  # seconds
SEND = 10.0
HEARTBEAT = 20.0  # of terminals
NOT_RUNNING = "The container does not run, so nothing can be opened in it."
NOT_RUNNING_HINT = "Its logs and events tell why. What is tried here again works as soon as it runs."
_EXIT = re.compile(r"exit code (\d{1,5})")


async def run(server: ApiServer, source: LogSource, command: Sequence[str]) -> tuple[bytes, str]:
    """What a short program prints (at most 64 KiB) and how it ended."""
    socket = await open_exec(server, source, command)
    said, ended = b"", ""
    try:
        async with asyncio.timeout(ANSWER):
            async for channel, data in frames(socket):
                if channel == STDOUT and len(said) < 65536:
                    said += data
                elif channel == ERROR:
                    ended = words(data)
    except TimeoutError as error:
        raise Unreachable("The container does not answer.", hint="It may be busy or stopped.") from error
    finally:
        await socket.close()
    return said, ended


async def open_exec(
    server: ApiServer, source: LogSource, command: Sequence[str], *, stdin: bool = False, terminal: bool = False
) -> aiohttp.ClientWebSocketResponse:
    """Start a program. Raises Missing where the container does not run."""
    pod = (*collection("v1/pods", source.resource.namespace), source.resource.name)
    query = [("command", word) for word in command]
    query += [("stdout", "true"), ("tty", "true") if terminal else ("stderr", "true")]
    query += [("stdin", "true")] if stdin or terminal else []
    if source.container:
        query.append(("container", source.container))
    try:
        socket = await server.websocket((*pod, "exec"), query, PROTOCOLS, heartbeat=HEARTBEAT if terminal else None)
    except Invalid as error:
        raise Missing(NOT_RUNNING, detail=error.detail) from error
    except Busy as error:
        raise await _why_not(server, pod, source.container, error) from error
    if socket.protocol not in PROTOCOLS:
        await socket.close()
        raise Unsupported("This cluster's terminals are too old for us.", detail=f"protocol {socket.protocol}")
    return socket


async def _why_not(server: ApiServer, pod: Sequence[str], container: str, error: Busy) -> ClusterError:
    """A node answers in one way where it is lost and where the container does not run: the pod itself tells which."""
    with suppress(ClusterError):
        tree = await server.json("GET", pod, within=ANSWER)
        for one in _statuses(tree):
            state = one.get("state") or {}
            if one.get("name") == container or not container:
                if "running" in state:
                    break
                said = next((about.get("reason", "") for about in state.values() if isinstance(about, dict)), "")
                return Missing(NOT_RUNNING, hint=NOT_RUNNING_HINT, detail=f"{one.get('name')}: {said or 'not started'}")
    return error


def _statuses(tree: Any) -> Iterator[dict[str, Any]]:
    status = (tree.get("status") if isinstance(tree, dict) else None) or {}
    for name in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        yield from (one for one in status.get(name) or () if isinstance(one, dict))


async def frames(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[tuple[int, bytes]]:
    """Channel and bytes of each frame, until the other side is through."""
    async for message in socket:
        data = message.data
        if message.type is aiohttp.WSMsgType.TEXT:
            data = data.encode()
        elif message.type is not aiohttp.WSMsgType.BINARY:
            break
        if data:
            yield data[0], data[1:]


async def send(socket: aiohttp.ClientWebSocketResponse, channel: int, data: bytes) -> None:
    """One frame. Raises Unreachable."""
    try:
        await asyncio.wait_for(socket.send_bytes(bytes([channel]) + data), SEND)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unreachable("The terminal's connection is gone.", detail=str(error)) from error


def words(data: bytes) -> str:
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
