"""What a page fetches by itself: nothing somebody does is lost meanwhile, what fails is fetched again, what is gone is no error."""

from __future__ import annotations

import re
import threading

import pytest
from playwright.sync_api import Route, WebSocket, expect

from tests.browser import fixtures
from tests.browser.before_shots import first
from tests.browser.parts import CONTAINER, DEPLOYMENT, PageFor, act, dialog, rows

pytestmark = pytest.mark.browser


def test_what_was_typed_wrongly_is_said_in_the_same_dialog(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("gift-cards"))
    asked = act(page, "Scale")
    for _ in range(3):
        asked.locator("form").evaluate("(form) => { form.noValidate = true; }")  # so that the server has to say it
        asked.get_by_label("Copies", exact=True).fill("99999")
        with page.expect_response(lambda answer: answer.url.endswith("/act/") and answer.status == 422):
            asked.get_by_role("button", name="Scale", exact=True).click()
        expect(asked).to_contain_text("Copies must be at most 1,000.")
        expect(asked.get_by_label("Copies", exact=True)).to_be_focused()
        page.wait_for_timeout(100)
        assert asked.evaluate("(one) => one.open && one.matches(':modal')"), "it can still be seen and used"
    asked.get_by_role("button", name="Leave it").click()
    expect(dialog(page)).to_have_count(0)


def test_an_undo_is_not_lost_while_the_page_fetches_what_changed(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(DEPLOYMENT.format("mail-relay"))
    asked = act(page, "Scale")
    asked.get_by_label("Copies", exact=True).fill("2")
    held: list[Route] = []
    page.route(re.compile(r"part=(head|panel)"), lambda route: held.append(route))  # fetches that are answered slowly
    asked.get_by_role("button", name="Scale", exact=True).click()
    undo = page.locator(".toast").get_by_role("button", name="Undo")
    undo.wait_for()
    page.wait_for_timeout(1_500)
    assert held, "the page does fetch"
    with page.expect_response(lambda answer: answer.url.endswith("/act/"), timeout=5_000) as done:
        undo.click()
    assert done.value.status == 204
    expect(page.locator(".toast").filter(has_text="2 → 1 cop")).to_be_visible()


def test_a_page_whose_script_is_given_up_is_opened_again_by_what_opens_pages_here(
    page_for: PageFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the tests themselves: what comes and goes on the machine beside them must fail none of them."""
    monkeypatch.setattr(fixtures, "GIVEN_UP", "ERR_CONNECTION_RESET")  # as near as can be brought about
    page, asked = page_for("ada"), threading.Semaphore(1)

    def give_up_once(route: Route) -> None:
        if asked.acquire(blocking=False):
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route("**/*.js*", give_up_once)
    page.goto("/workloads/")
    expect(rows(page).first).to_be_visible()
    assert not asked.acquire(blocking=False), "a script was given up"


def test_a_part_that_could_not_be_fetched_is_fetched_again(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto(CONTAINER.format("monitor"))
    expect(page.locator("h1")).to_contain_text("Running")
    failures = threading.Semaphore(1)

    def fail_once(route: Route) -> None:
        if failures.acquire(blocking=False):
            route.fulfill(status=500, body="")
        else:
            route.continue_()

    page.route("**/*part=head*", fail_once)
    act(page, "Pause").locator("footer [type=submit]").click()
    expect(page.locator("h1")).not_to_contain_text("Running", timeout=8_000)
    expect(page.locator(".toast[role=alert]")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_contain_text("Running", timeout=8_000)


def test_what_was_deleted_is_said_once_and_is_no_error(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/pod/?q=mail-relay&cluster=demo-shop")
    page.locator("live-table .rows .r").filter(has_text="Running").locator("a").first.click()
    page.locator("live-resource").wait_for()
    act(page, "Delete").get_by_role("button", name="Delete").click()
    expect(page.locator("[data-gone-note]")).to_contain_text("It was deleted", timeout=20_000)
    expect(page.locator("body")).to_have_attribute("data-past", "")  # no colour of the page says any more that it runs
    page.wait_for_timeout(1_000)
    expect(page.locator(".toast[role=alert]")).to_have_count(0)


def test_a_live_part_is_fetched_once_it_is_followed_and_only_then(page_for: PageFor) -> None:
    page, asked = page_for("ada"), list[str]()
    followed: list[str] = []

    def heard(socket: WebSocket) -> None:
        socket.on("framesent", lambda sent: followed.append(str(sent)) if '"uses"' in str(sent) else None)

    def fetched(route: Route) -> None:
        asked.append("after" if followed else "before")
        route.continue_()

    page.on("websocket", heard)
    page.route("**/images/life/**", fetched)
    page.goto("/list/image/?status=healthy")
    first("life")(page)
    expect(page.locator("#life-runs")).to_be_visible()
    page.wait_for_timeout(1_200)
    assert asked == ["after"]
    assert page.locator("live-part .skeleton").count() == 0


def test_a_live_part_is_filled_where_nothing_answers_over_the_line(page_for: PageFor) -> None:
    page = page_for("ada")
    page.route_web_socket("**/live/", lambda line: None)  # taken, and never a word
    page.goto("/list/image/?status=healthy")
    first("life")(page)
    expect(page.locator("#life-runs")).to_be_visible()


AGED = """new MutationObserver((_, seen) => {
  const one = document.querySelector("live-resource");
  if (one) seen.disconnect(), (one.dataset.version = '["of before",["changing","Starting","",""]]');
}).observe(document, { childList: true, subtree: true });"""


def test_what_changed_between_a_page_and_its_first_frame_is_fetched(page_for: PageFor) -> None:
    page, asked = page_for("ada"), list[str]()
    page.on("request", lambda one: asked.append(one.url) if "part=" in one.url else None)
    page.goto(CONTAINER.format("monitor"))
    expect(page.locator("#panel[data-live-panel]")).to_be_visible()
    page.wait_for_timeout(1_000)
    assert asked == [], "what is as it was is not fetched again, neither the head nor the panel"
    page.add_init_script(AGED)
    with page.expect_request("**/*part=head*"):
        page.reload()


def test_what_somebody_opened_in_a_panel_stays_open_when_it_is_fetched_again(page_for: PageFor) -> None:
    page, times = page_for("ada"), iter(range(1, 9))
    page.goto(DEPLOYMENT.format("gift-cards"))
    page.locator("#panel .card").first.wait_for()
    told = "<dl class=kv><div><dt>A</dt><dd><details class=long><summary>Long</summary>{}</details></dd></div></dl>"
    page.route(re.compile(r"part=panel"), lambda route: route.fulfill(body=told.format(next(times))))
    again = "() => htmx.ajax('GET', location.pathname + '?part=panel', {source: '#panel', target: '#panel', swap: 'innerMorph'})"
    page.evaluate(again)
    long = page.locator("#panel details.long")
    long.locator("summary").focus()
    page.keyboard.press("Enter")
    seen = long.inner_text()
    page.evaluate(again)
    expect(long).not_to_have_text(seen, use_inner_text=True)
    assert long.evaluate("(one) => one.open"), "what is in it is new, and it is open as it was"
    expect(long.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.evaluate(again)
    assert not long.evaluate("(one) => one.open")
