"""A real browser on a real server. One server with the demonstration for all tests; each test has a fresh browser tab."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.server import CHROMIUM_ARGUMENTS, PASSWORD, Server


@pytest.fixture(scope="session")
def server(chromium: str) -> Iterator[Server]:
    """A server that shows the demonstration, with the cast."""
    with Server() as one:
        one.add_people()
        yield one


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context_for(server: Server, browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A signed-in browser context of somebody: their own cookies, their own size of window."""
    contexts: list[BrowserContext] = []

    def make(name: str, *, width: int = 1440, height: int = 900, theme: str = "dark", base: str = server.url) -> BrowserContext:
        context = browser.new_context(base_url=base, viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
        contexts.append(context)
        sign_in(context, name)
        return context

    yield make
    for context in contexts:
        context.close()


def sign_in(context: BrowserContext, name: str) -> None:
    """Through the sign-in page, as people do."""
    page = context.new_page()
    page.goto("/account/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/" not in url)
    page.close()


@pytest.fixture
def page_for(context_for: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """A signed-in tab of somebody; whatever goes wrong in its scripts fails the test."""

    def make(name: str, **options: object) -> Page:
        page = context_for(name, **options).new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        return page

    return make
