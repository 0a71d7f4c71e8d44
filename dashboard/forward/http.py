"""A browser's request carried to a pod, and the pod's answer back, bit by bit; nothing of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from yarl import URL

from clusters.errors import ClusterError
from clusters.forward.forward import Forward
from dashboard.forward.headers import to_browser, to_pod
from dashboard.forward.hosts import header
from dashboard.forward.words import is_document, say, trouble

ANSWERS = 300.0  # seconds from the last of a request until its answer begins
EMPTY = (204, 304)  # answers that have no body, whatever length they tell of
SCRIPT = "/.pilothouse/tab.js"
# Behind the end of a page, where a parser still runs it: it tells whether the tab is open.
APPENDED = f'<script src="{SCRIPT}" async></script>\n'.encode()
TROUBLES = (aiohttp.ClientError, ClusterError, OSError, TimeoutError, ValueError, RuntimeError)


class Body:
    """What the browser sends, and then that it is gone."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._whole = asyncio.Event()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body of the request."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ConnectionResetError("the browser went away")
            more = message.get("more_body", False)
            yield message.get("body", b"")
        self._whole.set()

    async def until_gone(self, expected: bool) -> None:
        """Return when nobody waits for the answer any more."""
        if expected:
            await self._whole.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def pass_request(one: Forward, scope: Any, receive: Any, send: Any) -> None:
    """Carry one request."""
    one.requests += 1
    one.used()
    body = Body(receive)
    sends = header(scope, b"content-length") not in ("", "0") or bool(header(scope, b"transfer-encoding"))
    work = asyncio.create_task(_exchange(one, scope, body.pieces() if sends else None, send))
    gone = asyncio.create_task(body.until_gone(sends))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


def url_of(one: Forward, scope: Any) -> URL:
    """The same address at the pod. Its host is only a name for the client: every connection is a wire."""
    scheme = "https" if one.secure else "http"
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    if not path.startswith(b"/"):
        raise ValueError("not a path")
    return URL(f"{scheme}://pod:{one.port}{(path + (b'?' + query if query else b'')).decode('latin-1')}", encoded=True)


async def _exchange(one: Forward, scope: Any, body: AsyncIterator[bytes] | None, send: Any) -> None:
    document = is_document(scope) and scope["method"] != "HEAD"
    headers = to_pod(scope, plain=document)
    if body is None:
        headers.pop("content-length", None)
    response: aiohttp.ClientResponse | None = None
    begun = False
    try:
        async with asyncio.timeout(ANSWERS) as limit:

            async def sent(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
                """What is still sent needs no answer yet."""
                async for piece in pieces:
                    one.used()
                    if response is None and not limit.expired():
                        limit.reschedule(asyncio.get_running_loop().time() + ANSWERS)
                    yield piece

            response = await one.client.request(
                scope["method"], url_of(one, scope), headers=headers, allow_redirects=False,
                data=None if body is None else sent(body),
            )  # fmt: skip
        if not 200 <= response.status < 600:
            raise aiohttp.ClientPayloadError(f"status {response.status}")  # no answer to what was asked
        begun = True
        await _answer(one, response, document, send)
    except TROUBLES as error:
        if not begun:
            await say(scope, send, trouble(one, error), one)
        # Otherwise the answer stays unfinished, and the server cuts the line: nobody takes the part for the whole.
    finally:
        if response is not None:
            response.close() if not response.content.at_eof() else response.release()


async def _answer(one: Forward, response: aiohttp.ClientResponse, document: bool, send: Any) -> None:
    tells = document and _can_tell(response)
    headers = to_browser(response.raw_headers)
    if tells:
        headers = [(name, _longer(value) if name == b"content-length" else value) for name, value in headers]
    if response.status in EMPTY:
        headers = [pair for pair in headers if pair[0] != b"content-length"]
    if document:
        one.shown()
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    async for piece in response.content.iter_any():
        one.used()
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": APPENDED if tells else b""})


def _can_tell(response: aiohttp.ClientResponse) -> bool:
    whole = response.status not in (206, *EMPTY)
    plain = not response.headers.get("Content-Encoding")
    shown = not response.headers.get("Content-Disposition", "").strip().lower().startswith("attachment")
    return whole and plain and shown and response.content_type == "text/html"


def _longer(length: bytes) -> bytes:
    return str(int(length) + len(APPENDED)).encode()
