"""Names to addresses, each checked before it is connected to."""

from __future__ import annotations

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from clusters.addresses import forbidden, literal
from clusters.errors import ClusterError, Invalid


class Resolver(AbstractResolver):
    """Names to addresses; what a name points at is checked, and then connected to without asking again."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Where that name leads. Raises OSError for an address that is never opened."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            address = literal(one["host"].partition("%")[0])
            if address is None or forbidden(address):
                raise _as_os_error(Invalid("That name points at an address that is never opened."))
        return found

    async def close(self) -> None:
        """Let go of it."""
        await self._inner.close()


def _as_os_error(error: ClusterError) -> OSError:
    """The client library understands a resolver's OSError only; ``connection_error`` finds ours beneath it."""
    wrapped = OSError(error.message)
    wrapped.__cause__ = error
    return wrapped
