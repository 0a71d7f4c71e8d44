"""A tab that notes whatever should not happen in it, and the question whether anything did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.server import Server

WATCH = """
window.__broken = [];
document.addEventListener("securitypolicyviolation", (event) => window.__broken.push(event.violatedDirective + " " + event.blockedURI));
"""
UNHARMED = """() => ({
  ran: window.__p, broken: window.__broken, polluted: ({}).polluted, foreign: document.querySelectorAll("#nav, main img:not(.cm-widgetBuffer:not([src])), main script:not([type='application/json']):not([src])").length,
  links: [...document.links].map((a) => a.href).filter((href) => !href.startsWith(location.origin)),
  acted: [...document.querySelectorAll("[hx-post='/x'], [data-hx-get='/x'], [onerror], [onload], [onmouseover]")].length,
  unseen: [document.title, document.body.innerText, ...[...document.querySelectorAll("[title], [aria-label]")].flatMap((one) => [one.title, one.ariaLabel])].filter((text) => /[\\u200b\\u2028-\\u202e\\u2060-\\u206f]/.test(text)),
  frame: ["side", "main", "dialog-host", "toasts"].filter((id) => !document.getElementById(id)),
})"""
NOTHING: dict[str, Any] = {
    "ran": None,
    "polluted": None,
    "broken": [],
    "foreign": 0,
    "links": [],
    "acted": 0,
    "unseen": [],
    "frame": [],
}


def unharmed(page: Page) -> None:
    found: dict[str, Any] = page.evaluate(UNHARMED)
    assert found == NOTHING, f"{page.url}: {found}"


@pytest.fixture
def careful(browser: Browser, signed_in: Callable[..., Any]) -> Iterator[Callable[[Server], Page]]:
    """Ada's tab, which notes every broken policy; it opens nothing outside."""
    contexts = []

    def make(server: Server) -> Page:
        state = signed_in(server.url, "ada")
        context = browser.new_context(base_url=server.url, reduced_motion="reduce", storage_state=state)
        context.add_init_script(WATCH)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
