"""The log view in a real browser: what it shows, what it refuses to obey, how it is steered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

LOG = "/clusters/demo-shop/deployment/shop/checkout-api/?panel=logs"
pytestmark = pytest.mark.browser

# Hands lines to the view as the socket would.
SHOW = """(lines) => {
  const view = document.querySelector("log-view");
  const seq = (view.seq ?? 0) + 1;
  view.subscription.onFrame({ t: "patch", seq, now: Date.now() / 1000, gaps: [], lines });
}"""
# A view that hears nothing but the test.
QUIET = """() => {
  const view = document.querySelector("log-view");
  const { subscription } = view;
  subscription.socket.subscriptions.delete(subscription.number);
  subscription.onFrame({ t: "snap", seq: 1, sources: [], lines: [] });
  view.expected = true;
  subscription.onFrame({ t: "snap", seq: 1, sources: [], lines: [] });
}"""


def line(
    text: str, level: int = 0, message: str | None = None, continues: bool = False, source: int = 1
) -> list[object]:
    return [time.time(), source, level, text, message, continues]


@pytest.fixture
def log(page_for: Callable[..., Page]) -> Page:
    page = page_for("vera")
    page.goto(LOG)
    page.wait_for_selector("log-view li")
    return page


@pytest.fixture
def quiet(log: Page) -> Page:
    log.evaluate(QUIET)
    return log


def test_the_log_of_a_deployment_shows_the_lines_of_all_its_copies_and_follows(log: Page) -> None:
    expect(log.get_by_role("log").locator("li").first).to_be_visible()
    assert log.evaluate("new Set(document.querySelector('log-view').lines.entries.map(one => one.source)).size") >= 3
    times = log.evaluate("document.querySelector('log-view').lines.entries.map(one => one.at)")
    assert times == sorted(times)
    count = len(times)
    log.wait_for_function("(count) => document.querySelector('log-view').lines.entries.length > count", arg=count)
    expect(log.get_by_role("button", name="Following")).to_be_visible()


def test_control_characters_are_shown_and_never_obeyed(quiet: Page) -> None:
    hostile = [
        '\x1b]8;;https://evil.example"onmouseover=alert(1)\x07link\x1b]8;;\x07',
        "\x1b]0;title\x07\x1b]52;c;aGk=\x07",
        "\x1b[2J\x1b[H\x1b[10A over and over",
        "back\b\b\b\rreturn\x00null",
        "right \u202eto left\u202c zero\u200bwidth",
        '<img src=x onerror="window.__p=1"><div id=nav hx-swap-oob=true>',
        "\x1b[31munterminated red",
        "plain after red",
        "\x1b[" + "1;" * 5000 + "m many",
        "x" * 1_000_000,
    ]
    quiet.evaluate(SHOW, [line(text) for text in hostile])
    quiet.wait_for_function("() => document.querySelectorAll('log-view li').length >= 10")
    assert quiet.title() != "title"
    assert quiet.evaluate("window.__p") is None
    assert quiet.evaluate("document.querySelectorAll('log-view .m a, log-view .m img, log-view .m div').length") == 0
    names = quiet.evaluate(
        "[...new Set([...document.querySelectorAll('log-view .m *')]"
        ".map(one => one.tagName + [...one.attributes].map(a => a.name)))]"
    )
    assert names == ["SPANclass"]
    texts = quiet.locator("log-view .m").all_text_contents()
    assert "␛[2J" in texts[2]
    assert "␍" in texts[3]
    assert "⟨U+202E⟩" in texts[4]
    assert "⟨U+200B⟩" in texts[4]
    plain = quiet.locator("log-view li").nth(7).locator(".m span")
    assert plain.count() == 0


def test_json_lines_unfold_to_their_fields(quiet: Page) -> None:
    text = json.dumps(
        {"level": "error", "msg": "payment failed", "order": "A-1", "__proto__": {"x": 1}, "deep": {"a": [1]}}
    )
    quiet.evaluate(SHOW, [line(text, 4, "payment failed")])
    entry = quiet.locator("log-view li.e")
    expect(entry).to_contain_text("payment failed")
    entry.get_by_role("button", name="Show all fields").click()
    expect(entry.locator("dt")).to_have_text(["level", "msg", "order", "__proto__", "deep"])
    assert quiet.evaluate("({}).x") is None


def test_a_stack_trace_stands_under_its_line_and_folds_when_long(quiet: Page) -> None:
    trace = [line(f"    at call{number} (file.js:{number})", continues=True) for number in range(40)]
    quiet.evaluate(SHOW, [line("Error: boom", 4), *trace, line("next")])
    expect(quiet.locator("log-view li")).to_have_count(2)
    more = quiet.locator("log-view .more")
    expect(more).to_have_text("28 more lines")
    assert not quiet.get_by_text("call39").is_visible()
    more.click()
    assert quiet.locator("log-view .rest").is_visible()


def test_search_counts_and_walks_through_what_is_found(quiet: Page) -> None:
    quiet.evaluate(SHOW, [line(f"{'needle' if number % 100 == 0 else 'hay'} {number}") for number in range(1000)])
    quiet.keyboard.press("/")
    quiet.keyboard.type("NEEDLE")
    expect(quiet.locator(".log-count")).to_have_text("10")
    quiet.keyboard.press("Enter")
    expect(quiet.locator(".log-count")).to_have_text("1 of 10")
    expect(quiet.locator("log-view li.current")).to_contain_text("needle 0")
    quiet.keyboard.press("Shift+Enter")
    expect(quiet.locator("log-view li.current")).to_contain_text("needle 900")
    assert "q=NEEDLE" in quiet.url
    expect(quiet.locator(".log-follow")).to_contain_text("Paused")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("/(a+)+$/", "for ever"), ("/(a|aa)*b/", "for ever"), ("/(/", "not a pattern"), ("/a(?=b)/", "look")],
)
def test_a_pattern_that_could_run_for_ever_is_refused(quiet: Page, pattern: str, words: str) -> None:
    quiet.evaluate(SHOW, [line("a" * 5000)])
    quiet.get_by_role("searchbox", name="Find in the log").fill(pattern)
    expect(quiet.locator(".log-count")).to_contain_text(words)


def test_patterns_find_lines(quiet: Page) -> None:
    quiet.evaluate(SHOW, [line("took 12 ms"), line("took 1234 ms"), line("took no time")])
    quiet.get_by_role("searchbox", name="Find in the log").fill(r"/took \d{3,} ms/")
    expect(quiet.locator(".log-count")).to_have_text("1")


def test_scrolling_up_pauses_and_says_how_many_are_new(quiet: Page) -> None:
    quiet.evaluate(SHOW, [line(f"line {number}") for number in range(300)])
    quiet.get_by_text("line 299", exact=True).wait_for()
    quiet.get_by_role("log").hover()
    quiet.mouse.wheel(0, -600)
    expect(quiet.locator(".log-follow")).to_have_text("Paused")
    before = quiet.evaluate("document.querySelector('.log').scrollTop")
    quiet.evaluate(SHOW, [line(f"new {number}") for number in range(7)])
    expect(quiet.locator(".log-follow")).to_have_text("Paused · 7 new")
    assert quiet.evaluate("document.querySelector('.log').scrollTop") == before
    quiet.keyboard.press("f")
    expect(quiet.locator(".log-follow")).to_have_text("Following")
    expect(quiet.get_by_text("new 6", exact=True)).to_be_in_viewport()


def test_twenty_thousand_lines_are_kept_and_the_rest_is_counted(quiet: Page) -> None:
    for part in range(0, 21_000, 1000):
        quiet.evaluate(SHOW, [line(f"line {number}") for number in range(part, part + 1000)])
    quiet.wait_for_function("() => document.querySelector('log-view').lines.entries.at(-1)?.text === 'line 20999'")
    assert quiet.evaluate("document.querySelector('log-view').lines.entries.length") <= 20_000
    expect(quiet.locator(".log-note").first).to_contain_text("older lines are not kept")


def test_what_was_left_out_is_said_where_it_was(quiet: Page) -> None:
    quiet.evaluate(
        """([lines]) => document.querySelector("log-view").subscription.onFrame(
             { t: "patch", seq: 2, now: Date.now() / 1000, gaps: [[1, 12340]], lines })""",
        [[line("before"), line("after")]],
    )
    expect(quiet.locator("log-view .m, log-view .gap")).to_have_text(["before", "12,340 lines left out", "after"])


def test_what_is_copied_holds_nothing_a_terminal_would_obey(quiet: Page) -> None:
    quiet.context.grant_permissions(["clipboard-read", "clipboard-write"])
    quiet.evaluate(SHOW, [line("rm -rf \x1b[31m/\x1b[0m\x07\x1b[201~")])
    quiet.locator("log-view li").first.hover()
    quiet.get_by_role("button", name="Copy this line").click()
    quiet.locator(".log-copy[data-done]").wait_for()
    text = quiet.evaluate("navigator.clipboard.readText()")
    assert text.endswith("rm -rf /␇␛[201~")
    assert not any(ord(letter) < 32 for letter in text)


def test_the_life_before_is_offered_only_where_something_is_started_again(quiet: Page) -> None:
    before = quiet.get_by_label("How much of the log").locator("option[value=previous]")
    tell = """(all) => document.querySelector("log-view").subscription.onFrame({ t: "snap", seq: 1, lines: [],
      sources: all.map((once, n) => ({ n, label: `web.${n}`, name: `x/${n}`, where: "x", container: "", once, state: "live" })) })"""
    for lives, offered in (([True, True], False), ([True, False], True), ([True], False)):
        quiet.evaluate(tell, lives)
        assert before.is_enabled() is offered, lives
        assert before.evaluate("one => one.hidden") is not offered


def test_level_and_range_are_in_the_address_and_survive_a_reload(log: Page) -> None:
    log.get_by_role("button", name="Warnings").click()
    log.get_by_label("How much of the log").select_option("1h")
    log.keyboard.press("w")
    log.reload()
    log.wait_for_selector("log-view li.w")
    assert all(name in log.url for name in ("level=warn", "range=1h", "wrap=0"))
    assert log.locator("log-view li:visible:not(.w, .e, .ours, .gap)").count() == 0


def test_the_download_is_the_same_part_of_the_log(log: Page) -> None:
    log.get_by_label("How much of the log").select_option("100")
    with log.expect_download() as started:
        log.get_by_role("link", name="Download as text").click()
    assert started.value.suggested_filename.startswith("checkout-api-")
    text = started.value.path().read_text()
    assert 100 < len(text.splitlines()) <= 301
