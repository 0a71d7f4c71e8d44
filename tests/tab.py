"""A browser's tab, as far as the server can tell: opens the live socket and speaks its frames, without a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AbstractUser
from django.test import Client

ORIGIN = (b"origin", b"http://127.0.0.1:8000")


class Tab:
    """One websocket. ``open`` says whether the server let it in; ``code`` is how it was closed."""

    def __init__(
        self, application: Any, path: str = "/live/", headers: Sequence[tuple[bytes, bytes]] = (), query: bytes = b""
    ) -> None:
        scope = {"type": "websocket", "path": path, "query_string": query, "headers": list(headers), "subprotocols": []}
        self._communicator = ApplicationCommunicator(application, scope)

    async def open(self) -> bool:
        """Ask to be let in."""
        await self._communicator.send_input({"type": "websocket.connect"})
        answer = await self._communicator.receive_output(10)
        return bool(answer["type"] == "websocket.accept")

    async def send(self, frame: Any) -> None:
        """A frame as text; what is no text is encoded as JSON."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        await self._communicator.send_input({"type": "websocket.receive", "text": text})

    async def follow(self, topic: str, **arguments: Any) -> None:
        """Subscribe, always as number 1."""
        await self.send({"op": "sub", "id": 1, "topic": topic, "args": arguments})

    async def output(self, seconds: float = 10) -> dict[str, Any]:
        """The next message of the server, whatever it is."""
        message: dict[str, Any] = await self._communicator.receive_output(seconds)
        return message

    async def frame(self, kind: str = "", seconds: float = 10) -> dict[str, Any]:
        """The next frame of that sort; others pass by."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.output(seconds)
                assert message["type"] == "websocket.send", message
                frame: dict[str, Any] = json.loads(message["text"])
                if not kind or frame.get("t") == kind:
                    return frame

    async def closed(self, seconds: float = 5) -> int:
        """Wait for the server to close it: the code."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.output(seconds)
                if message["type"] == "websocket.close":
                    return int(message.get("code") or 1000)

    async def close(self) -> None:
        """Go away."""
        await self._communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._communicator.wait(5)


def _cookies(user: AbstractUser) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user)
    return b"cookie", "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()).encode()


async def cookies(user: AbstractUser) -> tuple[bytes, bytes]:
    """The Cookie header of somebody who has signed in."""
    return await sync_to_async(_cookies)(user)
