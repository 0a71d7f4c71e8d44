"""No request may send more than we ever take: refused before it is read, cut off where it did not say its size.

A body is read whole before anything else looks at its request. So whoever sends a file is asked for the right to do
that here, by what the address says of it, before the first byte of it is taken.
"""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404

from clusters import actors
from clusters.access import Actor
from clusters.errors import ClusterError
from dashboard.request import Request
from dashboard.views import build_files, files, transfers

LIMIT = 4 << 20  # bytes
ACCOUNT = 64 << 10  # a password is hashed: a megabyte of one would keep the processor busy
PIECE = 9 << 20  # a piece of an upload is 8 MiB


@dataclass(frozen=True, slots=True)
class Larger:
    """What one address takes, and from whom: ``may`` raises for everybody else."""

    most: int
    may: Callable[[Request], Awaitable[object]]


LARGER = {
    "/files/upload/": Larger(257 << 20, files.may_upload),
    "/builds/files/": Larger(PIECE, build_files.may_send),
    "/images/load/piece/": Larger(PIECE, transfers.may_send),
}


async def limited(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Pass a request on, unless its body is too large, or a file from who may not send it."""
    headers = dict(scope["headers"])
    larger = LARGER.get(scope["path"])
    most = larger.most if larger else ACCOUNT if scope["path"].startswith("/account/") else LIMIT
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 15 or int(length) > most:
        await _refuse(send, 413, "That is larger than anything this takes.")
        return
    if larger and (why := await _why_not(larger, scope, headers)):
        await _refuse(send, *why)
        return
    came = 0

    async def counting() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        return {"type": "http.disconnect"} if came > most else message

    await app(scope, counting, send)


async def _why_not(larger: Larger, scope: Any, headers: Mapping[bytes, bytes]) -> tuple[int, str] | None:
    """The status and the words of a refusal; None for who may."""
    actor = await _actor(headers)
    if actor is None:
        return 401, "Sign in first."
    request: Any = ASGIRequest(scope, io.BytesIO())
    request.actor = replace(actor, address=(scope.get("client") or ("",))[0])
    try:
        await larger.may(request)
    except Http404:
        return 404, "That is not there."
    except PermissionDenied as error:
        return 403, str(error) or "You may not do this."
    except ClusterError as error:
        return 403, f"{error.message} {error.hint}".strip()
    return None


async def _actor(headers: Mapping[bytes, bytes]) -> Actor | None:
    """Who is signed in with that cookie."""
    try:
        cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if cookie is None:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    user = await sync_to_async(get_user)(SimpleNamespace(session=session))  # type: ignore[arg-type]
    return await actors.actor_for(user.pk)


async def _refuse(send: Any, status: int, words: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": words}).encode()})
