"""What is done, from the first word of its effect to the undo, and how what is wrong is mended."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.faults import switch
from tests.browser.parts import CONTAINER, DEPLOYMENT, PageFor, act, dialog, row, rows

pytestmark = pytest.mark.browser


def test_stopping_says_its_effect_first_and_can_be_undone(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(CONTAINER.format("monitor"))
    asked = act(page, "Stop")
    expect(asked).to_contain_text("Stops monitor. It does not answer until it is started again.")
    expect(asked.get_by_role("button", name="Leave it")).to_be_focused()
    asked.get_by_role("button", name="Leave it").click()
    expect(page.locator("h1")).to_contain_text("Running")
    act(page, "Stop").get_by_role("button", name="Stop").click()
    expect(page.locator("h1")).to_contain_text(re.compile("Stopped|Finished|Failed"))
    toast = page.locator(".toast", has=page.get_by_role("button", name="Undo"))
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_contain_text("Running")


def test_copies_appear_while_one_watches(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("mail-relay"))
    copies = page.get_by_role("group", name="Copies").locator("tbody tr")
    expect(copies).to_have_count(1)
    asked = act(page, "Scale")
    with page.expect_request("**/act/?part=plan") as sent:
        asked.get_by_label("Copies", exact=True).fill("3")
    assert sent.value.method == "POST", "what is filled in is in no address"
    expect(asked.locator("#confirm-plan")).to_contain_text("--replicas=3")
    asked.get_by_role("button", name="Scale", exact=True).click()
    expect(page.locator(".toast").first).to_contain_text("1 → 3 copies")
    expect(copies).to_have_count(3)
    expect(page.locator("h1")).to_contain_text("Running", timeout=20_000)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(copies).to_have_count(1, timeout=20_000)


def test_a_bad_version_is_found_from_home_and_rolled_back(page_for: PageFor) -> None:
    page = page_for("ada")
    switch(page, "A version that does not exist", on=True)
    page.goto("/")
    finding = page.locator(".triage > li").filter(has_text="search-ui")
    expect(finding).to_be_visible(timeout=30_000)
    finding.get_by_role("button").first.click()
    expect(dialog(page)).to_contain_text("search-ui")
    dialog(page).locator("[type=submit]").click()
    expect(dialog(page)).to_have_count(0)
    expect(finding).to_have_count(0, timeout=30_000)
    page.goto("/demo/")
    expect(
        page.locator(".faults li").filter(has_text="A version that does not exist").get_by_role("button")
    ).to_have_attribute("aria-pressed", "false")


def test_many_are_stopped_at_once_after_an_exact_preview(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/container/?q=office")
    rows(page).nth(2).wait_for()
    total = rows(page).count()
    for number in range(total):
        rows(page).nth(number).get_by_role("checkbox").check()
    bar = page.get_by_role("toolbar", name="Selected rows")
    expect(bar).to_contain_text(f"{total} selected")
    bar.get_by_role("button", name="Stop", exact=True).click()
    preview = dialog(page).locator(".effects li")
    expect(preview).to_have_count(total)
    will_stop = preview.filter(has_not_text="Left out").count()
    dialog(page).get_by_role("button", name=f"Stop {will_stop}").click()
    expect(page.locator(".toast")).to_contain_text(f"{will_stop} done")
    expect(rows(page).filter(has_text="Running")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(rows(page).filter(has_text=re.compile("Running|Healthy"))).to_have_count(will_stop)


def test_more_than_can_be_acted_on_at_once_is_said(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/container/")
    rows(page).first.wait_for()
    ids = [f"1~container~made-up-{number}" for number in range(501)]
    page.route("**/ids/**", lambda route: route.fulfill(json={"ids": ids, "total": 9000}))
    rows(page).first.get_by_role("checkbox").check()
    bar = page.get_by_role("toolbar", name="Selected rows")
    bar.get_by_role("button", name="Select all").click()
    expect(bar).to_contain_text("501 selected")
    expect(bar).to_contain_text("the first of 9,000; at most 500 can be acted on at once")
    expect(bar.get_by_role("button", name="Stop", exact=True)).to_be_disabled()


@pytest.fixture
def production(page_for: PageFor) -> Iterator[None]:
    """The demonstration's host counts as production for a while."""

    def mark(on: bool) -> None:
        page = page_for("ada")
        page.goto("/clusters/demo-host/edit/")
        page.get_by_label("Production").set_checked(on)
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(lambda url: "/edit/" not in url)
        page.close()

    mark(True)
    yield
    mark(False)


