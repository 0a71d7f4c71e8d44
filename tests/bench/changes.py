"""When a page shows a change: an observer in the page notes the moment at which each row's text became another."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.bench import world

# Both clocks are this machine's: timeOrigin + now() is Unix time, in milliseconds.
OBSERVE = """() => {
  window.seen = [];
  const note = (row) => row && window.seen.push([performance.timeOrigin + performance.now(), row.innerText]);
  new MutationObserver((records) => {
    const rows = new Set(records.map(({ target }) => (target.closest ? target : target.parentElement)?.closest('.r')));
    for (const row of rows) note(row);
  }).observe(document.querySelector('live-table .rows'),
    { subtree: true, childList: true, characterData: true, attributes: true });
}"""
SHOWN = """(words) => window.seen.find(([at, text]) => words.every((word) => text.includes(word)))?.[0] ?? 0"""


def observe(page: Page) -> None:
    """Note from now on."""
    page.evaluate(OBSERVE)


def shown_after(page: Page, change: Callable[[], None], *words: str) -> float:
    """Make a change that puts these words into one row: milliseconds from its end to the row.

    The row may be there first: who asked for the change hears last that it was done.
    """
    page.evaluate("window.seen = []")
    change()
    done = time.time() * 1000
    world.until(lambda: page.evaluate(SHOWN, list(words)), every=0.02)
    return float(page.evaluate(SHOWN, list(words))) - done
