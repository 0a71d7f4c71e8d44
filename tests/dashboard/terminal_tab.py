"""A browser's side of the terminal's socket, and a shell that prints what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.test import Client

from clusters import kinds
from clusters.drivers.base import LogSource
from clusters.live.connection import Connection
from clusters.models import Cluster
from dashboard import terminal as module
from dashboard.engine import engine, info
from dashboard.terminal import terminal
from tests.clusters.fakes import APP, FakeDriver, two_apps

SPEAKING = replace(APP, logs=lambda app: [LogSource(app, "app", "one", "one"), LogSource(app, "app", "two", "two")])


class Shell:
    """A shell that prints what the test tells it to, and keeps what was typed."""

    program, user = "/bin/ash", "root"

    def __init__(self) -> None:
        self.printed: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.typed: list[bytes] = []
        self.sizes: list[tuple[int, int]] = []
        self.closed = False

    async def output(self) -> AsyncIterator[bytes]:
        while (data := await self.printed.get()) is not None:
            yield data

    async def write(self, data: bytes) -> None:
        self.typed.append(data)

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def close(self) -> str:
        self.closed = True
        return "exit 0"


class Driver(FakeDriver):
    opened: Shell | None = None

    async def shell(self, source: Any, command: Any = ()) -> Shell:  # type: ignore[override]
        await self.record("shell", (source.resource.name, source.container, list(command)))
        self.opened = Shell()
        return self.opened


@pytest_asyncio.fixture
async def driver(transactional_db: None, shop: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Driver]:
    monkeypatch.setitem(kinds.KINDS, "docker", (SPEAKING,))
    monkeypatch.setattr(module, "RECHECK", 0.05)
    made = Driver(apps=two_apps())
    connection = engine.supervisor.connections[shop.pk] = Connection(info(shop), made, lambda _: None)  # type: ignore[arg-type]
    connection.start()
    with connection.wanted("app"):
        for _ in range(100):
            if connection.stores["app"].listed:
                break
            await asyncio.sleep(0.01)
        yield made
    await engine.supervisor.close()
    module._open.clear()


class Tab:
    """A browser's side of the socket."""

    def __init__(self, communicator: ApplicationCommunicator) -> None:
        self.communicator = communicator

    async def next(self, timeout: float = 2) -> dict[str, Any]:
        message: dict[str, Any] = await self.communicator.receive_output(timeout)
        return message

    async def control(self, timeout: float = 2) -> dict[str, Any]:
        while "text" not in (message := await self.next(timeout)):
            assert message["type"] == "websocket.send", message
        return json.loads(message["text"])  # type: ignore[no-any-return]

    async def send(self, **frame: Any) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "text": json.dumps(frame)})

    async def type(self, data: bytes) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "bytes": data})


Knock = Callable[..., Awaitable[tuple[Tab, dict[str, Any]]]]


@pytest_asyncio.fixture
async def knock(shop: Cluster) -> AsyncIterator[Knock]:
    """Ask for a terminal as somebody; answers with the tab and the first message of the server."""
    tabs: list[Tab] = []

    async def ask(user: AbstractUser | None, uid: str = "u1", **query: str) -> tuple[Tab, dict[str, Any]]:
        client = Client()
        if user is not None:
            await sync_to_async(client.force_login)(user)
        text = "&".join(
            f"{name}={value}" for name, value in {"cluster": shop.pk, "kind": "app", "uid": uid, **query}.items()
        )
        scope: dict[str, Any] = {"type": "websocket", "path": "/terminal/", "query_string": text.encode(), "headers": [],
                 "client": ("10.1.2.3", 5), "user": user or AnonymousUser(), "session": client.session if user else {}}  # fmt: skip
        tab = Tab(ApplicationCommunicator(terminal, scope))
        tabs.append(tab)
        await tab.communicator.send_input({"type": "websocket.connect"})
        return tab, await tab.next()

    yield ask
    for tab in tabs:
        await tab.communicator.send_input({"type": "websocket.disconnect", "code": 1001})
        await tab.communicator.wait(2)


async def opened(knock: Knock, user: AbstractUser, **query: str) -> Tab:
    tab, answer = await knock(user, **query)
    assert answer["type"] == "websocket.accept"
    assert (await tab.control())["t"] == "open"
    return tab


async def ended(tab: Tab, seconds: float = 5) -> tuple[str, int]:
    """The reason in words, and the code the socket was closed with."""
    while (frame := await tab.control(seconds))["t"] != "end":
        pass
    close = await tab.next()
    return frame["why"], close.get("code", 1000)
