"""The terminal's socket: who is let in, what is carried, and when it ends."""

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
from clusters.errors import Unsupported
from clusters.live.connection import Connection
from clusters.models import AuditEntry, Cluster, Grant
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


async def test_a_terminal_says_what_it_is_and_carries_bytes_both_ways(
    driver: Driver, knock: Knock, otto: AbstractUser
) -> None:
    tab, _ = await knock(otto, container="two")
    hello = await tab.control()
    assert hello["program"] == "/bin/ash"
    assert hello["user"] == "root"
    assert [one["container"] for one in hello["containers"]] == ["one", "two"]
    assert hello["chosen"] == 1
    shell = driver.opened
    assert shell is not None
    shell.printed.put_nowait(b"\xff\x00$ ")
    assert (await tab.next())["bytes"] == b"\xff\x00$ "
    await tab.type(b"ls\n")
    shell.printed.put_nowait(None)
    assert await ended(tab) == ("The shell ended: exit 0.", 1000)
    assert shell.typed == [b"ls\n"]
    assert shell.closed


async def test_who_may_not_is_refused_before_the_socket_opens_and_nothing_is_called(
    driver: Driver, knock: Knock, shop: Cluster, vera: AbstractUser, nora: AbstractUser
) -> None:
    for user in (vera, nora, None):
        _, answer = await knock(user)
        assert answer["type"] == "websocket.close"
    assert driver.calls == []
    assert await AuditEntry.objects.filter(verb="terminal", actor="vera").aexists()


async def test_the_role_without_the_right_is_not_enough(
    driver: Driver, knock: Knock, shop: Cluster, nora: AbstractUser
) -> None:
    await sync_to_async(Grant.objects.create)(user=nora, role=2, cluster=shop)
    _, answer = await knock(nora)
    assert answer["type"] == "websocket.close"
    assert driver.calls == []


@pytest.mark.parametrize(
    "query", [{"uid": "u9"}, {"kind": "../app"}, {"cluster": "x"}, {"container": "three"}, {"cluster": ""}]
)
async def test_what_is_not_there_is_refused_the_same_way(
    driver: Driver, knock: Knock, otto: AbstractUser, query: dict[str, str]
) -> None:
    _, answer = await knock(otto, **query)
    assert answer["type"] == "websocket.close"
    assert driver.calls == []


