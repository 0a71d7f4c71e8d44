"""What somebody reads on an open port's own host name where the pod's page cannot be: why, and what to do."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from django.conf import settings
from django.template.loader import render_to_string

from clusters.errors import ClusterError
from clusters.forward.forward import Forward
from dashboard.engine import address
from dashboard.forward.hosts import header
from dashboard.visible import visible_page

KUBECTL = "kubectl port-forward opens it for other programs."


@dataclass(frozen=True, slots=True)
class Words:
    """Why a page is not there."""

    status: int
    title: str
    message: str
    hint: str = ""
    detail: str = ""


UNKNOWN = Words(404, "Nothing is open here", "This address was of a port that is not open any more.",
                "Open it again from the page of its pod or service.")  # fmt: skip
NOT_YOURS = Words(403, "Not opened here", "This port was opened in another browser.", "Open it from Pilothouse.")
FOREIGN = Words(403, "Not allowed", "A page of another site asked for this.")
TAKEN = Words(403, "Opened already", "This link opens a port once.", "Open it again from Pilothouse.")


def over(one: Forward) -> Words:
    """That it has ended, and why."""
    return Words(410, "This port is not open any more", one.ended, "Open it again from its page.")


def trouble(one: Forward, error: BaseException) -> Words:
    """Why a pod did not answer what was asked of it."""
    known = error if isinstance(error, ClusterError) else one.connector.trouble
    where = f"port {one.port} of {one.row.resource.name}"
    if one.ended:
        return over(one)
    if known is not None:
        return Words(502, known.title, known.message, known.hint, known.detail)
    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, TimeoutError):
        return Words(504, "No answer", f"What listens on {where} took the request and does not answer.", "Try again.")
    if one.secure and _about_tls(error):
        return Words(502, "Not HTTPS", f"What listens on {where} does not speak HTTPS.", "Open it with HTTP.", detail)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        hint = "It may want HTTPS, or speak something else than HTTP. Its logs may tell."
        message = f"What listens on {where} closed the connection without an answer."
        return Words(502, "No answer", message, hint, detail)
    hint = f"It may be a database or the like, or want HTTPS. {KUBECTL}"
    return Words(502, "Not HTTP", f"What listens on {where} does not speak HTTP.", hint, detail)


async def say(scope: Mapping[str, Any], send: Any, words: Words, one: Forward | None = None) -> None:
    """Answer with words: a page for a person, a line for a program."""
    if scope["type"] == "websocket":
        await deny(send)
        return
    nonce = secrets.token_urlsafe(16)
    if is_document(scope):
        back = f"{settings.URL}{address(one.row)}" if one else settings.URL
        context = {"words": words, "nonce": nonce, "back": back, "name": one.row.resource.name if one else "Pilothouse"}
        html = visible_page(render_to_string("pages/port_words.html", context))
        body, kind = html.encode(), b"text/html; charset=utf-8"
    else:
        body, kind = f"{words.message} {words.hint}".strip().encode(), b"text/plain; charset=utf-8"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'".encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": words.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def deny(send: Any) -> None:
    """Refuse a websocket before it is accepted. A page is never told with which status."""
    await send({"type": "websocket.close"})


def is_document(scope: Mapping[str, Any]) -> bool:
    """Is a whole page asked for, to be shown in the tab?"""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD", "POST"):
        return False
    into = header(scope, b"sec-fetch-dest")
    return into == "document" if into else header(scope, b"accept").startswith("text/html")


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError | ConnectionError):
            return True
        error = error.__cause__ or error.__context__
    return False
