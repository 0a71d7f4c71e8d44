"""One API server's HTTP: the kubernetes package signs in and opens the session; we limit, check and name errors."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from clusters.drivers.body import whole
from clusters.drivers.keeper import Keeper
from clusters.drivers.kubernetes import behind, library
from clusters.drivers.kubernetes.addresses import near
from clusters.drivers.kubernetes.connection import Connection
from clusters.drivers.kubernetes.credentials import Credential
from clusters.drivers.kubernetes.errors import Busy, answer_error, connection_error, not_kubernetes
from clusters.drivers.kubernetes.paths import joined
from clusters.drivers.kubernetes.resolving import Resolver
from clusters.drivers.kubernetes.sources import source_of
from clusters.drivers.kubernetes.versions import Versions
from clusters.drivers.no_redirects import no_redirects
from clusters.errors import Invalid, Unreachable

Query: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]] | None
Signature: TypeAlias = tuple[aiohttp.ClientSession, URL, CIMultiDict[str]]  # what a request is sent with, and where to

UNBELIEVED = 401
CONNECT = 5.0  # seconds until a connection stands
BODY_LIMIT = 32 << 20  # bytes of one answer, unpacked
ERROR_LIMIT = 64 << 10
MOST_BEFORE = 6  # sessions of client certificates that were renewed; the oldest goes with what runs over it


class ApiServer:
    """Opens when first used. All methods raise the errors of ``clusters.errors`` only."""

    def __init__(self, connection: Connection, keeper: Keeper | None = None) -> None:
        self.connection = connection
        self.versions = Versions()
        self._source = source_of(connection, keeper)
        self._pair = (connection.cert_data, connection.key_data)  # the client certificate of the session
        self._before: list[aiohttp.ClientSession] = []  # those over which something still runs, the oldest first
        parts = urlsplit(connection.server)
        self.where = parts.netloc
        self._api: Any = None
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def bytes(
        self, method: str, path: Sequence[str], query: Mapping[str, str] | None = None, body: Any = None, *,
        within: float = 30.0, limit: int = BODY_LIMIT, content_type: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:  # fmt: skip
        """Send one request; the body of the answer."""
        async with self.open(
            method, path, query, body, within=within, content_type=content_type, accept=accept
        ) as response:
            return await whole(response, limit)

    async def json(self, method: str, path: Sequence[str], query: Mapping[str, str] | None = None, **more: Any) -> Any:
        """Like ``bytes``, decoded; None when the answer has no body."""
        body = await self.bytes(method, path, query, **more)
        if not body.strip():
            return None
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise not_kubernetes(str(error)) from error

    @asynccontextmanager
    async def open(
        self, method: str, path: Sequence[str], query: Mapping[str, str] | None = None, body: Any = None, *,
        within: float | None = None, begins_within: float = 30.0, silence: float | None = None,
        content_type: str = "application/json", accept: str = "application/json",
    ) -> AsyncIterator[aiohttp.ClientResponse]:  # fmt: skip
        """An answer that is read bit by bit. ``within`` limits all of it, ``silence`` each wait for more (seconds)."""
        limits = aiohttp.ClientTimeout(total=within, connect=CONNECT, sock_connect=CONNECT, sock_read=silence)
        data = None if body is None else msgspec.json.encode(body)
        target, signed = joined(self.versions.path(path)), False

        async def send(signature: Signature) -> aiohttp.ClientResponse:
            session, url, headers = signature
            headers.update({"Accept": accept} | ({"Content-Type": content_type} if data is not None else {}))
            return await session.request(
                method, url, data=data, headers=headers, allow_redirects=False, timeout=limits,
                server_hostname=self.connection.tls_server_name or None,
            )  # fmt: skip

        try:
            async with asyncio.timeout(within or begins_within):
                signature = await self._sign(method, target, query)
                signed = True
                response = await send(signature)
                if response.status == UNBELIEVED and (newer := await self._sign_anew(signature, method, target, query)):
                    response.close()
                    response = await send(newer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            problem = connection_error(error, self.where)
            if isinstance(problem, Unreachable) and (not signed or isinstance(error, aiohttp.ClientConnectorError)):
                problem.sent = False
            raise problem from error
        try:
            if response.status >= 300:
                wait = _seconds(response.headers.get("Retry-After", ""))
                raise answer_error(response.status, await whole(response, ERROR_LIMIT), wait)
            yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise connection_error(error, self.where) from error
        finally:
            response.close()

    async def websocket(
        self, path: Sequence[str], query: Sequence[tuple[str, str]], protocols: Sequence[str], *,
        heartbeat: float | None = None,
    ) -> aiohttp.ClientWebSocketResponse:  # fmt: skip
        """A two-way stream. ``heartbeat``: seconds between pings, for one that is always read.

        One whose reader may wait for somebody slower hears no answer to a ping meanwhile, and would be cut.
        """
        target = joined(path)

        async def connect(signature: Signature) -> aiohttp.ClientWebSocketResponse:
            session, url, headers = signature
            return await session.ws_connect(
                url, protocols=protocols, headers=headers, heartbeat=heartbeat, max_msg_size=4 << 20,
                server_hostname=self.connection.tls_server_name or None,
            )  # fmt: skip

        try:
            async with asyncio.timeout(CONNECT + 10):
                signature = await self._sign("GET", target, query)
                try:
                    return await connect(signature)
                except aiohttp.WSServerHandshakeError as error:
                    newer = (
                        await self._sign_anew(signature, "GET", target, query) if error.status == UNBELIEVED else None
                    )
                    if newer is None:
                        raise
                    return await connect(newer)
        except aiohttp.WSServerHandshakeError as error:
            if (
                error.status >= 500
            ):  # they lead to a machine, all of them; what it says of it is not kept by the library
                raise Busy(behind.NODE, hint=behind.NODE_HINT, detail=f"status {error.status}") from error
            raise answer_error(error.status, b'{"kind":"Status"}') from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise connection_error(error, self.where) from error

    async def close(self) -> None:
        """Let go of every connection."""
        sessions = [*self._before, *([self._session] if self._session else [])]
        self._before, self._session, self._api = [], None, None
        for session in sessions:
            await session.close()
        if self._source is not None:
            await self._source.close()

    async def _sign(self, method: str, target: str, query: Query) -> Signature:
        signed = await self._signed()
        async with self._opening:
            pair = (signed.cert, signed.key) if signed and signed.cert else self._pair
            if self._session is None or pair != self._pair:
                await self._open_with(pair)
            session = self._session
        assert session is not None
        _, url, headers, _, _ = await self._api.param_serialize(method, target, auth_settings=["BearerToken"])
        if signed is not None and signed.token:
            headers["Authorization"] = f"Bearer {signed.token}"
        return session, URL(url, encoded=True).with_query(query or {}), CIMultiDict(headers)

    async def _sign_anew(self, before: Signature, method: str, target: str, query: Query) -> Signature | None:
        """What the cluster did not believe, and so did nothing for, is signed with what is newer. None: nothing is."""
        self.forget_token()
        newer = await self._sign(method, target, query)
        same = newer[0] is before[0] and newer[2].get("Authorization") == before[2].get("Authorization")
        return None if same else newer

    async def _signed(self) -> Credential | None:
        try:
            return await self._source.current() if self._source else None
        except Unreachable as error:
            error.sent = False  # it is the issuer that did not answer: the cluster was not asked
            raise

    async def _open_with(self, pair: tuple[str, str]) -> None:
        """The session for that client certificate. What runs over those before goes on: terminals, lines, ports."""
        api, session = await self._open(pair)
        before, last = self._before, [self._session] if self._session is not None else []
        used = [one for one in before if one.connector is not None and one.connector._acquired]
        self._before = [*used, *last][-MOST_BEFORE:]  # the last one always: a request may just begin over it
        self._api, self._session, self._pair = api, session, pair
        for old in before:
            if old not in self._before:
                await old.close()

    async def _open(self, pair: tuple[str, str]) -> tuple[Any, aiohttp.ClientSession]:
        client = await asyncio.to_thread(library.client)  # when the first cluster is reached, and not on the event loop
        settings = client.Configuration(
            host=self.connection.server,
            ca_cert_data=self.connection.ca_data or None,
            verify_ssl=not self.connection.insecure,
            tls_server_name=self.connection.tls_server_name or None,
        )
        settings.disable_strict_ssl_verification = True  # clusters' own CAs often lack what newer Pythons insist on
        if self.connection.token and self._source is None:
            settings.api_key = {"BearerToken": self.connection.token}
            settings.api_key_prefix = {"BearerToken": "Bearer"}
        try:
            api = client.ApiClient(settings)
        except ssl.SSLError as error:
            raise Invalid("The CA certificate cannot be read.", detail=str(error), field="ca_data") from error
        if pair[0]:
            _load_pair(api.rest_client.ssl_context, *pair)
        settings.client_session_kwargs = {
            "connector": aiohttp.TCPConnector(
                limit=0, ssl=api.rest_client.ssl_context, resolver=Resolver(), socket_factory=_lively_socket
            ),
            "trust_env": False,  # our own proxy and netrc settings are nothing to other people's clusters
            "cookie_jar": aiohttp.DummyCookieJar(),
            "headers": {
                "User-Agent": "pilothouse",
                "Accept-Encoding": "identity" if near(self.connection.server) else "gzip",
            },
            "read_bufsize": 256 << 10,
            "trace_configs": no_redirects(),
        }
        session = api.rest_client._create_pool_manager()
        session._connector_owner = True  # the package leaves a given connector to us; we close it with the session
        return api, session

    def forget_token(self) -> bool:
        """It was not believed: get another one for the next request. False when it cannot have changed."""
        return self._source is not None and self._source.forget()


def _load_pair(context: ssl.SSLContext, cert: str, key: str) -> None:
    """Give a certificate and its key to OpenSSL, which takes files only."""
    with _private_file((cert + key).encode()) as path:
        try:
            # A password callback, because OpenSSL would otherwise ask for one on our terminal.
            context.load_cert_chain(path, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            words = "The client certificate and its key do not fit together."
            raise Invalid(words, detail=str(error), field="key_data") from error


@contextmanager
def _private_file(data: bytes) -> Iterator[str]:
    """A file without a name, in memory where the system can do that; else one that only we may read, soon gone."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("pair", os.MFD_CLOEXEC)
        try:
            os.write(handle, data)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name


def _lively_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that notices within about 20 seconds that the other side is gone."""
    family, kind, protocol, *_ = info
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 2), ("TCP_USER_TIMEOUT", 20_000)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made


def _seconds(header: str) -> float:
    return min(float(header), 300.0) if header.isascii() and header.isdigit() else 0.0
