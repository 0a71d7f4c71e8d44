"""The terminal in a real browser: it works, and what a program prints can do nothing but be shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

TERMINAL = "/clusters/demo-shop/deployment/shop/checkout-api/?panel=terminal"
pytestmark = pytest.mark.browser

# Draws bytes as if they came from the container, and keeps what would be sent back to it.
PRINT = """(text) => new Promise((done) => {
  const element = document.querySelector("web-terminal");
  window.sent ??= [];
  const send = (data) => window.sent.push(typeof data === "string" ? data : new TextDecoder().decode(data));
  element.socket = { readyState: WebSocket.OPEN, send, close() {} };
  element.terminal.write(text, done);
})"""


@pytest.fixture
def violations() -> list[str]:
    """What the page's policy refused."""
    return []


@pytest.fixture
def terminal(page_for: Callable[..., Page], violations: list[str]) -> Page:
    def heard(message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            violations.append(message.text)

    page = page_for("otto")
    page.on("console", heard)
    page.goto(TERMINAL)
    expect(page.locator(".terminal-who")).to_contain_text("Shell: /bin/demo-sh as demo")
    return page


def test_keys_reach_the_shell_and_its_end_is_said(terminal: Page) -> None:
    terminal.keyboard.type("ls\n")
    expect(terminal.locator(".xterm-rows")).to_contain_text("settings.toml")
    terminal.keyboard.type("exit\n")
    expect(terminal.locator(".terminal-end")).to_contain_text("The shell ended: exit 0.")
    terminal.get_by_role("button", name="Open again").click()
    expect(terminal.locator(".terminal-who")).to_contain_text("Shell:")
    expect(terminal.locator(".terminal-end")).to_have_count(0)


def test_another_copy_can_be_chosen(terminal: Page) -> None:
    chooser = terminal.get_by_label("Container", exact=True)
    assert chooser.locator("option").count() == 3
    chooser.select_option(index=2)
    expect(terminal.locator(".terminal-who")).to_contain_text("Shell:")


def test_a_viewer_is_not_offered_a_terminal(page_for: Callable[..., Page]) -> None:
    page = page_for("vera")
    page.goto(TERMINAL)
    expect(page.locator("web-terminal .xterm")).to_have_count(0)


def test_programs_cannot_reach_the_clipboard_the_window_or_the_keyboard(terminal: Page) -> None:
    title = terminal.title()
    terminal.context.grant_permissions(["clipboard-read", "clipboard-write"])
    terminal.evaluate("navigator.clipboard.writeText('mine')")
    size = terminal.evaluate("[document.querySelector('web-terminal').terminal.cols, innerWidth]")
    terminal.evaluate(
        PRINT,
        "\x1b]52;c;ZXZpbA==\x07\x1b]52;c;?\x07\x1b]0;evil\x07\x1b[8;5;5t\x1b[14t\x1b[18t\x1b[21t\x1b]10;?\x07\x1b]11;?\x07\x1b]4;1;?\x07",
    )
    assert terminal.evaluate("navigator.clipboard.readText()") == "mine"
    assert terminal.title() == title
    assert terminal.evaluate("[document.querySelector('web-terminal').terminal.cols, innerWidth]") == size
    assert terminal.evaluate("window.sent") == []


def test_pasting_several_lines_asks_first_and_forged_markers_are_taken_out(terminal: Page) -> None:
    terminal.evaluate(PRINT, "")
    paste = """(text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
      document.querySelector(".xterm-helper-textarea").dispatchEvent(event);
    }"""
    terminal.evaluate(paste, "one line\x1b[201~\x03")
    terminal.wait_for_function("() => window.sent.length === 1")
    assert terminal.evaluate("window.sent") == ["one line"]
    terminal.evaluate(paste, "rm -rf /\necho gone\n")
    dialog = terminal.get_by_role("dialog")
    expect(dialog).to_contain_text("Paste 2 lines?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    assert terminal.evaluate("window.sent") == ["one line"]
    terminal.evaluate(paste, "a\nb")
    dialog.get_by_role("button", name="Paste").click()
    terminal.wait_for_function("() => window.sent.length === 2")
    assert terminal.evaluate("window.sent[1]") == "a\rb"


def test_links_are_web_links_only_and_ask_before_they_open(terminal: Page) -> None:
    terminal.evaluate(
        PRINT, "\r\n\x1b]8;;javascript:alert(1)\x07bad\x1b]8;;\x07 \x1b]8;;https://example.org/\x07good\x1b]8;;\x07"
    )
    activate = (
        "(address) => document.querySelector('web-terminal').terminal.options.linkHandler.activate(null, address)"
    )
    terminal.evaluate(activate, "javascript:alert(1)")
    expect(terminal.get_by_role("dialog")).to_have_count(0)
    terminal.evaluate(f"void ({activate})('https://example.org/')")
    expect(terminal.get_by_role("dialog")).to_contain_text("https://example.org/")
    terminal.get_by_role("button", name="Cancel").click()


def test_colours_need_no_exception_in_the_pages_policy(terminal: Page, violations: list[str]) -> None:
    terminal.evaluate(PRINT, "\r\n\x1b[38;2;255;100;0mtrue\x1b[0m \x1b[38;5;99mcolour\x1b[0m")
    colour = terminal.locator(".xterm-rows span", has_text="true").first
    expect(colour).to_have_css("color", "rgb(255, 100, 0)")
    assert violations == []
