"""An HTTP client whose connections are a driver's wires instead of sockets of the network.

Each connection is a pair of local sockets: the client has one end, and what passes the other end goes over the wire.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from clusters import ending
from clusters.drivers.base import Wire
from clusters.drivers.no_redirects import no_redirects
from clusters.errors import ClusterError

log = logging.getLogger(__name__)

AT_ONCE = 32  # connections of one client; more requests wait
KEPT = 15.0  # seconds that a connection is kept for the next request
LONGEST_HEADER = 64 << 10  # bytes
CHUNK = 64 << 10
LAST_WORDS = 1.0  # seconds in which the other side may say why it takes no more
NOT_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")  # which the client would add by itself


class WireConnector(aiohttp.BaseConnector):
    """Where the client gets its connections. ``trouble`` is what went wrong on the one that broke last."""

    def __init__(self, dial: Callable[[], Awaitable[Wire]]) -> None:
        super().__init__(limit=AT_ONCE, keepalive_timeout=KEPT)
        self._dial = dial
        self._carrying: set[asyncio.Task[None]] = set()
        self.trouble: ClusterError | None = None

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: Any,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        """What a connector has to have: aiohttp's own for Unix sockets is made of the same."""
        wire = await self._dial()
        self.trouble = None
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        handler = _Handler(self._loop)
        task = asyncio.create_task(self._carry(wire, ours, handler), name="wire")
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        secure = req.url.scheme in ("https", "wss")
        try:
            _, made = await self._loop.create_connection(
                lambda: handler,
                sock=theirs,
                ssl=_unverified() if secure else None,
                server_hostname="" if secure else None,
            )
        except BaseException:
            theirs.close()
            task.cancel()
            raise
        return made

    async def _carry(self, wire: Wire, end: socket.socket, handler: _Handler) -> None:
        """Carry bytes both ways until either side is over."""
        inwards = asyncio.create_task(self._inwards(wire, end))
        outwards = asyncio.create_task(self._outwards(wire, end))
        try:
            await asyncio.wait({inwards, outwards}, return_when=asyncio.FIRST_COMPLETED)
            if outwards.done() and outwards.exception():
                await asyncio.wait({inwards}, timeout=LAST_WORDS)
        finally:
            handler.whole = inwards.done() and inwards.exception() is None
            for task in (inwards, outwards):
                task.cancel()
            for failed in await asyncio.gather(outwards, inwards, return_exceptions=True):
                if isinstance(failed, ClusterError):
                    self.trouble = failed  # the other side's own words come last, and count
                elif isinstance(failed, Exception) and not isinstance(failed, OSError):
                    log.error("a wire broke", exc_info=failed)
            end.close()
            await wire.close()

    async def _inwards(self, wire: Wire, end: socket.socket) -> None:
        async for data in wire.received():
            await self._loop.sock_sendall(end, data)

    async def _outwards(self, wire: Wire, end: socket.socket) -> None:
        while data := await self._loop.sock_recv(end, CHUNK):
            await wire.write(data)

    async def cut(self) -> None:
        """End every connection at once."""
        await ending.end(self._carrying)


class _Handler(ResponseHandler):
    """Where an answer goes on until its connection ends, it is whole only if the pod ended it."""

    whole = True

    def connection_lost(self, exc: BaseException | None) -> None:
        if not self.whole and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(aiohttp.ClientPayloadError("the connection broke"))
        super().connection_lost(exc)


def client_over(connector: WireConnector) -> aiohttp.ClientSession:
    """A client that adds nothing, follows nothing, keeps no cookies and unpacks nothing."""
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=NOT_OURS,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
        trace_configs=no_redirects(),
    )


def _unverified() -> ssl.SSLContext:
    """A pod's certificate is for other names; the way to it is the API server's, and that one is checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
