"""A phone: tables are cards with labels, the open tab is in sight, the state of the line can be seen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.parts import DEPLOYMENT, PageFor

pytestmark = pytest.mark.browser


def test_a_table_becomes_cards_that_say_what_each_value_is(page_for: PageFor) -> None:
    page = page_for("vera", width=390, height=844)
    page.goto(DEPLOYMENT.format("checkout-api"))
    copies = page.get_by_role("group", name="Copies")
    card = copies.locator("tbody tr").first
    expect(card.locator("td").first).to_have_attribute("data-label", "Status")
    inside = page.evaluate("([one]) => one.scrollWidth <= one.clientWidth", [copies.element_handle()])
    assert inside, "nothing has to be pushed sideways"
    assert copies.get_by_role("row").count() > 3, "it is still a table for screen readers"


def test_the_open_tab_is_in_sight(page_for: PageFor) -> None:
    page = page_for("vera", width=390, height=844)
    for panel in ("events", "yaml"):
        page.goto(DEPLOYMENT.format("checkout-api") + f"?panel={panel}")
        expect(page.locator('#panels [aria-current="page"]')).to_be_in_viewport(ratio=0.9)


def test_the_line_is_shown_small_while_it_is_well_and_in_words_when_not(page_for: PageFor) -> None:
    page = page_for("vera", width=390, height=844)
    lines: list[WebSocketRoute] = []

    def opened(line: WebSocketRoute) -> None:
        lines.append(line)
        if len(lines) == 1:
            line.connect_to_server()
        else:
            line.close(code=4408)

    page.route_web_socket(re.compile("/live/$"), opened)
    page.goto("/")
    pill = page.locator("live-pill")
    expect(pill).to_have_text("Live")
    box = pill.bounding_box()
    assert box is not None
    assert box["width"] == 26
    lines[0].close(code=4408)
    expect(pill).to_have_text("Catching up")
    box = pill.bounding_box()
    assert box is not None
    assert box["width"] > 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
