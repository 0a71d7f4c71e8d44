"""What every page is made of: accessible, small, safe with hostile text, and calm while a thousand rows change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from clusters.kinds import all_kinds
from dashboard.templatetags.pilothouse import CELLS
from tests.server import ROOT

PageFor = Callable[..., Page]
STATIC, TEMPLATES = ROOT / "static", ROOT / "templates"
WIDTHS = {"wide": 1440, "narrow": 390}
FIRST_LOAD = 90_000  # bytes, compressed, before fonts

# Patches a list for three seconds as the socket would, a thousand rows a second, and says how the page felt.
STORM = """async () => {
  const table = document.querySelector("live-table");
  const ids = table.rows.order;
  const felt = { frames: 0, longTasks: 0 };
  const watch = new PerformanceObserver((list) => (felt.longTasks += list.getEntries().length));
  watch.observe({ type: "longtask" });
  const count = () => { felt.frames++; if (!felt.over) requestAnimationFrame(count); };
  requestAnimationFrame(count);
  for (let round = 0; round < 60; round++) {
    const cells = { 7: round, 1: ["healthy", `Round ${round}`, "", ""] };
    const set = Array.from({ length: 50 }, (_, n) => [ids[n % ids.length], cells]);
    table.rows.patch({ set, add: [] });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  felt.over = true;
  watch.disconnect();
  felt.words = [...document.querySelectorAll('live-table .rows [data-part="word"]')].map((word) => word.textContent);
  return felt;
}"""

TURN_AROUND = """() => {
  const { rows } = document.querySelector("live-table");
  rows.patch({ set: [], add: [], order: [...rows.order].reverse() });
}"""


def _open(page_for: PageFor, theme: str = "dark", width: int = 1440) -> Page:
    page = page_for("ada", theme=theme, width=width)
    page.goto("/patterns/")
    page.wait_for_selector("live-table .rows .r")
    return page


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(page_for: PageFor, width: str) -> None:
    page = _open(page_for, width=WIDTHS[width])
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]


@pytest.mark.browser
def test_hostile_text_stays_text(page_for: PageFor) -> None:
    page = _open(page_for)
    assert page.locator("main img, main script:not([type='application/json'])").count() == 0
    assert page.get_by_text("<img src=x").count() > 0
    names = page.locator('[data-cell="name"] [data-part="link"]').all_text_contents()
    assert not any("\u202e" in name for name in names), "a name that turns its text around passes for another"


@pytest.mark.browser
def test_a_list_stays_calm_while_a_thousand_rows_change_a_second(page_for: PageFor) -> None:
    page = _open(page_for)
    page.locator("live-table").scroll_into_view_if_needed()
    row = page.locator("live-table .rows .r").nth(3)
    row.locator("input").check()
    row.focus()
    felt: dict[str, Any] = page.evaluate(STORM)
    assert set(felt["words"]) == {"Round 59"}, "the newest patch wins"
    assert felt["frames"] > 60, felt
    assert row.locator("input").is_checked()
    assert row.evaluate("row => row === document.activeElement")


@pytest.mark.browser
def test_a_row_does_not_jump_away_under_the_pointer(page_for: PageFor) -> None:
    page = _open(page_for)
    table = page.locator("live-table")
    table.locator(".rows .r").first.hover()
    page.evaluate(TURN_AROUND)
    assert table.locator(".rows .r").first.get_attribute("data-id") == "1~deployment~checkout-api"
    page.get_by_role("heading", name="List", exact=True).hover()
    assert table.locator(".rows .r").last.get_attribute("data-id") == "1~deployment~checkout-api"


@pytest.mark.browser
def test_a_list_works_with_the_keyboard_alone(page_for: PageFor) -> None:
    page = _open(page_for)
    page.locator("live-table .rows").focus()
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.get_by_role("toolbar", name="Selected rows").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("toolbar", name="Selected rows").is_hidden()
    page.keyboard.press("/")
    assert page.get_by_label("Filter", exact=True).evaluate("input => input === document.activeElement")


@pytest.mark.browser
def test_a_look_that_was_chosen_is_there_before_the_page_is_drawn(page_for: PageFor) -> None:
    page = _open(page_for)
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Explain mode").click()
    page.get_by_role("button", name="Compact rows").click()
    page.reload(wait_until="commit")
    root = page.locator("html")
    assert root.get_attribute("data-theme") in {"light", "dark"}
    assert root.get_attribute("data-explain") == "on"
    assert root.get_attribute("data-density") == "compact"


def test_the_first_load_of_a_list_is_small() -> None:
    dist = Path(settings.STATIC_ROOT)
    made = json.loads((dist / "manifest.json").read_text())
    needed = {*(made["names"][name] for name in ("app.js", "app.css", "icons.svg")), *made["parts"]}
    # What is too small to be worth compressing is sent as it is.
    sent = [packed if (packed := dist / f"{name}.br").exists() else dist / name for name in needed]
    assert sum(one.stat().st_size for one in sent) < FIRST_LOAD


def test_a_page_asks_at_once_for_all_that_its_script_is_made_of(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/workloads/")
    script = (
        Path(settings.STATIC_ROOT) / Path(page.locator("head script[src]").get_attribute("src") or "").name
    ).read_text()
    asked = page.locator("head link[rel=modulepreload]").evaluate_all(
        "links => links.map((link) => link.href.split('/').pop())"
    )
    assert sorted(asked) == sorted(re.findall(r'from"\./(chunk-\w+\.js)"', script))


def test_every_component_is_among_the_patterns() -> None:
    included, left = set[str](), {"pages/patterns.html"}
    while left:
        included |= left
        texts = [(TEMPLATES / one).read_text() for one in left]
        left = {one for text in texts for one in re.findall(r'{% (?:include|extends) "([^"]+)"', text)} - included
    components = {path.relative_to(TEMPLATES).as_posix() for path in (TEMPLATES / "components").iterdir()}
    assert components - included == set()


def test_every_cell_has_a_template_and_a_filler() -> None:
    fillers = (STATIC / "js" / "cells.js").read_text()
    for name in CELLS:
        assert (TEMPLATES / "cells" / f"{name}.html").is_file()
        assert re.search(rf"^  {name}[:,(]", fillers, re.MULTILINE), f"cells.js does not fill {name}"


def test_every_cell_of_a_kind_is_one_that_pages_can_show() -> None:
    assert {column.cell for kind in all_kinds() for column in kind.columns} <= CELLS.keys()


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    known = json.loads((STATIC / "icons.json").read_text())
    there = {*known["icons"], *known["aliases"]}
    named = {kind.icon for kind in all_kinds()}
    named |= {panel.icon for kind in all_kinds() for panel in kind.panels}
    named |= {action.icon for kind in all_kinds() for action in kind.actions}
    for template in TEMPLATES.rglob("*.html"):
        named |= set(re.findall(r'{% icon "([^"]+)"', template.read_text()))
        named |= set(re.findall(r'\bicon="([^"]+)"', template.read_text()))
    for script in (STATIC / "js").rglob("*.js"):
        named |= set(re.findall(r'\bicon\("([^"]+)"', script.read_text()))
    assert named - there == set()
