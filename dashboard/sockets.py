"""The server's websockets: small messages to ourselves, larger ones to pods, whose open ports we do not know."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from dashboard.forward.hosts import token_of

LARGEST = 1 << 20  # bytes of one message to a pod


class Sockets(WebSocketsSansIOProtocol):
    """One connection."""

    def handle_connect(self, event: Request) -> None:
        """The host name says for whom it is, before anything else of it is read."""
        hosts = event.headers.get_all("Host")
        if token_of({"headers": [(b"host", host.encode("latin-1", "replace")) for host in hosts]}):
            self.conn.max_message_size = LARGEST
        super().handle_connect(event)
