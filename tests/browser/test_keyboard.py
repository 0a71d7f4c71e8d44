"""The keyboard alone: every way in has a way out, and the focus is never lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.parts import DEPLOYMENT, PageFor, act, row, rows

pytestmark = pytest.mark.browser


def focused_in(page: Page, selector: str) -> bool:
    return bool(page.evaluate("(one) => document.activeElement.closest(one) !== null", selector))


def test_the_quick_look_gives_the_focus_back_to_its_row(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/deployment/?q=mail-relay")
    row(page, "mail-relay").wait_for()
    for way_out in ("Escape", "Enter"):
        page.keyboard.press("Home")
        page.keyboard.press("o")
        page.locator("#look h1").wait_for()
        close = page.locator("quick-look [data-close]")
        close.focus()
        page.keyboard.press(way_out)
        expect(page.locator("quick-look")).to_be_hidden()
        expect(rows(page).first).to_be_focused()


def test_one_key_leads_to_what_can_be_done(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("mail-relay"))
    page.locator(".dh-actions").wait_for()
    page.keyboard.press("a")
    expect(page.locator(".dh-actions .btn").first).to_be_focused()
    page.goto("/list/deployment/?q=mail-relay")
    row(page, "mail-relay").wait_for()
    page.keyboard.press("Home")
    page.keyboard.press("o")
    page.locator("#look h1").wait_for()
    page.keyboard.press("a")
    expect(page.locator("quick-look .dh-actions .btn").first).to_be_focused()


def test_an_undo_with_the_keyboard_leads_back_to_where_one_was(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("mail-relay"))
    asked = act(page, "Scale")
    asked.get_by_label("Copies", exact=True).fill("2")
    page.keyboard.press("Enter")
    undo = page.locator(".toast").get_by_role("button", name="Undo")
    undo.wait_for()
    scale = page.locator(".dh-actions").get_by_role("button", name="Scale", exact=True)
    expect(scale).to_be_focused()
    undo.focus()
    with page.expect_response(lambda answer: answer.url.endswith("/act/")):
        page.keyboard.press("Enter")
    expect(scale).to_be_focused()
    copies = page.get_by_role("group", name="Copies").locator("tbody tr")
    expect(copies).to_have_count(1, timeout=20_000)


def test_a_terminal_can_be_left_and_entered_again(page_for: PageFor) -> None:
    page = page_for("otto")
    page.goto(DEPLOYMENT.format("checkout-api") + "?panel=terminal")
    expect(page.locator(".terminal-who")).to_contain_text("Shell:")
    inside = page.locator("web-terminal textarea")
    expect(inside).to_be_focused()
    expect(inside).to_have_attribute("aria-label", "Terminal in checkout-api. Control Shift F leads out of it.")
    page.keyboard.press("Tab")
    expect(inside).to_be_focused()
    page.keyboard.press("Control+Shift+F")
    expect(page.get_by_label("Find in the terminal")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    assert not focused_in(page, ".terminal-screen")
    page.get_by_label("Find in the terminal").focus()
    page.keyboard.press("Escape")
    expect(inside).to_be_focused()


def test_the_search_of_a_log_is_left_by_escape(page_for: PageFor) -> None:
    page = page_for("vera")
    page.goto(DEPLOYMENT.format("checkout-api") + "?panel=logs")
    page.locator("log-view li").nth(3).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("GET")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Find in the log")).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("log")).to_be_focused()
    follow = page.locator(".log-follow")
    before = follow.get_attribute("aria-pressed")
    page.keyboard.press("f")
    expect(follow).not_to_have_attribute("aria-pressed", str(before))
