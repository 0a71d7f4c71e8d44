"""A phone: tables are cards with labels, the open tab is in sight, the state of the line can be seen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.parts import CONTAINER, DEPLOYMENT, PageFor

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


def test_charts_say_which_line_is_which_and_their_table_what_each_value_is(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto(CONTAINER.format("shop/shop-web-1") + "?panel=usage")
    expect(page.locator("usage-charts .chart-legend").first).to_be_visible()
    page.get_by_text("As a table, by minute").click()
    cells = page.locator("usage-charts tbody tr").first.locator("td")
    expect(cells.first).to_have_attribute("data-label", "Processor")
    expect(cells.last).to_have_attribute("data-label", "Written")


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


def test_the_name_of_a_label_stands_above_its_value(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto("/list/volume/?q=shop_db")
    page.locator("live-table .rows .r a").first.click()
    page.locator(".kv.names").wait_for()
    label = page.locator(".kv.names > div").first
    name, value = label.locator("dt").bounding_box(), label.locator("dd").bounding_box()
    assert name is not None
    assert value is not None
    assert value["y"] >= name["y"] + name["height"]
    assert value["x"] == name["x"]


@pytest.mark.parametrize("width", [390, 1440])
def test_no_word_of_a_cluster_is_wider_than_the_page(page_for: PageFor, width: int) -> None:
    page = page_for("ada", width=width, height=844)
    page.goto(DEPLOYMENT.format("checkout-api"))
    for words in (".dh h1", ".dh p", ".crumbs > :last-child", ".panel .kv dd"):
        page.locator(words).first.evaluate("(one) => one.prepend('n'.repeat(10000))")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), words


def test_a_long_name_ends_in_the_bar_with_a_mark(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto("/list/image/?q=nginx")
    page.locator("live-table .rows .r a").first.click()
    name = page.locator(".crumbs > :last-child")
    expect(name).to_contain_text("registry.example/library/nginx")
    inside = "(one) => one.getBoundingClientRect().right <= one.parentElement.getBoundingClientRect().right + 1"
    assert name.evaluate(inside), "the bar does not cut it without a mark"
