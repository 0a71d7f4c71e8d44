"""Connections that leave HTTP: after the engine agreed they carry whatever both sides speak."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import answer_error, connection_error

_PATIENCE = 10.0  # seconds
_ANSWER_LIMIT = 64 << 10


async def upgrade(
    client: EngineClient,
    path: tuple[str, ...],
    protocol: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """POST there, on a connection of its own, and go on in that protocol. The headers are ours: nobody typed them."""
    target = await client.target(path)
    reader, writer = await client.raw()
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: docker",
        "User-Agent: pilothouse",
        "Connection: Upgrade",
        f"Upgrade: {protocol}",
        *(f"{name}: {value}" for name, value in headers),
        *(("Content-Type: application/json", f"Content-Length: {len(body)}") if body else ()),
    ]
    try:
        async with asyncio.timeout(_PATIENCE):
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer.split(b" ", 2)[1])
            if status not in (101, 200):
                raise answer_error(status, await reader.read(_ANSWER_LIMIT))
    except (OSError, TimeoutError, ValueError, IndexError, EOFError, asyncio.LimitOverrunError) as error:
        writer.close()
        raise connection_error(error, client.endpoint) from error
    except BaseException:
        writer.close()
        raise
    return reader, writer
