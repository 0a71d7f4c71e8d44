"""What people do with the demonstration, from the printed link to a rolled-back version, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.fixtures import sign_in
from tests.browser.pages import switch
from tests.server import Server

PageFor = Callable[..., Page]
pytestmark = pytest.mark.browser

DEPLOYMENT = "/clusters/demo-shop/deployment/shop/{}/"
CONTAINER = "/clusters/demo-host/container/{}/"


def rows(page: Page) -> Locator:
    return page.locator("live-table .rows .r")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator('live-table .rows .r [data-cell="name"] [data-part="link"]').all_text_contents()


def dialog(page: Page) -> Locator:
    return page.locator("dialog#confirm[open]")


def act(page: Page, label: str) -> Locator:
    page.locator(".dh-actions").get_by_role("button", name=label, exact=True).click()
    expect(dialog(page)).to_be_visible()
    return dialog(page)


def test_from_the_printed_link_to_a_living_home(browser: Browser) -> None:
    with Server() as fresh:
        page = browser.new_page(base_url=fresh.url)
        page.goto(fresh.setup_link)
        expect(page.get_by_label("Set-up token")).not_to_have_value("")
        assert "#" not in page.url, "the token does not stay in the address"
        page.get_by_label("Name").fill("ada")
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
    asked.get_by_label("Copies").fill("3")
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
    expect(page.locator("html")).to_have_attribute("data-explain", "on")


def test_a_phone_has_everything_within_reach(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto("/")
    bar = page.locator(".tabbar")
    bar.get_by_role("link", name="Workloads").click()
    page.wait_for_url("**/workloads/")
    rows(page).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="More").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit").click()
    page.wait_for_url("**/audit/")
    page.goto(DEPLOYMENT.format("checkout-api"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    act(page, "Scale").get_by_role("button", name="Leave it").click()


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
    buttons = page.locator(".dh-actions button")
    expect(buttons.first).to_be_visible()
    assert all(buttons.nth(number).is_disabled() for number in range(buttons.count()))
    assert buttons.first.get_attribute("title"), "it is said why not"
    page.goto("/workloads/")
    rows(page).first.get_by_role("checkbox").check()
    bar = page.get_by_role("toolbar", name="Selected rows")
    expect(bar.get_by_role("button", name=re.compile("Restart|Stop|Scale"))).to_have_count(0)
    expect(page.get_by_role("button", name="Run a container")).to_have_count(0)


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
    page, watching = page_for("ada"), page_for("ada")
    watching.goto("/list/container/")
    rows(watching).first.wait_for()
    switch(page, "The whole host stops answering", on=True)
    try:
        expect(watching.locator("live-table .rows .r[data-stale]").first).to_be_visible(timeout=40_000)
        expect(watching.locator(".stale-note")).to_contain_text(
            re.compile(r"Demo host does not answer: its rows are as of \d\d:\d\d")
        )
        assert rows(watching).count() > 10, "what was known is still shown"
        page.goto("/")
        finding = page.locator(".triage > li").filter(has_text="Demo host")
        expect(finding).to_have_count(1, timeout=20_000)
        expect(page.get_by_role("heading", name=re.compile("1 thing needs attention"))).to_be_visible()
    finally:
        switch(page, "The whole host stops answering", on=False)
    expect(watching.locator("live-table .rows .r[data-stale]")).to_have_count(0, timeout=40_000)
    expect(watching.locator(".stale-note")).to_be_hidden()


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
    asked.get_by_label("Copies").fill("2")
    asked.get_by_role("button", name="Scale", exact=True).click()
    expect(row(other, "gift-cards")).to_contain_text("/2", timeout=3_000)
    one.locator(".toast").get_by_role("button", name="Undo").click()
    expect(row(other, "gift-cards")).to_contain_text("1/1", timeout=10_000)
