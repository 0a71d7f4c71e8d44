"""Ports of pods open on an origin of their own: what is asked reaches the pod as it is, and what is ours never does."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator

from dashboard.asgi import application
from dashboard.forward import forwards, http
from dashboard.forward.http import APPENDED
from tests.dashboard.open_ports import browser, pod  # noqa: F401
from tests.dashboard.pod_page import Browser, Driver

DOCUMENT = {"sec_fetch_dest": "document", "sec_fetch_mode": "navigate"}


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
