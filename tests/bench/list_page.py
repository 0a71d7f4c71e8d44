"""A list page in a browser that has never been here: time until its rows are on the screen, bytes, requests."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from tests.bench import world
from tests.bench.figures import Figure, at_most, count, kilobytes, seconds
from tests.server import Server

TIMES = 7
FONTS = ".woff2"


@dataclass
class Loading:
    """What one page fetched, as the browser's own protocol counts it: compressed, with headers."""

    sizes: dict[str, float] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> float:
        """Without the fonts."""
        return sum(size for number, size in self.sizes.items() if not self.names[number].endswith(FONTS))

    @property
    def requests(self) -> int:
        """Without the fonts and what is inside the page."""
        return sum(not name.endswith(FONTS) for name in self.names.values())


def listen(page: Page) -> Loading:
    """Count what this page fetches from now on; its cache stays empty."""
    loading = Loading()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def asked(event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            loading.names[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] in loading.names:
            loading.sizes[event["requestId"]] = event["encodedDataLength"]

    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.loadingFinished", finished)
    return loading


# When the rows were painted: two frames after the moment that they were in the document.
PAINTED = """
window.rowsAt = 0;
const rowsSoon = new MutationObserver(() => {
  if (!document.querySelector('live-table .rows .r')) return;
  rowsSoon.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.rowsAt = performance.now(); }));
});
rowsSoon.observe(document, { childList: true, subtree: true });
"""


def address_to_rows(page: Page, address: str) -> float:
    """Seconds from the address to rows on the screen."""
    page.goto(address, wait_until="commit")
    world.until(lambda: page.evaluate("window.rowsAt") > 0, within=120)
    return float(page.evaluate("window.rowsAt")) / 1000


def measure() -> Iterator[Figure]:
    """Over the demonstration: the same list on every machine."""
    with Server() as server, world.window() as window:
        server.add_people()
        took, loadings = [], []
        for _ in range(TIMES):
            page = window.tab(server)
            page.add_init_script(PAINTED)
            loading = listen(page)
            took.append(address_to_rows(page, "/workloads/"))
            page.wait_for_load_state("networkidle")
            loadings.append(loading)
            page.context.close()
    yield at_most("list page, cold: address to rows, median", statistics.median(took), 0.5, seconds)
    yield at_most("list page, cold: compressed, without fonts", loadings[-1].bytes, 90e3, kilobytes)
    yield at_most("list page, cold: requests, without fonts", loadings[-1].requests, 12, count)
