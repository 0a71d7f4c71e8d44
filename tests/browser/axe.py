"""What axe-core finds wrong with a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
EVERYTHING = {"resultTypes": ["violations"], "preload": False, "iframes": False}
COLOURS = EVERYTHING | {"runOnly": ["color-contrast"]}  # all that can differ between two themes
LAYOUT = EVERYTHING | {"rules": {"color-contrast": {"enabled": False}}}  # all that can differ between two sizes
FRAME = [".side", ".top", ".tabbar"]
# Rows, lines and bars are alike: a handful is looked at, not a thousand, each of which takes axe its time.
ALIKE = (
    "live-table .rows .r:nth-child(n+7), log-view .block:nth-child(n+2), log-view li:nth-child(n+20), "
    ".log-hist i:nth-child(n+4)"
)
# Marks two words of each sort, which axe then asks for their contrast; asked of every word, that is three quarters of all
# its time. Of one sort is what is drawn alike, upon the same, inside the same: its contrast is the same.
MARK = """() => {
  const chains = new Map(), met = new Map();
  const chain = (one) => {
    if (!one) return "";
    if (!chains.has(one)) {
      const { backgroundColor, backgroundImage, opacity, filter, position } = getComputedStyle(one);
      const own = [one.tagName, one.getAttribute("class"), backgroundColor, backgroundImage, opacity, filter, position];
      chains.set(one, [...own, chain(one.parentElement)].join("|"));
    }
    return chains.get(one);
  };
  for (const one of document.body.querySelectorAll("*")) {
    one.removeAttribute("data-contrast");
    const words = [...one.childNodes].map((node) => node.nodeType === Node.TEXT_NODE ? node.data : "").join("").trim();
    if (!words && !one.matches("input, select, textarea")) continue;
    const { color, fontSize, fontWeight, textShadow, visibility } = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const below = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const off = one.matches(":disabled") || one.closest("[aria-disabled=true], fieldset:disabled") !== null
      || (one.closest("label")?.control?.disabled ?? false);
    const sort = [
      color, fontSize, fontWeight, textShadow, visibility, off, words.length > 1, box.width > 0, chain(one),
      ...below.map((other) => getComputedStyle(other).backgroundColor),
    ].join("|");
    met.set(sort, (met.get(sort) ?? 0) + 1);
    if (met.get(sort) <= 2) one.setAttribute("data-contrast", "");
  }
}"""
MARKED = {"rules": [{"id": "color-contrast", "selector": "[data-contrast]"}]}


def violations(page: Page, rules: Mapping[str, object] = EVERYTHING, *, frame: bool = True) -> list[str]:
    """What axe finds. The frame around the page is the same everywhere, and looked at where it is the subject."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
        page.evaluate(f"axe.configure({json.dumps(MARKED)})")
    page.evaluate("(alike) => document.querySelectorAll(alike).forEach((one) => one.remove())", ALIKE)
    if rules is not LAYOUT:
        page.evaluate(MARK)
    context = "document" if frame else f"{{exclude: {json.dumps(FRAME)}}}"
    found = page.evaluate(f"axe.run({context}, {json.dumps(rules)}).then((result) => result.violations)")
    return [f"{one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]]


def in_both_themes(page: Page, *, frame: bool = True) -> list[str]:
    """What axe finds in a page dark, and in the colours of the same page light."""
    wrong = in_theme(page, "dark", EVERYTHING, frame=frame) + in_theme(page, "light", COLOURS, frame=frame)
    page.emulate_media(color_scheme="dark")
    return wrong


def in_theme(
    page: Page, theme: Literal["dark", "light"], rules: Mapping[str, object] = EVERYTHING, *, frame: bool = True
) -> list[str]:
    """What axe finds in a page in one theme."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    return [f"{page.url}, {theme}: {one}" for one in violations(page, rules, frame=frame)]
