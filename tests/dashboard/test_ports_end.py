"""Who gets into an open port, and until when: its tab, its session, the right to it, its cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.forward import forward as timing
from clusters.models import Grant
from dashboard.forward import forwards
from tests.dashboard.conftest import Fakes
from tests.dashboard.open_ports import browser, entries, over, pod  # noqa: F401
from tests.dashboard.pod_page import OPENING, Browser, Driver, open_port

ClientFor = Callable[[User], AsyncClient]
DOCUMENT = {"sec_fetch_dest": "document", "sec_fetch_mode": "navigate"}


async def test_nobody_gets_in_without_the_cookie_and_its_link_is_good_once(
    browser: Browser, pod: Driver, fakes: Fakes, otto: User, async_client_for: ClientFor
) -> None:
    one = forwards.open[browser.token]
    stranger = Browser(browser.host)
    assert (await stranger.ask("/")).status == 403
    stranger.cookie = "guessed"
    assert (await stranger.ask("/")).status == 403
    assert one.ticket == ""
    assert (await stranger.ask("/.pilothouse/open?ticket=")).status == 403
    assert (await Browser(f"{'0' * 32}.localhost:8000").ask("/")).status == 404
    ours = Browser(browser.host.partition(".")[2], browser.cookie)
    assert (await ours.ask("/told")).status in (302, 404)  # Pilothouse itself, which knows nothing of it
    assert not [call for call in pod.calls if call[0] == "dial"]


async def test_why_there_is_no_answer_is_said_in_words(
    pod: Driver, fakes: Fakes, otto: User, async_client_for: ClientFor
) -> None:
    async def junk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    async def switching(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")

    handlers = (junk, silent, switching)
    servers = [await asyncio.start_server(handler, "127.0.0.1", 0) for handler in handlers]
    pod.at |= {port: server.sockets[0].getsockname()[1] for port, server in zip((25, 26, 27), servers, strict=True)}
    client, row = async_client_for(otto), fakes.row("shop", "u1")
    for port, speaks, words in (
        (81, "", "Nothing answers on port 81"),
        (25, "", "does not speak HTTP"),
        (26, "", "closed the connection without an answer"),
        (27, "", "does not speak HTTP"),
        (80, "https", "does not speak HTTPS"),
    ):
        browser = await open_port(client, row, port, speaks)
        answer = await browser.ask("/", **DOCUMENT)
        assert answer.status == 502
        assert words in answer.body.decode()
        assert "frame-ancestors 'none'" in answer.header("content-security-policy")
        assert "Traceback" not in answer.body.decode()
    for server in servers:
        server.close()


async def test_it_ends_with_its_tab_and_the_audit_says_so(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "AFTER_TAB", 0.1)
    await browser.ask("/", **DOCUMENT)
    tab, accepted = await browser.socket("/.pilothouse/tab", origin=f"http://{browser.host}")
    assert accepted["type"] == "websocket.accept"
    await asyncio.sleep(0.3)
    assert browser.token in forwards.open
    await tab.send_input({"type": "websocket.disconnect", "code": 1001})
    assert await over(browser) == "Ended: its tab was closed."
    answer = await browser.ask("/", **DOCUMENT)
    assert (answer.status, b"its tab was closed" in answer.body) == (410, True)
    async with asyncio.timeout(3):
        while len(found := await entries()) < 2:
            await asyncio.sleep(0.02)
    assert found == [("intent", "", ""), ("outcome", "done", "Ended: its tab was closed. 1 request.")]


async def test_a_page_that_cannot_tell_keeps_it_open(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "AFTER_TAB", 0.05)
    tab, _ = await browser.socket("/.pilothouse/tab", origin=f"http://{browser.host}")
    await browser.ask("/told", **DOCUMENT)  # JSON, shown in the tab
    await tab.send_input({"type": "websocket.disconnect", "code": 1001})
    await asyncio.sleep(0.4)
    assert browser.token in forwards.open
    monkeypatch.setattr(timing, "IDLE", 0.1)
    assert "minutes without a request" in await over(browser)


async def test_a_tab_whose_connection_broke_is_not_closed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "AFTER_TAB", 0.05)
    for code in (1005, 1006):  # as when a laptop sleeps
        tab, _ = await browser.socket("/.pilothouse/tab", origin=f"http://{browser.host}")
        await tab.send_input({"type": "websocket.disconnect", "code": code})
        await asyncio.sleep(0.3)
        assert browser.token in forwards.open
    tab, _ = await browser.socket("/.pilothouse/tab", origin=f"http://{browser.host}")
    await tab.send_input({"type": "websocket.disconnect", "code": 1000})
    assert await over(browser) == "Ended: its tab was closed."


async def test_it_ends_when_its_cluster_is_connected_in_another_way(
    browser: Browser, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.engine import engine

    connections = engine.supervisor.connections
    monkeypatch.setitem(connections, fakes.shop.pk, copy(connections[fakes.shop.pk]))
    assert await over(browser) == "Ended: how its cluster is connected was changed."


async def test_its_end_is_recorded_also_when_whoever_ends_it_goes_away(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = forwards.open[browser.token]
    cut = one.connector.cut

    async def slow() -> None:
        await asyncio.sleep(0.1)
        await cut()

    monkeypatch.setattr(one.connector, "cut", slow)
    ending = asyncio.create_task(one.end("Ended by hand."))
    await asyncio.sleep(0.02)
    ending.cancel()
    async with asyncio.timeout(3):
        while len(found := await entries()) < 2:
            await asyncio.sleep(0.02)
    assert found[1][0] == "outcome"


async def test_what_is_gone_is_not_reached_any_more(browser: Browser, pod: Driver, fakes: Fakes) -> None:
    from dashboard.engine import engine

    engine.supervisor.connections[fakes.shop.pk].stores["app"].resources.pop("u1")
    answer = await browser.ask("/", **DOCUMENT)
    assert (answer.status, b"is not there any more" in answer.body) == (502, True)
    assert not [call for call in pod.calls if call[0] == "dial"]


async def _takes_the_right(otto: User) -> None:
    await Grant.objects.filter(user=otto).aupdate(rights=[])
    from clusters import actors

    await sync_to_async(actors.bump)()


async def _signs_out(otto: User) -> None:
    from django.contrib.sessions.models import Session

    await sync_to_async(lambda: [one.delete() for one in Session.objects.all()])()


@pytest.mark.parametrize(("change", "words"), [(_takes_the_right, "right to it"), (_signs_out, "signed out")])
async def test_it_ends_with_the_right_to_it_and_with_the_session(
    browser: Browser, otto: User, change: Any, words: str
) -> None:
    stream, begun = await browser.socket("/ws", origin=f"http://{browser.host}")
    assert begun["type"] == "websocket.accept"
    await change(otto)
    assert words in await over(browser)
    assert (await stream.receive_output(5))["type"] == "websocket.close"
    assert (await browser.ask("/")).status == 410


async def test_who_may_not_opens_nothing(
    pod: Driver, fakes: Fakes, vera: User, otto: User, async_client_for: ClientFor
) -> None:
    asked = {"row": fakes.row("shop", "u1"), "port": "80"}
    assert (await async_client_for(vera).post("/ports/open/", asked)).status_code == 403
    assert (
        await async_client_for(otto).post("/ports/open/", {**asked, "row": fakes.row("vault", "u1")})
    ).status_code == 404
    for port in ("0", "65536", "-1", "x", ""):
        assert (await async_client_for(otto).post("/ports/open/", {**asked, "port": port})).status_code == 422
    pod.may_not = {"create"}
    answer = await async_client_for(otto).post("/ports/open/", asked)
    assert (answer.status_code, b"account may not" in answer.content) == (422, True)
    assert not forwards.open
    assert not [call for call in pod.calls if call[0] == "dial"]
    assert [stage for stage, _, _ in await entries()] == ["denied", "denied"]


async def test_without_a_domain_the_button_is_off_and_says_what_to_set(
    pod: Driver, fakes: Fakes, otto: User, async_client_for: ClientFor, settings: Any
) -> None:
    page = f"/clusters/shop/app/{OPENING.key(pod.apps['u1'])}/"
    assert b"Open port" in (await async_client_for(otto).get(page)).content
    settings.FORWARD_DOMAIN = ""
    content = (await async_client_for(otto).get(page)).content.decode()
    assert "PILOTHOUSE_FORWARD_DOMAIN" in content
    asked = {"row": fakes.row("shop", "u1"), "port": "80"}
    assert (await async_client_for(otto).post("/ports/open/", asked)).status_code == 422


async def test_a_person_sees_and_ends_their_own_alone(
    browser: Browser, ada: User, otto: User, async_client_for: ClientFor
) -> None:
    mine, other = async_client_for(otto), async_client_for(ada)
    assert browser.token in (await mine.get("/ports/")).content.decode()
    assert browser.token not in (await other.get("/ports/")).content.decode()
    await other.post("/ports/end/", {"token": browser.token})
    assert browser.token in forwards.open
    await mine.post("/ports/end/", {"token": browser.token})
    assert await over(browser) == "Ended by hand."
