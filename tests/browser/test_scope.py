"""Choosing a cluster narrows every page to it, until one leaves it; the address says so, and can be shared."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.parts import PageFor, rows

pytestmark = pytest.mark.browser


def choose(page: Page, name: str) -> None:
    page.locator(".switcher").click()
    page.locator("#switcher").get_by_role("link", name=name).click()


def workloads(page: Page) -> int:
    count = page.locator('.side [data-count="workloads"]')
    expect(count).not_to_be_empty()
    return int(count.inner_text())


def test_one_cluster_is_chosen_and_left_again(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/")
    everything = workloads(page)
    choose(page, "Demo shop")
    page.wait_for_url("**/?cluster=demo-shop")
    expect(page.locator(".switcher")).to_contain_text("Demo shop")
    assert 0 < workloads(page) < everything
    page.locator(".side").get_by_role("link", name="Workloads").click()
    page.wait_for_url("**/workloads/?cluster=demo-shop")
    rows(page).first.wait_for()
    assert all(where.startswith("Demo shop / ") for where in page.locator('.r [data-cell="where"]').all_inner_texts())
    rows(page).first.get_by_role("link").click()
    page.wait_for_url("**/clusters/demo-shop/**?cluster=demo-shop")
    page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name="Logs").click()
    page.wait_for_url("**cluster=demo-shop**")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Home").click()
    page.wait_for_url("**/?cluster=demo-shop")
    choose(page, "All clusters")
    page.wait_for_url(re.compile("/$"))
    expect(page.locator(".switcher")).to_contain_text("All clusters")
    assert workloads(page) == everything


def test_kinds_are_folded_by_the_keyboard_and_stay_as_they_were_left(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/")
    side = page.locator(".side")
    expect(side.get_by_role("link", name="Pods")).to_be_visible()
    expect(side.get_by_role("link", name="Config maps")).to_be_hidden()
    for group in ("workloads", "config-and-secrets"):
        side.locator(f"[data-fold={group}] > summary").focus()
        page.keyboard.press("Enter")
    expect(side.get_by_role("link", name="Pods")).to_be_hidden()
    side.get_by_role("link", name="Config maps").click()
    page.wait_for_url("**/list/config-map/")
    expect(side.get_by_role("link", name="Config maps")).to_be_visible()
    expect(side.get_by_role("link", name="Pods")).to_be_hidden()


def test_what_is_begun_in_a_narrowed_list_is_begun_where_it_is_narrowed_to(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/container/?cluster=demo-host")
    with page.expect_request(lambda one: "/run/container/" in one.url) as asked:
        page.get_by_role("button", name="Run a container").click()
    assert asked.value.url.endswith("/run/container/?cluster=demo-host")
    expect(page.get_by_label("Where").locator("option:checked")).to_have_text("Demo host")


def test_the_filter_of_a_list_and_the_switcher_are_one(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/workloads/?cluster=demo-host&q=shop")
    expect(page.locator(".switcher")).to_contain_text("Demo host")
    within = workloads(page)
    page.get_by_role("button", name=re.compile("Remove the filter")).click()
    expect(page.locator(".switcher")).to_contain_text("All clusters")
    expect(page.locator(".side").get_by_role("link", name="Pods")).to_be_visible()
    page.wait_for_function(f"document.querySelector('.side [data-count=workloads]').textContent !== '{within}'")
    page.go_back()
    expect(page.locator(".switcher")).to_contain_text("Demo host")
    expect(page.locator(".side").get_by_role("link", name="Pods")).to_have_count(0)


def test_the_palette_stays_within_the_cluster_and_can_choose_one(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/?cluster=demo-host")
    page.keyboard.press("Control+k")
    ask = page.get_by_role("combobox", name="Search or jump to")
    ask.fill("gift-cards")
    expect(page.locator(".palette-empty")).to_contain_text("in this cluster")
    ask.fill("only demo shop")
    ask.fill("demo shop")
    page.get_by_role("option").filter(has_text="Only Demo shop").click()
    page.wait_for_url("**/?cluster=demo-shop")


def test_a_finger_opens_and_closes_the_palette(page_for: PageFor) -> None:
    page = page_for("vera", width=390, height=844)
    page.goto("/")
    page.get_by_role("button", name="Search or jump to").click()
    dialog = page.get_by_role("dialog", name="Search or jump")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Search or jump to").click()
    page.mouse.click(195, 800)
    expect(dialog).to_be_hidden()


def test_a_phone_shows_what_it_is_narrowed_to_and_the_way_out(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto("/workloads/?cluster=demo-shop")
    rows(page).first.wait_for()
    expect(page.locator("#scope")).to_contain_text("Demo shop")
    page.get_by_role("link", name="Show all clusters again").click()
    page.wait_for_url(re.compile("/workloads/$"))


def test_a_cluster_without_any_says_so_and_blames_no_filter(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/deployment/?cluster=demo-host")
    expect(page.locator(".tbl-empty")).to_contain_text("No deployments here")
    page.goto("/list/deployment/?cluster=demo-host&q=web")
    expect(page.locator(".tbl-empty")).to_contain_text("Nothing fits")
