"""What answers on the host names of open ports: who has its cookie gets what the pod says, and nobody else anything.

Paths below ``/.pilothouse/`` are ours: the link that opens it, and what tells whether its tab is open.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from clusters.forward.forward import Forward
from dashboard.assets import script
from dashboard.forward import forwards, words
from dashboard.forward.headers import COOKIE, cookie_of
from dashboard.forward.hosts import OPEN, OURS, is_foreign
from dashboard.forward.http import SCRIPT, pass_request
from dashboard.forward.websocket import GOING_AWAY, pass_socket
from dashboard.forward.words import Words, deny, say

TAB = f"{OURS}tab"
LEFT = (1000, 1001)  # codes of a page that was left; all else is a connection that broke, as when a laptop sleeps
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "MKCOL", "MOVE", "COPY"}


async def forwarded(token: str, scope: Any, receive: Any, send: Any) -> None:
    """One request or websocket to the host name of an open port."""
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
    one = forwards.find(token)
    if one is None:
        await say(scope, send, words.UNKNOWN)
    elif is_foreign(scope, token):
        await say(scope, send, words.FOREIGN)
    elif scope["type"] == "http" and scope["path"] == OPEN:
        await _take(one, scope, send)
    elif not secrets.compare_digest(cookie_of(scope).encode("latin-1"), one.cookie.encode()):
        await say(scope, send, words.UNKNOWN if one.ended else words.NOT_YOURS)
    else:
        await _let_in(one, scope, receive, send)


async def _let_in(one: Forward, scope: Any, receive: Any, send: Any) -> None:
    if not one.ended:
        await one.check()
    if one.ended:
        await say(scope, send, words.over(one), one)
    elif scope["path"].startswith(OURS):
        await _ours(one, scope, receive, send)
    elif scope["type"] == "websocket":
        await pass_socket(one, scope, receive, send)
    elif scope["method"] not in METHODS:
        await say(scope, send, Words(405, "Not possible here", "That method is not carried to a pod."))
    else:
        await pass_request(one, scope, receive, send)


async def _take(one: Forward, scope: Any, send: Any) -> None:
    """The link that opens it: good once, and only in the browser that follows it."""
    ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
    if one.ended or not one.take(ticket):
        await say(scope, send, words.UNKNOWN if one.ended else words.TAKEN)
        return
    cookie = f"{COOKIE}={one.cookie}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if settings.HTTPS else ''}"
    headers = [
        (b"location", b"/"),
        (b"set-cookie", cookie.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _ours(one: Forward, scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await (_tab(one, receive, send) if scope["path"] == TAB else deny(send))
        return
    if scope["path"] != SCRIPT:
        await say(scope, send, Words(404, "Not there", "There is nothing at this address."))
        return
    body = script("tab.js")
    headers = [
        (b"content-type", b"text/javascript; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"private, max-age=3600"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _tab(one: Forward, receive: Any, send: Any) -> None:
    """Open as long as a page is, and closed when the port is over. What comes over it is not read."""
    await send({"type": "websocket.accept"})
    one.page_opened()
    over = asyncio.Event()
    leave = one.on_end(over.set)
    ending, gone = asyncio.create_task(over.wait()), asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({ending, gone}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            await send({"type": "websocket.close", "code": GOING_AWAY})
    finally:
        leave()
        left = gone.done() and not gone.cancelled() and gone.exception() is None and gone.result() in LEFT
        one.page_closed() if left else one.page_lost()
        for task in (ending, gone):
            task.cancel()


async def _gone(receive: Any) -> int:
    """With which code it went."""
    while (message := await receive())["type"] != "websocket.disconnect":
        pass
    return message.get("code") or 0
