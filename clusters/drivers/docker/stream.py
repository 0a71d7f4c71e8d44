"""Answers that are a stream of JSON objects: the progress of a pull, a push or a build."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import msgspec

from clusters.drivers.base import Call
from clusters.drivers.body import pieces
from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import not_docker
from clusters.registries.sign_in import auth_header, config_header

_OBJECT_LIMIT = 4 << 20  # bytes


async def json_stream(client: EngineClient, call: Call) -> AsyncIterator[Mapping[str, Any]]:
    """Each object as it comes. An error inside the stream is the caller's to read: it is an object like the others."""
    begins = max(call.timeout, 30.0)
    headers = {} if call.data is None else {"Content-Type": call.content_type}
    if call.registry:
        headers["X-Registry-Auth"] = await auth_header(call.registry)
    if call.registries:
        headers["X-Registry-Config"] = await config_header(call.registries)
    async with client.open(
        call.method, call.path, call.query, call.body, begins_within=begins, headers=headers, data=call.data
    ) as response:
        rest = bytearray()
        async for chunk in pieces(response):
            rest += chunk
            *lines, rest = rest.split(b"\n")
            if len(rest) > _OBJECT_LIMIT:
                raise not_docker("an object without an end")
            for line in lines:
                if (found := _object(line)) is not None:
                    yield found
        if (found := _object(rest)) is not None:
            yield found


async def byte_stream(client: EngineClient, call: Call) -> AsyncGenerator[bytes, None]:
    """The body of an answer as it comes, however large."""
    async with client.open(call.method, call.path, call.query, call.body, begins_within=call.timeout) as response:
        async for chunk in pieces(response):
            yield chunk


def _object(line: bytes | bytearray) -> Mapping[str, Any] | None:
    if not line.strip():
        return None
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_docker(str(error)) from error
    return found if isinstance(found, dict) else None
