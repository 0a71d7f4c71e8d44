"""No page breaks a rule of accessibility, dark or light, on a wide screen or on a phone; none is wider than its screen, and
on none does more than one button stand out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.axe import COLOURS, LAYOUT, in_both_themes, in_theme
from tests.browser.faults import break_things, wait_for_faults
from tests.browser.pages import ALIKE, BROKEN, NARROW_ONLY, PAGES, WIDE_ONLY, Shot, open_shot
from tests.server import Server

pytestmark = pytest.mark.browser
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FRAMES = {"home", "home-nothing-shared", "switcher", "more", "user-menu", "workloads-scoped"}  # where it is the subject
EACH = [shot for shot in PAGES if shot.name not in ALIKE]
EACH_BROKEN = [shot for shot in BROKEN if shot.name not in ALIKE]
TabFor = Callable[[Server, Shot], Page]
# The words of the buttons that are drawn as the primary one, in the dialog that is open or else in the page. A quick look
# is a page of its own, and what shows every component shows all of them.
STAND_OUT = """() => {
  const layer = document.querySelector("dialog[open]") ?? document.querySelector("main");
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.background = "var(--accent-solid)";
  const solid = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return [...(layer?.querySelectorAll(".btn.primary") ?? [])]
    .filter((one) => one.checkVisibility() && !one.closest("#look") && getComputedStyle(one).backgroundColor === solid)
    .map((one) => one.textContent.trim());
}"""


@pytest.fixture(scope="module")
def tab_for(browser: Browser, signed_in: Callable[..., object]) -> Iterator[TabFor]:
    """A tab of whoever looks, kept from page to page: a new one takes as long as the page in it."""
    contexts: dict[tuple[str, str], BrowserContext] = {}
    tabs: dict[tuple[str, str], Page] = {}

    def make(server: Server, shot: Shot) -> Page:
        key = (server.url, shot.who)
        if key not in contexts:
            state = signed_in(server.url, shot.who) if shot.who else None
            contexts[key] = browser.new_context(base_url=server.url, reduced_motion="reduce", storage_state=state)
            contexts[key].set_default_timeout(15_000)
            tabs[key] = contexts[key].new_page()
        return tabs[key]

    yield make
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module", autouse=True)
def breaking(chromium: str, browser: Browser, signed_in: Callable[..., object]) -> Iterator[tuple[Server, Page]]:
    """A server whose demonstration has faults. They take a minute to show, during which other pages are looked at."""
    with Server() as one:
        one.add_people()
        context = browser.new_context(base_url=one.url, storage_state=signed_in(one.url, "ada"))
        page = context.new_page()
        break_things(page)
        yield one, page
        context.close()


@pytest.fixture(scope="module")
def broken_server(breaking: tuple[Server, Page]) -> Server:
    """The same, when Home tells of all of them."""
    server, page = breaking
    wait_for_faults(page)
    return server


def look(page: Page, shot: Shot) -> list[str]:
    """Everything that is wrong with this page, opened once: wide, dark and light; then what is laid out anew on a phone."""
    sizes = [size for size in (WIDE, PHONE) if shot.name not in (NARROW_ONLY if size is WIDE else WIDE_ONLY)]
    wrong: list[str] = []
    page.set_viewport_size(sizes[0])
    page.emulate_media(color_scheme="dark")
    open_shot(page, shot)
    wrong += stand_out(page) if shot.name != "patterns" else []
    for size in sizes:
        page.set_viewport_size(size)
        page.wait_for_timeout(100)
        wrong += too_wide(page)
        frame = shot.name in FRAMES
        again = size is PHONE and len(sizes) > 1 and not frame
        found = in_theme(page, "light", LAYOUT, frame=False) if again else in_both_themes(page, frame=frame)
        wrong += [f"{size['width']}: {one}" for one in found]
    return wrong


def stand_out(page: Page) -> list[str]:
    buttons = page.evaluate(STAND_OUT)
    return [f"{len(buttons)} buttons stand out: {', '.join(buttons)}"] if len(buttons) > 1 else []


def too_wide(page: Page) -> list[str]:
    shown, there = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [f"the page is {shown} px wide in a window of {there}"] if shown > there else []


@pytest.mark.parametrize("shot", EACH, ids=[shot.name for shot in EACH])
def test_every_page_is_accessible(server: Server, tab_for: TabFor, shot: Shot) -> None:
    assert look(tab_for(server, shot), shot) == []


@pytest.mark.parametrize("number", [2, 5])
def test_one_word_that_cannot_be_read_is_found_among_many_like_it(server: Server, tab_for: TabFor, number: int) -> None:
    shot = next(shot for shot in PAGES if shot.name == "list-pod")
    page = tab_for(server, shot)
    open_shot(page, shot)
    name = page.locator('live-table .rows .r [data-cell="name"] [data-part="link"]').nth(number)
    name.evaluate("(one) => one.style.setProperty('color', 'var(--bg)', 'important')")
    [found] = in_theme(page, "dark", COLOURS, frame=False)
    assert "color-contrast" in found


def test_what_is_not_looked_at_again_is_there() -> None:
    assert {shot.name for shot in (*PAGES, *BROKEN)} >= ALIKE


@pytest.mark.parametrize("shot", EACH_BROKEN, ids=[shot.name for shot in EACH_BROKEN])
def test_every_page_is_accessible_when_things_are_broken(broken_server: Server, tab_for: TabFor, shot: Shot) -> None:
    assert look(tab_for(broken_server, shot), shot) == []
