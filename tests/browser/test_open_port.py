"""What the page of an open port tells of its tab: for how long it is open, also when its line breaks meanwhile."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route, WebSocketRoute

from dashboard.assets import script
from dashboard.forward.app import LEFT
from dashboard.sockets import Sockets

pytestmark = pytest.mark.browser
HERE = "http://port.localhost"
PAGE = f"<h1>Hello</h1><script>{script('tab.js').decode()}</script>"


class Tab:
    """The page of a port, and each line that its script opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.lines: list[WebSocketRoute] = []
        page.route(f"{HERE}/**", self._page)
        page.route_web_socket(re.compile("/.pilothouse/tab$"), self._opened)
        page.goto(f"{HERE}/")

    def _page(self, route: Route) -> None:
        route.fulfill(content_type="text/html", body=PAGE)

    def _opened(self, line: WebSocketRoute) -> None:
        self.lines.append(line)

    def wait(self, lines: int) -> None:
        for _ in range(50):
            if len(self.lines) >= lines:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{len(self.lines)} lines were opened")


@pytest.fixture
def tab(browser: Browser) -> Tab:
    return Tab(browser.new_page())


def test_a_line_that_breaks_is_opened_again_and_one_that_is_over_is_not(tab: Tab) -> None:
    tab.wait(1)
    tab.lines[0].close(code=1011)
    tab.wait(2)
    tab.lines[1].close(code=1001)
    tab.page.wait_for_timeout(3000)
    assert len(tab.lines) == 2
    tab.page.close()


@pytest.fixture
def served() -> Iterator[tuple[str, list[int]]]:
    """Our own server with such a page, and the codes with which its lines end."""
    codes: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] != "websocket.disconnect":
                pass
            codes.append(message["code"])
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": PAGE.encode()})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, ws=Sockets, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://port.localhost:{listener.getsockname()[1]}/", codes
        server.should_exit = True
        thread.join(10)


@pytest.mark.parametrize("leave", [lambda page: page.goto("about:blank"), lambda page: page.close()])
def test_a_page_that_is_left_says_so(
    browser: Browser, served: tuple[str, list[int]], leave: Callable[[Page], object]
) -> None:
    where, codes = served
    page = browser.new_page()
    with page.expect_websocket():
        page.goto(where)
    page.wait_for_timeout(300)
    leave(page)
    for _ in range(50):
        if codes:
            break
        time.sleep(0.1)
    assert len(codes) == 1
    assert codes[0] in LEFT
    page.context.close()
