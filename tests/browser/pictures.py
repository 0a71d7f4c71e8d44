"""Every page as PNG in pictures/, dark and light, wide and narrow: ``python -m tests.browser.pictures [part of a name]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.faults import break_things, wait_for_faults
from tests.browser.fixtures import sign_in
from tests.browser.pages import BROKEN, NARROW_ONLY, PAGES, WIDE_ONLY, Shot, open_shot
from tests.server import CHROMIUM, CHROMIUM_ARGUMENTS, ROOT, Server

FOLDER = ROOT / "pictures"
WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
THEMES = ("dark", "light")
TALLEST = 2600  # px of a picture
WAIT = 8_000  # ms


class Camera:
    """Tabs of everybody in one width, kept; a page is opened once and taken in both themes."""

    def __init__(self, browser: Browser, server: Server, width: str, folder: Path) -> None:
        self.browser, self.server, self.width, self.folder = browser, server, width, folder
        self.contexts: dict[str, BrowserContext] = {}

    def take(self, shot: Shot) -> None:
        """One page, in both themes. What cannot be opened is said, and the rest goes on."""
        page = self._context(shot.who).new_page()
        try:
            open_shot(page, shot)
            for theme in THEMES:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                page.wait_for_timeout(250)
                self._save(page, f"{shot.name}-{theme}-{self.width}.png")
        except Exception as error:
            print(f"{shot.name} ({self.width}): {str(error).splitlines()[0]}", file=sys.stderr)
        finally:
            page.close()

    def _save(self, page: Page, name: str) -> None:
        height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
        width, least = WIDTHS[self.width]
        modal = page.locator("dialog:modal, :popover-open").count() > 0
        if not modal and height > least and self.width == "wide":
            page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=self.folder / name)
        page.set_viewport_size({"width": width, "height": least})

    def _context(self, who: str) -> BrowserContext:
        if who not in self.contexts:
            width, height = WIDTHS[self.width]
            context = self.browser.new_context(base_url=self.server.url, viewport={"width": width, "height": height})
            context.set_default_timeout(WAIT)
            if who:
                sign_in(context, who)
            self.contexts[who] = context
        return self.contexts[who]


def main(wanted: Sequence[str]) -> None:
    """Take those whose name holds one of these words; without words, all."""

    def chosen(shots: Sequence[Shot]) -> list[Shot]:
        return [one for one in shots if not wanted or any(word in one.name for word in wanted)]

    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright, Server() as server:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        cameras = [Camera(browser, server, width, FOLDER) for width in WIDTHS]
        for camera in cameras:
            camera.take(Shot("setup", server.setup_link.removeprefix(server.url), who="")) if chosen(
                [Shot("setup", "")]
            ) else None
        server.add_people()
        for shot in chosen(PAGES):
            for camera, not_here in zip(cameras, (NARROW_ONLY, WIDE_ONLY), strict=True):
                if shot.name not in not_here:
                    camera.take(shot)
        if broken := chosen(BROKEN):
            page = cameras[0]._context("ada").new_page()
            break_things(page)
            wait_for_faults(page)
            for shot in broken:
                for camera in cameras:
                    camera.take(shot)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
