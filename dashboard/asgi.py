"""The application: HTTP to Django, websockets to our consumers, static files before both, the engine by lifespan."""

from __future__ import annotations

import logging
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.core.asgi import get_asgi_application

django_app = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402

from clusters.errors import ClusterError  # noqa: E402
from clusters.live.memory import settle  # noqa: E402
from dashboard.body_limit import limited  # noqa: E402
from dashboard.engine import engine  # noqa: E402
from dashboard.forward import forwards  # noqa: E402
from dashboard.forward.hosts import token_of  # noqa: E402
from dashboard.origin import OwnOrigin  # noqa: E402
from dashboard.urls import websocket_urlpatterns  # noqa: E402

log = logging.getLogger(__name__)
router = ProtocolTypeRouter(
    {
        "http": django_app,
        "websocket": OwnOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
# Every name carries its content's hash, so a browser may keep it for ever.
static_files = ServeStaticASGI(
    django_app, root=settings.STATIC_ROOT, prefix="static", immutable_file_test=lambda *_: True
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif (token := token_of(scope)) is not None:
        from dashboard.forward.app import forwarded  # and with it an HTTP client, which costs memory

        await forwarded(token, scope, receive, send)
    elif scope["type"] == "http" and scope["path"].startswith("/static/"):
        await static_files(scope, receive, send)
    else:
        await (_answered(scope, receive, send) if scope["type"] == "http" else router(scope, receive, send))


async def _answered(scope: Any, receive: Any, send: Any) -> None:
    """One request. What breaks in the middle of a file ends the line: nobody takes the part for the whole."""
    try:
        await limited(router, scope, receive, send)
    except ClusterError as error:
        log.warning("%s was cut short: %s", scope["path"], error.message)


async def _lifespan(receive: Any, send: Any) -> None:
    """Start the engine on the server's own event loop, and stop it with the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await engine.start()
            settle()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await forwards.end_all("Ended: Pilothouse was stopped.")
            await engine.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