async def test_nobody_chooses_the_program_by_the_address(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    await opened(knock, otto, cmd="sh;id", shell="/bin/sh+-c+id", command="id")
    assert driver.calls == [("shell", ("web", "one", []))]


async def test_sizes_are_kept_within_reason(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    tab = await opened(knock, otto)
    for columns, rows in ((80, 24), (-1, 0), (10**9, 10**9)):
        await tab.send(t="size", columns=columns, rows=rows)
    await asyncio.sleep(0.05)
    assert driver.opened is not None
    assert driver.opened.sizes == [(80, 24), (1, 1), (500, 500)]


@pytest.mark.parametrize(
    "text",
    ['{"t":"size","columns":"24;id","rows":1}', "[]", "x", "{", '{"t":"run"}', "[" * 5000, '{"t":"ack","n":null}'],
)
async def test_a_bad_frame_closes_the_socket_and_the_shell(
    driver: Driver, knock: Knock, otto: AbstractUser, text: str
) -> None:
    tab = await opened(knock, otto)
    await tab.communicator.send_input({"type": "websocket.receive", "text": text})
    assert await ended(tab) == ("Not a frame.", 4400)
    assert driver.opened is not None
    assert driver.opened.closed


async def _sign_out(user: AbstractUser, shop: Cluster) -> None:
    from django.contrib.sessions.models import Session

    await Session.objects.all().adelete()
    from clusters import actors

    await sync_to_async(actors.bump)()


async def _new_password(user: AbstractUser, shop: Cluster) -> None:
    user.set_password("another battery staple")
    await user.asave()


async def _switch_off(user: AbstractUser, shop: Cluster) -> None:
    user.is_active = False
    await user.asave()


async def _lower(user: AbstractUser, shop: Cluster) -> None:
    grant = await Grant.objects.aget(user=user)
    grant.role = 1
    await grant.asave()


async def _take_away(user: AbstractUser, shop: Cluster) -> None:
    grant = await Grant.objects.aget(user=user)
    await grant.adelete()


@pytest.mark.parametrize(
    ("happens", "code"),
    [(_sign_out, 4401), (_new_password, 4401), (_switch_off, 4401), (_lower, 4403), (_take_away, 4403)],
)
async def test_when_the_right_is_gone_the_terminal_is_closed_and_no_key_gets_through(
    driver: Driver, knock: Knock, shop: Cluster, otto: AbstractUser, happens: Any, code: int
) -> None:
    tab = await opened(knock, otto)
    await happens(otto, shop)
    await tab.type(b"rm -rf /\n")
    assert (await ended(tab))[1] == code
    assert driver.opened is not None
    assert driver.opened.typed == []
    assert driver.opened.closed


async def test_a_terminal_nobody_types_in_is_closed_with_a_notice_first(
    driver: Driver, knock: Knock, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE", 0.5)
    monkeypatch.setattr(module, "WARN_BEFORE", 0.3)
    tab = await opened(knock, otto)
    assert (await tab.control())["t"] == "notice"
    assert (await ended(tab))[0].endswith("minutes without a key.")
    assert driver.opened is not None
    assert driver.opened.typed == [b"\x04"]


async def test_a_terminal_lives_no_longer_than_a_working_day(
    driver: Driver, knock: Knock, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.1)
    tab = await opened(knock, otto)
    assert "at most" in (await ended(tab))[0]


async def test_a_tab_that_does_not_show_what_came_stops_the_flood(
    driver: Driver, knock: Knock, otto: AbstractUser
) -> None:
    tab = await opened(knock, otto)
    shell = driver.opened
    assert shell is not None
    for _ in range(100):
        shell.printed.put_nowait(b"x" * 65536)
    received = 0
    while await _more(tab):
        received += len((await tab.next())["bytes"])
    assert module.HIGH < received <= module.HIGH + 65536
    await tab.send(t="ack", n=received - module.LOW)
    assert await _more(tab)


async def _more(tab: Tab) -> bool:
    return not await tab.communicator.receive_nothing(0.1)


async def test_a_closed_tab_leaves_no_shell_behind(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    tab = await opened(knock, otto)
    await tab.communicator.send_input({"type": "websocket.disconnect", "code": 1001})
    await tab.communicator.wait(2)
    assert driver.opened is not None
    assert driver.opened.closed
    assert module._open[otto.pk] == 0


async def test_opening_and_closing_are_in_the_audit_with_the_address(
    driver: Driver, knock: Knock, otto: AbstractUser
) -> None:
    tab = await opened(knock, otto)
    await tab.type(b"secret\n")
    await asyncio.sleep(0.05)
    assert driver.opened is not None
    driver.opened.printed.put_nowait(None)
    await ended(tab)
    entries = [entry async for entry in AuditEntry.objects.filter(verb="terminal")]
    assert {entry.actor for entry in entries} == {"otto"}
    assert {entry.address for entry in entries} == {"10.1.2.3"}
    assert len(entries) == 2
    assert not any("secret" in str(entry.__dict__) for entry in entries)


async def test_an_image_without_a_shell_says_what_can_be_done(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    driver.fails = Unsupported("There is no shell in this image.", hint="Debug it from beside.")
    tab, _ = await knock(otto)
    frame = await tab.control()
    assert (frame["t"], frame["why"], frame["hint"]) == (
        "end",
        "There is no shell in this image.",
        "Debug it from beside.",
    )


async def test_nobody_has_more_than_twenty_terminals(
    driver: Driver, knock: Knock, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_OPEN", 1)
    await opened(knock, otto)
    tab, _ = await knock(otto)
    why, code = await ended(tab)
    assert "open already" in why
    assert code == 4429
