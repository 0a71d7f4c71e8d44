"""A real browser on a real server. One server with the demonstration for all tests; each test has a fresh browser tab."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, Response, sync_playwright

from tests.real import find_docker_socket, find_kubeconfig
from tests.server import CHROMIUM_ARGUMENTS, PASSWORD, Server

LATELY = 240.0  # seconds
GIVEN_UP = "ERR_NETWORK_CHANGED"
_GOTO = Page.goto


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
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Page, "goto", _go)
            yield browser
        browser.close()


def _go(page: Page, url: str, **options: Any) -> Response | None:
    """Whenever an engine beside us makes a network, Chromium gives up what it is fetching: then it is fetched again.

    So is a page of which a script or a style was given up: without it, nothing of it would come to life.
    """
    given_up: list[str] = []

    def note(request: Request) -> None:
        if GIVEN_UP in (request.failure or "") and not request.is_navigation_request():
            given_up.append(request.url)

    page.on("requestfailed", note)
    try:
        answer = _gone_to(page, url, **options)
    finally:
        page.remove_listener("requestfailed", note)
    return page.reload(**options) if given_up else answer


def _gone_to(page: Page, url: str, tries: int = 3, **options: Any) -> Response | None:
    try:
        return _GOTO(page, url, **options)
    except Error as error:
        # The page that says what went wrong may still be on its way, and gets in the way of the next try.
        if tries == 1 or not any(sign in error.message for sign in (GIVEN_UP, "chrome-error://")):
            raise
    page.wait_for_timeout(200)
    return _gone_to(page, url, tries - 1, **options)


@pytest.fixture(scope="session")
def real_server(chromium: str, browser: Browser, signed_in: Callable[..., Any]) -> Iterator[Server]:
    """A server beside which a real engine and a real cluster were found, and connected by a click."""
    find_docker_socket()
    find_kubeconfig()
    with Server() as one:
        one.add_people()
        context = browser.new_context(base_url=one.url, storage_state=signed_in(one.url, "ada"))
        page = context.new_page()
        for driver in ("docker", "kubernetes"):
            connect_found(page, driver)
        context.close()
        yield one


def connect_found(page: Page, driver: str) -> None:
    """Connect the first thing of that driver that was found on this machine, by a click on its button."""
    page.goto("/clusters/connect/")
    offers = page.locator("section", has=page.get_by_role("heading", name="Found on this machine")).locator("li")
    mark = "unix:///var/run/docker.sock" if driver == "docker" else "kubeconfig"
    offers.filter(has_text=mark).get_by_role("button", name="Connect").first.click()
    page.wait_for_url(lambda url: "/clusters/connect/" not in url)
    page.locator('main cluster-state [data-level="healthy"]').first.wait_for()


@pytest.fixture(scope="session")
def signed_in() -> Callable[[str, str], Any]:
    """The cookies of somebody who signed in at that address, lately: what is sensitive asks again after a while."""
    known: dict[tuple[str, str], tuple[float, Any]] = {}

    def state(base: str, name: str) -> Any:
        if time.monotonic() - known.get((base, name), (-LATELY, None))[0] >= LATELY:
            cookie = {"name": "pilothouse_session", "value": Server.at[base].session_of(name), "httpOnly": True,
                      "domain": "127.0.0.1", "path": "/", "expires": -1, "secure": False, "sameSite": "Lax"}  # fmt: skip
            known[base, name] = time.monotonic(), {"cookies": [cookie], "origins": []}
        return known[base, name][1]

    return state


@pytest.fixture
def context_for(
    browser: Browser, request: pytest.FixtureRequest, signed_in: Callable[..., Any]
) -> Iterator[Callable[..., BrowserContext]]:
    """A signed-in browser context of somebody: their own cookies, their own size of window."""
    contexts: list[BrowserContext] = []

    def make(name: str, *, width: int = 1440, height: int = 900, theme: str = "dark", base: str = "") -> BrowserContext:
        base = base or request.getfixturevalue("server").url
        state = signed_in(base, name)
        context = browser.new_context(
            base_url=base,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",  # what moves for the eye takes as much of the processor as all else
            storage_state=state,
        )  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
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


# The browser's own words, of no script of ours: a page came so late that there was nothing left to fade from.
FADED = "Transition was aborted because of invalid state"


@pytest.fixture
def page_for(context_for: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """A signed-in tab of somebody; whatever goes wrong in its scripts fails the test."""
    errors: list[str] = []

    def make(name: str, **options: object) -> Page:
        page = context_for(name, **options).new_page()
        page.on("pageerror", lambda error: None if FADED in str(error) else errors.append(f"{page.url}: {error}"))
        return page

    yield make
    assert not errors, f"scripts failed: {errors}"
