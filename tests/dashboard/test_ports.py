"""Ports of pods open on an origin of their own, for who may, until they are over; what is ours never reaches the pod."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from copy import copy
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters import kinds
from clusters.forward import forward as timing
from clusters.models import AuditEntry, Grant
from dashboard.asgi import application
from dashboard.forward import forwards, http
from dashboard.forward.http import APPENDED
from tests.dashboard.conftest import Fakes, add
from tests.dashboard.pod_page import OPENING, Browser, Driver, end_all, open_port, start_pod

ClientFor = Callable[[User], AsyncClient]
DOCUMENT = {"sec_fetch_dest": "document", "sec_fetch_mode": "navigate"}


@pytest_asyncio.fixture
async def pod(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Driver]:
    """The shop with a pod whose port 80 is a real web server."""
    from dashboard.engine import engine

    monkeypatch.setitem(kinds.KINDS, "docker", (OPENING,))
    monkeypatch.setattr(timing, "RECHECK", 0.05)
    runner, port = await start_pod()
    made = Driver(apps=fakes.drivers["shop"].apps, at={80: port})
    await engine.supervisor.remove(fakes.shop.pk)
    await add(fakes.shop, made)
    yield made
    await end_all()
    await runner.cleanup()


@pytest_asyncio.fixture
async def browser(pod: Driver, fakes: Fakes, otto: User, async_client_for: ClientFor) -> Browser:
    return await open_port(async_client_for(otto), fakes.row("shop", "u1"))


async def over(browser: Browser, seconds: float = 3) -> str:
    """Why it ended, once it has."""
    async with asyncio.timeout(seconds):
        while not (one := forwards.find(browser.token)) or not one.ended:
            await asyncio.sleep(0.02)
    return one.ended


async def entries() -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.filter(verb="open port").order_by("id")
    return [(one.stage, one.result, str(one.detail.get("words", ""))) async for one in found]


async def test_what_is_asked_reaches_the_pod_as_it_is_without_anything_of_ours(browser: Browser) -> None:
    path = "/told?a=%2F..%2F&b=%20"
    answer = await browser.ask(
        path, method="POST", body=b"x" * 300_000, content_type="text/weird", x_own="1", x_forwarded_for="6.6.6.6", x_forwarded_prefix="/x", x_real_ip="6.6.6.6",
        connection="x-hop", x_hop="1", cookie=f"mine=1; pilothouse_port={browser.cookie}; pilothouse_session=s; b=2",
    )  # fmt: skip
    told = json.loads(answer.body)
    assert (told["path"], told["body"]) == (path, 300_000)
    headers = {name.lower(): value for name, value in told["headers"].items()}
    expected = {"host": browser.host, "cookie": "mine=1; b=2", "content-type": "text/weird", "x-own": "1"}
    assert headers == {**expected, "content-length": "300000"}


async def test_a_pods_cookies_and_headers_stay_on_its_own_host_name(browser: Browser) -> None:
    answer = await browser.ask("/cookies")
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["app=1; Path=/; HttpOnly"]
    assert (answer.header("x-own"), answer.header("clear-site-data")) == ("1", "")
    assert answer.header("referrer-policy") == "same-origin"


async def test_only_the_wait_after_what_is_sent_counts_as_the_pods(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWERS", 0.3)
    asked = ApplicationCommunicator(application, browser.scope("/told", content_length="8") | {"method": "POST"})
    for number in range(8):
        await asked.send_input({"type": "http.request", "body": b"x", "more_body": number < 7})
        await asyncio.sleep(0.1)
    assert (await asked.receive_output(5))["status"] == 200
    await asked.receive_output(5)
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(5)


async def test_a_page_that_is_to_be_kept_and_an_answer_without_a_body_stay_as_they_are(browser: Browser) -> None:
    assert (await browser.ask("/kept", **DOCUMENT)).body == b"<h1>Report</h1>"
    unchanged = await browser.ask("/unchanged", **DOCUMENT)
    assert (unchanged.status, unchanged.body, unchanged.header("content-length")) == (304, b"", "")


async def test_a_host_that_is_no_name_is_none_of_ours(browser: Browser) -> None:
    for host in ("[", "[::1", "]:80"):
        assert (await Browser(host).ask("/told")).status in (302, 400)


async def test_only_pages_get_the_line_that_tells_whether_the_tab_is_open(browser: Browser) -> None:
    plain, page = await browser.ask("/"), await browser.ask("/", **DOCUMENT)
    assert plain.body == b"<h1>Hello</h1>"
    assert page.body == plain.body + APPENDED
    assert int(page.header("content-length")) == len(page.body)
    assert (await browser.ask("/.pilothouse/tab.js")).status == 200
    assert (await browser.ask("/.pilothouse/other")).status == 404


async def test_a_websocket_goes_both_ways_and_ends_as_the_pod_says(browser: Browser) -> None:
    socket, accepted = await browser.socket("/ws", origin=f"http://{browser.host}")
    assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", "echo")
    await socket.send_input({"type": "websocket.receive", "text": "hey"})
    assert (await socket.receive_output(5))["text"] == "you said hey"
    await socket.send_input({"type": "websocket.receive", "bytes": b"\x00\x01"})
    assert (await socket.receive_output(5))["bytes"] == b"\x01\x00"
    await socket.send_input({"type": "websocket.receive", "text": "bye"})
    assert await socket.receive_output(5) == {"type": "websocket.close", "code": 4001}
    await socket.wait(5)
    _, denied = await browser.socket("/told", origin=f"http://{browser.host}")
    assert denied["type"] == "websocket.close"


async def test_an_answer_without_end_stops_when_nobody_reads_it_any_more(browser: Browser) -> None:
    asked = ApplicationCommunicator(application, browser.scope("/endless"))
    await asked.send_input({"type": "http.request"})
    assert (await asked.receive_output(5))["status"] == 200
    assert (await asked.receive_output(5))["body"].startswith(b"tick")
    assert forwards.open[browser.token].connector._carrying
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(5)
    await asyncio.sleep(0.1)
    assert not forwards.open[browser.token].connector._carrying


async def test_pages_of_other_origins_get_nothing(browser: Browser, pod: Driver) -> None:
    calls = len(pod.calls)
    for headers in (
        {"origin": "http://127.0.0.1:8000"},
        {"origin": f"http://{'0' * 32}.localhost:8000"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
    ):
        assert (await browser.ask("/told", method="POST", body=b"x", **headers)).status == 403
        _, denied = await browser.socket("/ws", **headers)
        assert denied["type"] == "websocket.close"
    assert len(pod.calls) == calls
    assert (await browser.ask("/", sec_fetch_site="cross-site", sec_fetch_mode="navigate")).status == 200


async def test_a_form_of_a_page_that_sends_no_referrer_reaches_its_own_pod(browser: Browser) -> None:
    own = {"origin": "null", "sec_fetch_site": "same-origin", "sec_fetch_mode": "navigate"}
    assert (await browser.ask("/told", method="POST", body=b"x", **own)).status == 200
    assert (await browser.ask("/told", method="POST", body=b"x", **own | {"sec_fetch_site": "same-site"})).status == 403


async def test_an_answer_whose_way_broke_is_not_taken_for_the_whole(browser: Browser, pod: Driver) -> None:
    async def until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nsome")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(until_closed, "127.0.0.1", 0)
    pod.at[80] = server.sockets[0].getsockname()[1]
    assert (await browser.ask("/")).body == b"some"
    pod.breaks = True
    asked = ApplicationCommunicator(application, browser.scope("/"))
    await asked.send_input({"type": "http.request"})
    assert (await asked.receive_output(5))["status"] == 200
    assert await asked.receive_output(5) == {"type": "http.response.body", "body": b"some", "more_body": True}
    await asked.wait(5)
    assert await asked.receive_nothing()  # it stays unfinished
    server.close()


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
