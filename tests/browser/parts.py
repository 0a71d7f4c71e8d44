"""The parts of a page that tests point at."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

PageFor = Callable[..., Page]
DEPLOYMENT = "/clusters/demo-shop/deployment/shop/{}/"
CONTAINER = "/clusters/demo-host/container/{}/"


def rows(page: Page) -> Locator:
    return page.locator("live-table .rows .r")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator('live-table .rows .r [data-cell="name"] [data-part="link"]').all_text_contents()


def dialog(page: Page) -> Locator:
    return page.locator("dialog#confirm[open]")


def act(page: Page, label: str) -> Locator:
    page.locator(".dh-actions").get_by_role("button", name=label, exact=True).click()
    expect(dialog(page)).to_be_visible()
    return dialog(page)
