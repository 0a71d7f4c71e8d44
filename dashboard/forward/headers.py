"""What of a browser's headers reaches a pod, and what of a pod's headers a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from multidict import CIMultiDict

COOKIE = "__Host-pilothouse_port" if settings.HTTPS else "pilothouse_port"
_OURS = {COOKIE, settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
# Of one connection, not of what is asked (RFC 9110, 7.6.1), or made anew by us.
_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
}
_NEVER_IN = {"forwarded", "x-real-ip"}
_NEVER_IN_BEGIN = "x-forwarded-"
_SOCKET = {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"}
# They reach beyond their own host name: cookies of all of a domain's names, other ways to it, its use of TLS.
_NEVER_OUT = {"clear-site-data", "alt-svc", "strict-transport-security", "nel", "report-to"}


def to_pod(scope: Mapping[str, Any], *, plain: bool) -> CIMultiDict[str]:
    """The headers of a request. ``plain``: what comes back must not be compressed."""
    given = [(name.decode("latin-1").lower(), _text(value)) for name, value in scope["headers"]]
    left_out = _HOP | _NEVER_IN | _SOCKET | _named(given) | ({"accept-encoding"} if plain else set())
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in given:
        if name == "cookie":
            value = "; ".join(_foreign_cookies(value))
        if name not in left_out and not name.startswith(_NEVER_IN_BEGIN) and (value or name != "cookie"):
            kept.add(name, value)
    if settings.HTTPS:
        kept["x-forwarded-proto"] = "https"
    return kept


def to_browser(given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer; its cookies are for its own host name alone."""
    pairs = [(name.decode("latin-1").lower(), value) for name, value in given]
    left_out = _HOP | _NEVER_OUT | _SOCKET | _named((name, value.decode("latin-1")) for name, value in pairs)
    kept = []
    for name, value in pairs:
        if name == "set-cookie":
            value = _own_cookie(value)
        if name not in left_out and (value or name != "set-cookie"):
            kept.append((name.encode("latin-1"), value))
    if all(name != b"referrer-policy" for name, _ in kept):
        kept.append((b"referrer-policy", b"same-origin"))
    return kept


def cookie_of(scope: Mapping[str, Any]) -> str:
    """The value of our cookie on an open port's host; "" where there is none, or more than one."""
    text = "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
    found = [value for name, value in _cookies(text) if name == COOKIE]
    return found[0] if len(found) == 1 else ""


def _cookies(text: str) -> list[tuple[str, str]]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _foreign_cookies(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip() and part.partition("=")[0].strip() not in _OURS]


def _own_cookie(value: bytes) -> bytes:
    """A pod's cookie without the domain it wants; nothing, when it is called as one of ours."""
    first, *attributes = value.split(b";")
    if first.partition(b"=")[0].strip().decode("latin-1") in _OURS:
        return b""
    return b";".join([first, *(one for one in attributes if one.partition(b"=")[0].strip().lower() != b"domain")])


def _named(given: Iterable[tuple[str, str]]) -> set[str]:
    """What the connection's own header names as of the connection."""
    return {part.strip().lower() for name, value in given if name == "connection" for part in value.split(",")}


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
