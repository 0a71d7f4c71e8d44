"""The body of an HTTP answer, as it comes and bounded, that ends for certain when its connection does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from clusters.errors import TooLarge

LOOK_EVERY = 2.0  # seconds of silence after which we see whether the connection still stands


async def pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body in whatever pieces it comes. Raises the client library's errors, or TimeoutError.

    The library closes a connection that breaks the rules in the middle of a body without a word to who reads it, who
    would wait for ever: so we look at the connection in every silence.
    """
    while True:
        try:
            async with asyncio.timeout(LOOK_EVERY) as silence:
                data = await response.content.readany()
        except TimeoutError:
            if not silence.expired():
                raise
            if not _stands(response):
                raise aiohttp.ClientPayloadError("the connection broke in the middle of the answer") from None
            continue
        except RuntimeError as error:  # how the library says that its own side was closed between two reads
            raise aiohttp.ClientConnectionError(str(error)) from error
        if not data:
            return
        yield data


async def whole(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """All of the body. Raises TooLarge when it is larger than ``limit`` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in pieces(response):
        size += len(part)
        if size > limit:
            parts.clear()  # the error is kept for as long as it is shown, and this frame with it
            raise TooLarge("The answer is too large.", detail=f"more than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def _stands(response: aiohttp.ClientResponse) -> bool:
    if response.content.is_eof() or response.content.exception() is not None:
        return True  # the next read tells
    transport = response.connection.transport if response.connection is not None else None
    return transport is not None and not transport.is_closing()
