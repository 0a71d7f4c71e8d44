"""How things are found and looked at: lists, quick look, tabs, palette, keys, looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import DEPLOYMENT, PageFor, act, dialog, names, row, rows

pytestmark = pytest.mark.browser


COUNT_FIRST_ROWS = """
new MutationObserver((_, observer) => {
  window.firstRows = document.querySelectorAll("live-table .rows .r").length;
  if (window.firstRows) observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


def test_rows_in_sight_are_built_first_and_all_stand_in_their_order(page_for: PageFor) -> None:
    page = page_for("ada", height=400)
    page.add_init_script(COUNT_FIRST_ROWS)
    page.goto("/workloads/?sort=name")
    total = int(page.locator("live-table [role=table]").get_attribute("aria-rowcount") or 0) - 1
    expect(rows(page)).to_have_count(total)
    assert 0 < page.evaluate("window.firstRows") < total
    assert rows(page).evaluate_all("rows => rows.map((row) => Number(row.ariaRowIndex))") == [*range(2, total + 2)]


def test_a_row_that_was_not_built_yet_is_when_the_keyboard_goes_there(page_for: PageFor) -> None:
    page = page_for("ada", height=400)
    page.goto("/workloads/?sort=name")
    rows(page).first.wait_for()
    page.evaluate("document.querySelector('live-table').rows.stop()")
    page.locator("live-table .rows").focus()
    page.keyboard.press("End")
    expect(page.locator("live-table .rows .r:focus")).to_be_in_viewport()


def test_a_list_is_as_its_address_says(page_for: PageFor) -> None:
    page = page_for("vera")
    page.goto("/workloads/")
    page.get_by_label("Filter", exact=True).fill("search")
    page.wait_for_url("**/workloads/?q=search")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Name").click()
    page.wait_for_url("**sort=name**")
    page.get_by_role("button", name="Name").click()
    page.wait_for_url("**sort=-name**")
    expect(rows(page).first).to_contain_text("search-ui")
    page.reload()
    expect(rows(page)).to_have_count(2)
    assert names(page) == ["search-ui", "search-index"]
    expect(page.get_by_label("Filter", exact=True)).to_have_value("search")
    page.go_back()
    page.wait_for_url("**sort=name**")
    expect(rows(page).first).to_contain_text("search-index")


def test_filters_are_chips_in_the_address(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/workloads/")
    rows(page).first.wait_for()
    page.get_by_role("button", name="Add filter").click()
    expect(page.locator("#table-filters")).to_contain_text("Batch job")  # as its rows call it
    page.locator("#table-filters").get_by_label(re.compile("^container", re.IGNORECASE)).check()
    page.keyboard.press("Escape")
    page.wait_for_url("**kind=container**")
    expect(page.locator("live-table")).not_to_contain_text("Deployment")
    page.locator(".chip").get_by_role("button", name="is", exact=True).click()
    page.wait_for_url("**kind=-container**")
    expect(page.locator("live-table .rows")).not_to_contain_text("Container")
    page.go_back()
    page.wait_for_url("**kind=container**")
    page.get_by_role("button", name=re.compile("Remove the filter")).click()
    expect(page.locator(".chip")).to_have_count(0)
    page.keyboard.press("l")
    page.get_by_label("Labels", exact=True).fill("no-such-label in (a")
    expect(page.locator("#table-labels-wrong")).to_have_text("The bracket is not closed: no-such-label in (a, b).")
    page.get_by_label("Labels", exact=True).fill("!no-such-label")
    page.wait_for_url("**labels=%21no-such-label**")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_contain_text("!no-such-label")
    expect(rows(page).first).to_be_visible()


def test_a_quick_look_leaves_the_list_where_it_is(page_for: PageFor) -> None:
    page = page_for("vera")
    page.goto("/workloads/")
    row(page, "payments").locator('[data-cell="status"]').click()
    look = page.get_by_role("region", name="Quick look")
    expect(look.get_by_role("heading", name="payments")).to_be_visible()
    expect(look).to_contain_text("Copies")
    assert page.url.endswith("/workloads/")
    page.keyboard.press("Escape")
    expect(look).to_be_hidden()
    row(page, "payments").get_by_role("link").click()
    page.wait_for_url("**" + DEPLOYMENT.format("payments"))


def test_every_tab_of_a_resource_opens_without_leaving_the_page(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("checkout-api"))
    page.evaluate("window.sameDocument = true")
    tabs = page.get_by_role("navigation", name="Parts of this page").get_by_role("link")
    for label in tabs.all_inner_texts():
        page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name=label).click()
        expect(page.locator('#panels [aria-current="page"]')).to_have_text(label)
        expect(page.locator("#panel")).not_to_be_empty()
    assert page.evaluate("window.sameDocument")
    page.go_back()
    expect(page.locator('#panels [aria-current="page"]')).not_to_have_text(label)


def test_the_palette_opens_pages_and_resources_and_does_things(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/")
    page.keyboard.press("Control+k")
    ask = page.get_by_role("combobox", name="Search or jump to")
    expect(ask).to_be_focused()
    ask.fill("audit")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Audit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/")
    page.keyboard.press("Control+k")
    ask.fill("gift-cards")
    expect(page.get_by_role("listbox", name="Found").get_by_role("option", selected=True)).to_contain_text("gift-cards")
    page.keyboard.press("Enter")
    page.wait_for_url("**gift-cards**")
    page.keyboard.press("Control+k")
    ask.fill("restart web")
    page.get_by_role("option").filter(has_text=re.compile("Restart web\\b")).first.click()
    expect(dialog(page)).to_contain_text("Restart web?")
    expect(dialog(page).get_by_role("button", name="Leave it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)


def test_a_list_is_worked_by_keys_alone(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/workloads/")
    rows(page).first.wait_for()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter", exact=True)).to_be_focused()
    page.keyboard.type("search")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("Enter")
    first, second = rows(page).nth(0), rows(page).nth(1)
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(first.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Escape")
    expect(first.get_by_role("checkbox")).not_to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.get_by_role("region", name="Quick look")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clusters/demo-"))


def test_explain_mode_theme_and_density_stay_as_chosen(page_for: PageFor) -> None:
    page = page_for("vera")
    page.goto("/")
    explained = page.locator(".hive .explain")
    expect(explained).to_be_hidden()
    page.get_by_role("button", name="Explain mode").click()
    expect(explained).to_be_visible()
    dark = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") != dark
    page.goto("/workloads/")
    rows(page).first.wait_for()
    cosy = rows(page).first.bounding_box()
    page.get_by_role("button", name="Compact rows").click()
    page.reload()
    rows(page).first.wait_for()
    compact = rows(page).first.bounding_box()
    assert cosy is not None
    assert compact is not None
    assert compact["height"] < cosy["height"]
    page.set_viewport_size({"width": 1280, "height": 800})
    ends = "(one) => one.lastElementChild.getBoundingClientRect().right <= one.closest('live-table').getBoundingClientRect().right"
    assert rows(page).first.evaluate(ends), "no column is out of sight"
    expect(page.locator("html")).to_have_attribute("data-explain", "on")


def test_a_phone_has_everything_within_reach(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto("/")
    bar = page.locator(".tabbar")
    bar.get_by_role("link", name="Workloads").click()
    page.wait_for_url("**/workloads/")
    rows(page).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    name, where = (rows(page).first.locator(f'[data-part="{part}"]').bounding_box() for part in ("link", "words"))
    assert name is not None
    assert where is not None
    assert where["y"] >= name["y"] + name["height"], "where it is stands below its name"
    page.get_by_role("button", name="More").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit").click()
    page.wait_for_url("**/audit/")
    page.goto(DEPLOYMENT.format("checkout-api"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    act(page, "Scale").get_by_role("button", name="Leave it").click()
