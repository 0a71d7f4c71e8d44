"""Who may open our websockets: pages of exactly our own origin (scheme, host and port), and nobody else.

Channels' own validator compares host names only, so a container that publishes a port on the same host could open
them with a visitor's cookie: cookies ignore ports.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings

Scope: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


def allowed_origins() -> frozenset[str]:
    """Our address; on a loopback address also its other names, with the same scheme and port."""
    parts = urlsplit(settings.URL)
    host, _, port = parts.netloc.rpartition(":") if ":" in parts.netloc.rsplit("]", 1)[-1] else (parts.netloc, "", "")
    names = LOOPBACK if host in LOOPBACK else {host}
    return frozenset(f"{parts.scheme}://{name}{':' + port if port else ''}" for name in names)


class OwnOrigin:
    """ASGI middleware around the websocket routes: refuses the upgrade (403) unless the one Origin header is ours."""

    def __init__(self, inner: App) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass on, or deny before the socket is accepted."""
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if len(origins) == 1 and origins[0] in allowed_origins():
            await self.inner(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)
