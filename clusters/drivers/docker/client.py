"""One engine's HTTP API: one session over its socket, TLS or SSH; every wait limited, every path checked."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from clusters.drivers.body import whole
from clusters.drivers.docker.endpoint import Endpoint
from clusters.drivers.docker.errors import answer_error, connection_error, not_docker
from clusters.drivers.docker.ssh import Tunnel
from clusters.drivers.docker.tls import tls_context
from clusters.errors import ClusterError, Invalid, Unreachable, Unsupported

OLDEST, NEWEST = (1, 41), (1, 56)  # what we speak: Docker 20.10 and up
BODY_LIMIT = 32 << 20  # bytes of one answer
CONNECT, NEGOTIATE = 5.0, 10.0  # seconds
Pieces: TypeAlias = AsyncIterable[bytes]  # a body that is sent bit by bit
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,254}")
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")


class EngineClient:
    """Opens when first used. All methods raise the errors of ``clusters.errors`` only."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._tls = tls_context(endpoint) if endpoint.tls else None
        self._tunnel = Tunnel(endpoint) if endpoint.scheme == "ssh" else None
        self._session: aiohttp.ClientSession | None = None
        self._socket = ""
        self._version: tuple[int, int] | None = None
        self.builder = ""  # "1": the engine was told to build without BuildKit; known with the version
        self._negotiating = asyncio.Lock()

    async def version(self) -> tuple[int, int]:
        """The API version both sides speak, found out once per connection."""
        try:
            async with asyncio.timeout(NEGOTIATE), self._negotiating:  # the time of those who asked before counts, too
                if self._version is None:
                    self._version = await self._negotiate()
                return self._version
        except TimeoutError as error:
            raise connection_error(error, self.endpoint) from error

    def forget_version(self) -> None:
        """The engine may be another one now: ask again before the next request."""
        self._version = None

    async def ping(self, within: float = 4.0) -> None:
        """Return when it answers, within that many seconds."""
        async with self._send("GET", "/_ping", within=within) as response:
            body = await whole(response, 64 << 10)
            if response.status != 200:
                raise answer_error(response.status, body)
            if "Api-Version" not in response.headers:
                raise not_docker(body[:200].decode(errors="replace"))

    async def bytes(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        within: float = 30.0,
        limit: int = BODY_LIMIT,
        subject: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send one request; the body of the answer. ``subject`` is what an error 404 says is missing."""
        async with self.open(method, path, query, body, within=within, subject=subject, headers=headers) as response:
            return await whole(response, limit)

    async def json(
        self, method: str, path: tuple[str, ...], query: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        """Like ``bytes``, decoded; None when the answer has no body."""
        return decode_json(await self.bytes(method, path, query, **more))

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        within: float | None = None,
        begins_within: float = 15.0,
        headers: Mapping[str, str] | None = None,
        data: Pieces | None = None,
        subject: str = "",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is read bit by bit, for as long as it lasts when ``within`` is None (once it has begun).

        ``data`` is sent as it is, instead of a ``body`` in JSON; its type is said in ``headers``.
        """
        try:
            target = await self.target(path)
        except Unreachable as error:
            error.sent = False  # the request itself never left
            raise
        begins = within or begins_within
        async with self._send(
            method, target, query, body, within=within, begins=begins, headers=headers, data=data
        ) as response:
            if response.status == 304 or response.status < 300:
                yield response
            else:
                raise answer_error(response.status, await whole(response, 64 << 10), subject)

    async def target(self, path: tuple[str, ...]) -> str:
        """The path of a request, with the version in front. Raises Invalid for a segment that could climb."""
        if not path or not all(isinstance(part, str) and _SEGMENT.fullmatch(part) for part in path):
            raise Invalid("That name cannot be one of Docker's.")
        major, minor = await self.version()
        return "/".join(("", f"v{major}.{minor}", *(quote(part, safe=":@") for part in path)))

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of its own, for a terminal: it leaves HTTP after the first answer."""
        try:
            async with asyncio.timeout(CONNECT + 10 if self._tunnel else CONNECT):
                if self.endpoint.scheme == "tcp":
                    return await asyncio.open_connection(self.endpoint.host, self.endpoint.port, ssl=self._tls)
                return await asyncio.open_unix_connection(await self._socket_path())
        except (OSError, TimeoutError) as error:
            raise connection_error(error, self.endpoint) from error

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
        if self._tunnel is not None:
            await self._tunnel.close()

    async def _negotiate(self) -> tuple[int, int]:
        async with self._send("GET", "/_ping", within=NEGOTIATE) as response:
            body = await whole(response, 64 << 10)
            if response.status >= 300:
                raise answer_error(response.status, body)
            self.builder = response.headers.get("Builder-Version", "")
            spoken = _VERSION.fullmatch(response.headers.get("Api-Version", ""))
        if spoken is None:
            raise not_docker(body[:200].decode(errors="replace"))
        theirs = int(spoken[1]), int(spoken[2])
        if theirs < OLDEST:
            raise Unsupported(
                "That Docker is too old: 20.10 or newer is needed.",
                hint="Update Docker on that machine.",
                detail=f"It speaks API {spoken[0]}; we need 1.41.",
            )
        return min(theirs, NEWEST)

    @asynccontextmanager
    async def _send(
        self,
        method: str,
        target: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        within: float | None,
        begins: float | None = None,
        headers: Mapping[str, str] | None = None,
        data: Pieces | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = {} if body is None else {"Content-Type": "application/json"}
        try:
            session = await self._open_session()
            async with asyncio.timeout(begins):
                response = await session.request(
                    method,
                    URL(self._base + target, encoded=True).with_query(query or {}),
                    data=data if body is None else msgspec.json.encode(body),
                    headers=sent | dict(headers or {}),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=within, connect=CONNECT, sock_connect=CONNECT),
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            problem = await self._told(error)
            if isinstance(problem, Unreachable) and isinstance(error, aiohttp.ClientConnectorError):
                problem.sent = False
            raise problem from error
        try:
            yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise connection_error(error, self.endpoint) from error
        finally:
            # What was not read to its end cannot be used again; what was goes back by itself.
            response.close()

    async def _told(self, error: BaseException) -> ClusterError:
        """What went wrong; of a request that SSH did not lead to the engine, SSH knows more."""
        lost = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
        known = await self._tunnel.trouble() if self._tunnel and lost else None
        return known or connection_error(error, self.endpoint)

    @property
    def _base(self) -> str:
        if self.endpoint.scheme != "tcp":
            return "http://docker"
        host = f"[{self.endpoint.host}]" if ":" in self.endpoint.host else self.endpoint.host
        return f"{'https' if self.endpoint.tls else 'http'}://{host}:{self.endpoint.port}"

    async def _socket_path(self) -> str:
        return await self._tunnel.open() if self._tunnel else self.endpoint.socket

    async def _open_session(self) -> aiohttp.ClientSession:
        path = "" if self.endpoint.scheme == "tcp" else await self._socket_path()
        if self._session is not None and path != self._socket:
            old, self._session = self._session, None
            with suppress(aiohttp.ClientError, OSError):
                await old.close()
        if self._session is None:
            self._socket = path
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(path, limit=0) if path else self._tcp_connector(),
                headers={"User-Agent": "pilothouse", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=256 << 10,
            )
        return self._session

    def _tcp_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(limit=0, ssl=self._tls or False, socket_factory=_lively_socket)


def decode_json(body: bytes) -> Any:
    """The JSON of an answer; None when it is empty."""
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_docker(str(error)) from error


def _lively_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that notices within about 20 seconds that the other side is gone."""
    family, kind, protocol, *_ = info
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 2)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made
