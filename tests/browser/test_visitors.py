"""Who comes, and what they may: the first visit, signing out, grants."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.fixtures import sign_in
from tests.browser.parts import DEPLOYMENT, PageFor, rows
from tests.server import Server

pytestmark = pytest.mark.browser


def test_from_the_printed_link_to_a_living_home(browser: Browser) -> None:
    with Server() as fresh:
        page = browser.new_page(base_url=fresh.url)
        page.goto("/")
        page.wait_for_url("**/setup/")
        page.goto(fresh.setup_link)
        expect(page.get_by_label("Set-up token")).not_to_have_value("")
        assert "#" not in page.url, "the token does not stay in the address"
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Make the account").click()
        expect(page.locator("live-pill")).to_have_text("Live", timeout=5_000)
        expect(page.get_by_role("heading", name="All is well")).to_be_visible(timeout=5_000)
        assert page.locator(".hive .squares a").count() > 30
        page.goto("/workloads/")
        rows(page).first.wait_for()
        amounts = "[...document.querySelectorAll('[data-part=amount]')].map((one) => one.textContent).join()"
        before = page.evaluate(amounts)
        page.wait_for_function(f"before => {amounts} !== before", arg=before, timeout=10_000)
        page.goto(fresh.setup_link)
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        page.close()


def test_signing_out_ends_what_the_tab_may_see(browser: Browser, server: Server) -> None:
    context: BrowserContext = browser.new_context(base_url=server.url)
    sign_in(context, "otto")
    page, other = context.new_page(), context.new_page()
    other.goto("/workloads/")
    expect(other.locator("live-pill")).to_have_text("Live")
    page.goto("/")
    page.get_by_role("button", name="Signed in as otto").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Username")).to_be_visible()
    expect(other.get_by_label("Username")).to_be_visible(timeout=6_000)
    page.goto("/workloads/")
    page.wait_for_url("**/account/login/**")
    context.close()


def test_what_is_granted_and_taken_away_shows_within_seconds(page_for: PageFor) -> None:
    ada, nora = page_for("ada"), page_for("nora")
    nora.goto("/")
    expect(nora.get_by_text("Nothing is shared with you yet")).to_be_visible()
    ada.goto("/people/")
    ada.locator("main").get_by_role("link", name="nora").click()
    ada.locator("select[name=role]").select_option(label="Viewer")
    ada.locator("select[name=cluster]").select_option(label="Demo shop")
    ada.get_by_role("button", name="Grant", exact=True).click()
    expect(ada.locator("main")).to_contain_text("Viewer on Demo shop")
    expect(nora.locator(".side").get_by_role("link", name="Demo shop")).to_be_visible(timeout=5_000)
    nora.goto("/workloads/")
    rows(nora).first.wait_for()
    ada.get_by_role("button", name="Take away").click()
    expect(ada.locator("main")).to_contain_text("Nothing yet")
    expect(rows(nora)).to_have_count(0, timeout=5_000)


def test_an_operator_becomes_of_a_viewer_whose_page_is_open(page_for: PageFor) -> None:
    ada, vera = page_for("ada"), page_for("vera")
    vera.goto(DEPLOYMENT.format("web"))
    restart = vera.locator(".dh-actions").get_by_role("button", name="Restart")
    expect(restart).to_be_disabled()
    ada.goto("/people/")
    ada.locator("main").get_by_role("link", name="vera").click()
    ada.locator("select[name=role]").select_option(label="Operator")
    ada.locator("select[name=cluster]").select_option(label="Demo shop")
    ada.get_by_role("button", name="Grant", exact=True).click()
    expect(restart).to_be_enabled(timeout=5_000)
    ada.locator("li").filter(has_text="Operator on").get_by_role("button", name="Take away").click()
    expect(ada.locator("main")).not_to_contain_text("Operator on")
    expect(restart).to_be_disabled(timeout=5_000)


def test_a_viewer_can_press_nothing_that_changes_anything(page_for: PageFor) -> None:
    page = page_for("vera")
    page.goto(DEPLOYMENT.format("web"))
    buttons = page.locator(".dh-actions button:not([popovertarget])")  # opening a menu changes nothing
    expect(buttons.first).to_be_visible()
    assert all(buttons.nth(number).is_disabled() for number in range(buttons.count()))
    assert buttons.first.get_attribute("title"), "it is said why not"
    page.goto("/workloads/")
    rows(page).first.get_by_role("checkbox").check()
    bar = page.get_by_role("toolbar", name="Selected rows")
    expect(bar.get_by_role("button", name=re.compile("Restart|Stop|Scale"))).to_have_count(0)
    expect(page.get_by_role("button", name="Deploy", exact=True)).to_be_disabled()
    run = page.get_by_role("button", name="Run a container")
    expect(run).to_have_count(0)  # she sees no host to run one on
