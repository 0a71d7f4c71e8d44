"""The host names of open ports: a random one each, below a domain that is set; ours is never among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

OURS = "/.pilothouse/"  # below it, what answers on such a name is ours
OPEN = f"{OURS}open"
_NAME = re.compile(r"([0-9a-f]{32})\.(.+)")

NO_DOMAIN = (
    "A pod's page opens on a name of its own, apart from Pilothouse. Set PILOTHOUSE_FORWARD_DOMAIN to a domain "
    "whose names all lead here."
)
OFF = "Opening ports is switched off in this Pilothouse."


def why_not() -> str:
    """Why no port can be opened on this Pilothouse; "" when one can."""
    if settings.FORWARD_DOMAIN:
        return ""
    return OFF if settings.FORWARD_OFF else NO_DOMAIN


def origin_of(token: str) -> str:
    """The origin of an open port."""
    return f"{'https' if settings.HTTPS else 'http'}://{token}.{settings.FORWARD_DOMAIN}"


def token_of(scope: Mapping[str, Any]) -> str | None:
    """Which open port a connection is for; None: it is for Pilothouse."""
    if not settings.FORWARD_DOMAIN:
        return None
    found = _NAME.fullmatch(_without_port(header(scope, b"host").lower()))
    return found[1] if found and found[2] == _without_port(settings.FORWARD_DOMAIN) else None


def is_foreign(scope: Mapping[str, Any], token: str) -> bool:
    """Does a page of another origin ask? Only a plain visit (a link that somebody follows) may come from elsewhere."""
    origin, site = header(scope, b"origin"), header(scope, b"sec-fetch-site")
    hidden = origin == "null" and site == "same-origin"  # a form of a page that sends no referrer hides its origin
    if origin and origin != origin_of(token) and not hidden:
        return True
    elsewhere = site in ("cross-site", "same-site")
    return elsewhere and not (header(scope, b"sec-fetch-mode") == "navigate" and scope.get("method") == "GET")


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """A header's one value; "" where there is none, or more than one."""
    values = [value for each, value in scope["headers"] if each == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def _without_port(host: str) -> str:
    if not host.isascii() or "@" in host or "/" in host:
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # "[" and the like
        return ""
