"""Whatever clusters say is text: no script of theirs runs, nothing of the page moves, the policy is never broken."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from clusters.kinds import kind_named
from tests.attacks.hostile import LINES, SCRIPTS, hostile_engine
from tests.attacks.inert import careful, unharmed  # noqa: F401
from tests.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hostile_server(browser: Browser, signed_in: Callable[..., Any]) -> Iterator[Server]:
    """A server with one cluster more: an engine all of whose words are hostile, and that refuses everything."""
    with hostile_engine() as address, Server() as one:
        one.add_people()
        context = browser.new_context(base_url=one.url, storage_state=signed_in(one.url, "ada"))
        page = context.new_page()
        page.goto("/clusters/connect/?driver=docker")
        page.get_by_label("Address").fill(address)
        page.get_by_label("Without TLS", exact=True).check()
        page.get_by_label("Name", exact=True).fill(SCRIPTS[0])
        page.get_by_role("button", name="Connect", exact=True).last.click()
        page.wait_for_url(lambda url: "/connect/" not in url)
        expect(page.get_by_role("heading", level=1)).to_contain_text(SCRIPTS[0])
        context.close()
        yield one


@functools.cache
def slug_of(server: Server) -> str:
    return server.manage(
        "from clusters.models import Cluster; print(Cluster.objects.exclude(driver='demo').get().slug)"
    ).strip()


def hrefs(page: Page, server: Server) -> list[str]:
    page.goto(f"/list/container/?cluster={slug_of(server)}")
    expect(page.locator("live-table .rows .r")).to_have_count(len(SCRIPTS))
    links = page.locator('live-table .rows [data-part="link"]')
    found = [str(links.nth(number).get_attribute("href")) for number in range(links.count())]
    return [href for href in found if "%0A" not in href]  # a name of two lines has no page, but stands in the lists


def test_lists_and_home_show_hostile_names_as_text(hostile_server: Server, careful: Callable[[Server], Page]) -> None:
    page = careful(hostile_server)
    slug = slug_of(hostile_server)
    for address in (
        "/",
        "/workloads/",
        "/activity/",
        "/audit/",
        "/people/",
        f"/clusters/{slug}/",
        f"/clusters/{slug}/edit/",
        "/jobs/",
    ):
        page.goto(address)
        page.locator("main").wait_for()
        page.wait_for_timeout(150)
        unharmed(page)
    assert len(hrefs(page, hostile_server)) == len(SCRIPTS) - 1
    expect(page.locator("live-table")).to_contain_text('"><img src=x onerror=__p=1>')
    page.get_by_role("button", name="Add filter").click()
    page.locator("#table-filters").wait_for()
    unharmed(page)


def test_every_hostile_container_is_inert_in_its_tabs_and_dialogs_and_what_passes_for_another_is_told_apart(
    hostile_server: Server, careful: Callable[[Server], Page]
) -> None:
    page, told = careful(hostile_server), list[str]()
    for number, href in enumerate(hrefs(page, hostile_server)):
        opened(page, href, "overview")
        page.locator(".dh-actions").get_by_role("button", name="Remove").click()
        dialog = page.locator("dialog#confirm[open]")
        said = dialog.locator(".effects").inner_text()
        told += [name for name in ("\\u202etxt.exe", "\\u200bp\\u0430yments", "line\\u2028break") if name in said]
        unharmed(page)
        if number < 6:  # refused by the engine, in its own hostile words
            dialog.locator("[type=submit]").click()
            expect(page.locator("dialog#confirm[open] [data-error], .toast").first).to_be_visible()
            unharmed(page)
        for panel in ("checks", "raw"):
            opened(page, href, panel)
    assert len(told) == 3


def opened(page: Page, href: str, panel: str) -> None:
    answer = page.goto(f"{href}?panel={panel}")
    assert answer is not None
    assert answer.status == 200, f"{href} {panel}"
    unharmed(page)


@pytest.mark.parametrize("kind", ["image", "network", "volume", "project", "host"])
def test_lists_pages_and_clean_up_of_what_is_on_a_hostile_host_are_inert(
    hostile_server: Server, careful: Callable[[Server], Page], kind: str
) -> None:
    page, slug = careful(hostile_server), slug_of(hostile_server)
    page.goto(f"/list/{kind}/?cluster={slug}")
    page.locator("live-table .rows .r").first.wait_for()
    unharmed(page)
    links = page.locator('live-table .rows [data-part="link"]')
    found = [str(links.nth(number).get_attribute("href")) for number in range(links.count())]
    first, *others = kind_named("docker", kind).panels
    tabs = cycle(others)
    for href in [one for one in found if "%0A" not in one][:20]:
        for panel in (first.key, next(tabs).key):  # each name at first sight, and the tabs in turn
            opened(page, href, panel)
    if kind != "host":
        return
    page.goto(f"{found[0]}?panel=disk")
    for cleaner in ("Unused volumes", "Unused images", "Unused networks", "Build cache"):
        page.get_by_role("button", name=cleaner).click()
        page.locator("dialog#clean[open]").wait_for()
        page.wait_for_timeout(200)
        unharmed(page)
        page.locator("dialog#clean [data-close]").click()


def test_hostile_log_lines_are_inert_and_shown(hostile_server: Server, careful: Callable[[Server], Page]) -> None:
    page = careful(hostile_server)
    page.goto(f"{hrefs(page, hostile_server)[0]}?panel=logs")
    lines = page.locator("log-view li:not(.ours):not(.gap)")
    expect(lines).to_have_count(len(LINES))
    title = page.title()
    unharmed(page)
    assert title.endswith("Pilothouse")
    shown = page.locator("log-view").inner_text()
    assert "<img src=x onerror=__p=1>" in shown
    assert not any(letter in shown for letter in "\x1b\x00\x07\x08\u202e\u2066")


def test_palette_and_quick_look_are_inert(hostile_server: Server, careful: Callable[[Server], Page]) -> None:
    page = careful(hostile_server)
    page.goto("/workloads/?sort=-name")
    page.locator("live-table .rows .r").filter(has_text="onerror").first.locator('[data-cell="status"]').click()
    page.locator("#look h1").wait_for()
    unharmed(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").fill("onerror")
    page.get_by_role("option").first.wait_for()
    unharmed(page)


def test_a_cluster_whose_name_turns_text_around_cannot_pass_for_another(
    hostile_server: Server, careful: Callable[[Server], Page]
) -> None:
    """Of the demonstration, on every page that names it: headings, titles, breadcrumbs, dialogs, audit, activity."""
    page = careful(hostile_server)
    page.goto("/clusters/demo-shop/edit/")
    page.get_by_label("Name", exact=True).fill("Demo \u202epohs\u202c \u2066x")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(lambda url: "/edit/" not in url)
    for address in (
        "/clusters/demo-shop/",
        "/clusters/demo-shop/edit/",
        "/clusters/demo-shop/deployment/shop/web/",
        "/clusters/demo-shop/deployment/shop/web/?panel=logs",
        "/?cluster=demo-shop",
        "/workloads/?cluster=demo-shop",
        "/activity/",
        "/audit/",
        "/people/",
        "/demo/",
    ):
        page.goto(address)
        page.locator('live-pill[data-state="live"]').wait_for()
        page.wait_for_timeout(150)
        unharmed(page)
    expect(page.locator(".side")).to_contain_text("Demo \ufffdpohs")
    page.goto("/clusters/demo-shop/edit/")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Demo \u202epohs\u202c \u2066x")
