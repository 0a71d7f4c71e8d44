"""HTTP towards one registry: each address checked when it is connected to, sizes and times limited, no redirects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from clusters.addresses import Address, forbidden, is_public
from clusters.registries.errors import ForbiddenAddress, connection_error
from clusters.registries.way import Way, tls_context

# Imported when something is first sent: a fifth of the time to start would go into what most never use.
if TYPE_CHECKING:
    import aiohttp

CONNECT, WITHIN = 5.0, 15.0  # seconds


class Answer:
    """A whole answer: its status, its headers (names small) and its body."""

    def __init__(self, status: int, headers: Mapping[str, list[str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def header(self, name: str) -> str:
        """The first of that name, or ""."""
        return self.headers.get(name, [""])[0]


class Transport:
    """Opens when first used. Raises the errors of ``clusters.errors`` only. ``public``: to the open internet only."""

    def __init__(self, way: Way, *, public: bool = False) -> None:
        self._way = way
        self._allowed: Callable[[Address], bool] = is_public if public else lambda address: not forbidden(address)
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int,
        where: str,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> Answer:
        """One request and its whole answer. ``where`` is how an error calls the other side.

        Who gives the ``body`` in pieces has them sent for as long as they come, and sees to the time.
        """
        from clusters.drivers.body import whole

        within = WITHIN if body is None or isinstance(body, bytes) else None
        async with self._open(method, url, headers or {}, where, within, body) as response:
            said = b"" if method == "HEAD" else await whole(response, limit)
            named: dict[str, list[str]] = {}
            for name, value in response.headers.items():
                named.setdefault(name.lower(), []).append(value)
            return Answer(response.status, named, said)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Mapping[str, str], where: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request whose answer is read as it comes. Who reads it sees to the time."""
        async with self._open(method, url, headers, where, None) as response:
            yield response

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        where: str,
        within: float | None,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        import aiohttp
        from yarl import URL

        try:
            async with (
                asyncio.timeout(within),
                self._opened().request(
                    method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=within, connect=CONNECT, sock_connect=CONNECT),
                ) as response,
            ):
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise connection_error(error, where) from error

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            context = False if self._way.plain else tls_context(self._way)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=16, ssl=context, socket_factory=self._checked_socket),
                headers={"User-Agent": "pilothouse", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _checked_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """A socket to the address that a name led to now, however it was written and whatever it led to before."""
        family, kind, protocol, _, (host, *_) = info
        if not self._allowed(ip_address(str(host).partition("%")[0])):
            raise ForbiddenAddress(f"{host} is never opened")
        return socket.socket(family, kind, protocol)
