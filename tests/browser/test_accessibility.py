"""No page breaks a rule of accessibility, dark or light, on a wide screen or on a phone; and none is wider than its screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.pages import BROKEN, PAGES, WIDE_ONLY, Shot, break_things, open_shot
from tests.server import Server

pytestmark = pytest.mark.browser
WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
# All rules in the first theme; in the second what can differ: colours.
THEMES = {"wide": ("dark", "light"), "narrow": ("light", "dark")}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
TabFor = Callable[[Server, Shot, str], Page]


@pytest.fixture(scope="module")
def tab_for(browser: Browser, signed_in: Callable[..., object]) -> Iterator[TabFor]:
    """A new tab in the browser of whoever looks; browsers are kept, as opening one takes longer than a page."""
    contexts: dict[tuple[str, str, str], BrowserContext] = {}

    def make(server: Server, shot: Shot, width: str) -> Page:
        key = (server.url, shot.who, width)
        if key not in contexts:
            state = signed_in(server.url, shot.who) if shot.who else None
            size = {"width": WIDTHS[width][0], "height": WIDTHS[width][1]}
            contexts[key] = browser.new_context(
                base_url=server.url, viewport=size, reduced_motion="reduce", storage_state=state
            )
            contexts[key].set_default_timeout(10_000)
        return contexts[key].new_page()

    yield make
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module")
def broken_server(chromium: str, browser: Browser, signed_in: Callable[..., object]) -> Iterator[Server]:
    """A server whose demonstration has faults."""
    with Server() as one:
        one.add_people()
        context = browser.new_context(base_url=one.url, storage_state=signed_in(one.url, "ada"))
        break_things(context.new_page())
        context.close()
        yield one


def violations(page: Page, options: object = None) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]]


def look(page: Page, shot: Shot, width: str) -> list[str]:
    """Everything that is wrong with this page in this width."""
    try:
        first, second = THEMES[width]
        page.emulate_media(color_scheme=first)
        open_shot(page, shot)
        wrong = violations(page)
        page.emulate_media(color_scheme=second)
        wrong += [f"{second}: {one}" for one in violations(page, COLOURS)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        return wrong if wide <= WIDTHS[width][0] else [*wrong, f"the page is {wide} px wide"]
    finally:
        page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shot", PAGES, ids=[shot.name for shot in PAGES])
def test_every_page_is_accessible(server: Server, tab_for: TabFor, shot: Shot, width: str) -> None:
    if shot.name in WIDE_ONLY and width == "narrow":
        pytest.skip("not on a phone")
    assert look(tab_for(server, shot, width), shot, width) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shot", BROKEN, ids=[shot.name for shot in BROKEN])
def test_every_page_is_accessible_when_things_are_broken(
    broken_server: Server, tab_for: TabFor, shot: Shot, width: str
) -> None:
    assert look(tab_for(broken_server, shot, width), shot, width) == []
