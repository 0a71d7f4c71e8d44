"""No request may send more than we ever take: refused before it is read, cut off where it did not say its size.

A body is read whole before anything else looks at its request: what may be larger is for who is signed in only.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

LIMIT = 9 << 20  # bytes: a piece of an upload is 8 MiB
LARGER = {
    "/files/upload/": 257 << 20,  # a file on its way into a container
}


async def limited(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Pass a request on, unless its body is too large."""
    headers = dict(scope["headers"])
    larger = scope["path"] in LARGER and await _signed_in(headers)
    most = LARGER[scope["path"]] if larger else LIMIT
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 15 or int(length) > most:
        await _refuse(send)
        return
    came = 0

    async def counting() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        return {"type": "http.disconnect"} if came > most else message

    await app(scope, counting, send)


async def _signed_in(headers: Mapping[bytes, bytes]) -> bool:
    try:
        cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    if cookie is None:
        return False
    kept = await Session.objects.filter(session_key=cookie.value, expire_date__gt=timezone.now()).afirst()
    return kept is not None and SESSION_KEY in kept.get_decoded()


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"That is larger than anything this takes."})
