"""The picture of the layers in a browser: lines are drawn, arrows lead through it, and a copy that appears is seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.parts import DEPLOYMENT, PageFor, act

pytestmark = pytest.mark.browser


def layer_with_focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[data-layer]')?.dataset.layer ?? ''"))


# Of each line, how far its ends are from the middle of the nearest thing.
ASTRAY = """() => {
  const things = [...document.querySelectorAll(".layers [data-thing]")];
  const rects = things.map((one) => one.closest("li").getBoundingClientRect());
  const frame = document.querySelector(".layer-lines").getBoundingClientRect();
  const paths = [...document.querySelectorAll(".layer-lines path")];
  const points = paths.flatMap((one) => [0, one.getTotalLength()].map((at) => one.getPointAtLength(at)));
  const off = (place, ...ends) => Math.min(...ends.map((end) => Math.abs(end - place)));
  const far = ({ x, y }) => Math.min(...rects.map(({ left, right, top, bottom }) => {
    const [across, down] = [x + frame.left, y + frame.top];
    const [ofEdge, ofSide] = [off(down, top, bottom), off(across, left, right)];
    return Math.min(Math.hypot(off(across, (left + right) / 2), ofEdge), Math.hypot(off(down, (top + bottom) / 2), ofSide));
  }));
  return Math.max(...points.map(far));
}"""


def test_arrows_lead_through_the_layers_and_a_copy_that_appears_is_shown_and_told(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("mail-relay") + "?panel=layers")
    expect(page.locator(".layer-lines path").first).to_be_attached()
    for layer in ("service", "copy", "machine", "image"):  # what is not watched all the time comes a moment later
        expect(page.locator(f"#layer-{layer} .thing").first).to_be_visible()
    page.locator("#layer-workload .thing").focus()
    seen = []
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
        seen.append(layer_with_focus(page))
    assert seen == ["image", "workload", "service", "workload", "copy", "container", "engine", "machine"]
    assert page.locator("live-layers [data-thing][tabindex='0']").count() == 1, "one stop for the Tab key"
    expect(page.locator(".thing[data-lit]").first).to_be_visible()

    copies = page.locator("#layer-copy .thing")
    before = copies.count()
    act(page, "Scale").get_by_label("Copies", exact=True).fill(str(before + 2))
    page.keyboard.press("Enter")
    expect(copies).to_have_count(before + 2, timeout=15_000)
    expect(page.get_by_role("log").filter(has_text="appeared").first).to_be_visible()
    act(page, "Scale").get_by_label("Copies", exact=True).fill(str(before))
    page.keyboard.press("Enter")
    expect(copies).to_have_count(before, timeout=15_000)

    page.wait_for_timeout(700)
    assert page.evaluate(ASTRAY) < 2, "lines end where things are"

    page.locator("#layer-machine .thing").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/node/**")
