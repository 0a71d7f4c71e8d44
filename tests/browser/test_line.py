"""The tab's line to the server: what each way it ends says, and what happens then."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.server import Server

PageFor = Callable[..., Page]
pytestmark = pytest.mark.browser


class Line:
    """A line that ends with this code whenever it is opened, until it is ``mended``."""

    def __init__(self, page: Page, code: int) -> None:
        self.code = code
        self.opened: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/live/$"), self._opened)

    @property
    def tries(self) -> int:
        return len(self.opened)

    def mend(self) -> None:
        self.code = 0

    def _opened(self, line: WebSocketRoute) -> None:
        self.opened.append(line)
        if self.code:
            line.close(code=self.code)
        else:
            line.connect_to_server()


@pytest.mark.parametrize(
    ("code", "word", "words"),
    [
        (4400, "Load again", "Load the page again"),
        (4403, "Not allowed", "You may not follow this any longer"),
        (4404, "Gone", "not there any more"),
    ],
)
def test_what_cannot_get_better_is_said_and_not_tried_again(
    page_for: PageFor, code: int, word: str, words: str
) -> None:
    page = page_for("vera")
    line = Line(page, code)
    page.goto("/workloads/")
    expect(page.locator("live-pill")).to_have_text(word)
    expect(page.locator(".toast[role=alert]")).to_contain_text(words)
    page.wait_for_timeout(2_500)
    assert line.tries == 1
    expect(page.locator(".stale-note")).to_contain_text(words)


@pytest.mark.parametrize(("code", "word"), [(4408, "Catching up"), (1012, "Restarting"), (1006, "Reconnecting")])
def test_what_passes_is_tried_again_by_itself(page_for: PageFor, code: int, word: str) -> None:
    page = page_for("vera")
    line = Line(page, code if code != 1006 else 3000)
    page.goto("/")
    expect(page.locator("live-pill")).to_have_text(word)
    line.mend()
    expect(page.locator("live-pill")).to_have_text("Live", timeout=10_000)
    assert line.tries > 1
    expect(page.locator(".toast")).to_have_count(0)


def test_too_many_tabs_are_said_once_and_tried_rarely(page_for: PageFor) -> None:
    page = page_for("vera")
    line = Line(page, 4429)
    page.goto("/")
    expect(page.locator("live-pill")).to_have_text("Too many tabs")
    expect(page.locator(".toast[role=alert]")).to_contain_text("Close some")
    page.wait_for_timeout(4_000)
    assert line.tries == 1
    expect(page.locator(".toast[role=alert]")).to_have_count(1)


def test_a_session_that_ended_leads_to_signing_in_and_back(page_for: PageFor) -> None:
    page = page_for("vera")
    line = Line(page, 0)
    page.goto("/workloads/?q=web")
    expect(page.locator("live-pill")).to_have_text("Live")
    page.context.clear_cookies()
    line.opened[0].close(code=4401)
    page.wait_for_url(lambda url: "/account/login/" in url and "workloads" in url and "q%3Dweb" in url)


def test_a_line_that_is_ended_for_somebody_who_is_signed_in_is_said_after_one_try(page_for: PageFor) -> None:
    page = page_for("vera")
    line = Line(page, 4401)
    page.goto("/workloads/")
    expect(page.locator("live-pill")).to_have_text("Not let in")
    expect(page.locator(".toast[role=alert]")).to_contain_text("although you are signed in")
    page.wait_for_timeout(2_500)
    assert line.tries == 2, "the page as it was opened, and as it was loaded again"
    line.mend()
    page.reload()
    expect(page.locator("live-pill")).to_have_text("Live")


def test_a_tab_that_lost_its_session_while_it_was_away_is_told_so(page_for: PageFor) -> None:
    page = page_for("vera")
    line = Line(page, 3000)
    page.goto("/workloads/")
    expect(page.locator("live-pill")).to_have_text("Reconnecting")
    page.context.clear_cookies()
    page.wait_for_url("**/account/login/**", timeout=10_000)
    assert line.tries >= 2


def test_a_server_that_starts_again_is_said_and_found_again(page_for: PageFor, chromium: str) -> None:
    with Server() as own:
        own.add_people()
        page = page_for("vera", base=own.url)
        page.goto("/workloads/")
        expect(page.locator("live-pill")).to_have_text("Live")
        own.stop()
        expect(page.locator("live-pill")).to_have_text("Restarting")
        expect(page.locator(".stale-note")).to_contain_text("started again")
        own.start()
        expect(page.locator("live-pill")).to_have_text("Live", timeout=20_000)
        expect(page.locator(".stale-note")).to_be_hidden()