def test_production_asks_for_the_name_before_something_is_gone(page_for: PageFor, production: None) -> None:
    page = page_for("ada")
    page.goto(CONTAINER.format("monitor"))
    asked = act(page, "Remove")
    expect(asked).to_contain_text("Production")
    remove = asked.get_by_role("button", name="Remove", exact=True)
    expect(remove).to_be_disabled()
    asked.get_by_label(re.compile("To go on, type")).fill("monito")
    expect(remove).to_be_disabled()
    asked.get_by_label(re.compile("To go on, type")).fill("monitor")
    expect(remove).to_be_enabled()
    asked.get_by_role("button", name="Leave it").click()


def test_a_host_that_falls_silent_is_one_finding_and_its_rows_are_grey(page_for: PageFor) -> None:
    page, watching, reading = page_for("ada"), page_for("ada"), page_for("ada")
    watching.goto("/list/container/")
    rows(watching).first.wait_for()
    reading.goto(CONTAINER.format("shop/shop-web-1"))
    silent = reading.locator("[data-silent-note]")
    expect(silent).to_be_hidden()
    switch(page, "The whole host stops answering", on=True)
    try:
        expect(watching.locator("live-table .rows .r[data-stale]").first).to_be_visible(timeout=40_000)
        expect(watching.locator(".stale-note")).to_contain_text(
            re.compile(r"Demo host does not answer: its rows are as of \d\d:\d\d")
        )
        assert rows(watching).count() > 10, "what was known is still shown"
        expect(silent).to_contain_text(re.compile(r"Demo host does not answer: what is shown is as of \d\d:\d\d"))
        expect(reading.locator("live-pill i")).to_have_css("animation-name", "none")  # nothing of it looks live
        page.goto("/")
        finding = page.locator(".triage > li").filter(has_text="Demo host")
        expect(finding).to_have_count(1, timeout=20_000)
        expect(page.get_by_role("heading", name=re.compile("1 thing needs attention"))).to_be_visible()
    finally:
        switch(page, "The whole host stops answering", on=False)
    expect(watching.locator("live-table .rows .r[data-stale]")).to_have_count(0, timeout=40_000)
    expect(watching.locator(".stale-note")).to_be_hidden()
    expect(silent).to_be_hidden()


def test_home_leads_to_the_log_of_what_is_wrong_and_then_says_that_all_is_well(page_for: PageFor) -> None:
    page = page_for("ada")
    switch(page, "A program hangs", on=True)
    page.goto("/")
    finding = page.locator(".triage > li").filter(has_text="shop-search-1")
    expect(finding).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", name="1 thing needs attention")).to_be_visible()
    expect(page.locator(".side").get_by_role("link", name="Home")).to_contain_text("1")
    finding.get_by_role("link", name="Logs").click()
    page.locator("log-view li").first.wait_for()
    page.locator(".dh-actions").get_by_role("button", name="Restart", exact=True).click()
    dialog(page).get_by_role("button", name="Restart").click()
    expect(page.locator("h1")).to_contain_text("Healthy", timeout=30_000)
    page.goto("/")
    expect(page.get_by_role("heading", name="All is well")).to_be_visible(timeout=15_000)


def test_two_browsers_see_the_same_moment(page_for: PageFor) -> None:
    one, other = page_for("ada"), page_for("otto")
    one.goto(DEPLOYMENT.format("gift-cards"))
    other.goto("/workloads/?q=gift")
    row(other, "gift-cards").wait_for()
    asked = act(one, "Scale")
    asked.get_by_label("Copies", exact=True).fill("2")
    asked.get_by_role("button", name="Scale", exact=True).click()
    expect(row(other, "gift-cards")).to_contain_text("/2", timeout=3_000)
    one.locator(".toast").get_by_role("button", name="Undo").click()
    expect(row(other, "gift-cards")).to_contain_text("1/1", timeout=10_000)


def test_a_wrong_key_that_stays_in_its_form_is_marked_as_wrong_and_has_the_focus(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/clusters/demo-host/host/demo-host/")
    page.locator("main").get_by_text("More", exact=True).first.click()
    page.locator("main").get_by_text("Join a Swarm", exact=True).first.click()
    line = page.locator("dialog[open] [name=line]")
    line.fill("docker swarm join nonsense")
    page.locator("dialog[open]").get_by_role("button", name="Join a Swarm").click()
    expect(page.locator("dialog[open] [data-error]")).to_contain_text(
        "That is no line by which a machine joins a Swarm."
    )
    expect(line).to_have_value("docker swarm join nonsense")
    expect(line).to_have_attribute("aria-invalid", "true")
    expect(line).to_be_focused()
