"""Connecting something through its form: what was typed is never lost, whatever was wrong with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.parts import PageFor

pytestmark = pytest.mark.browser


def test_a_typed_key_stays_in_the_page_while_what_else_is_wrong_is_said_and_mended(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/clusters/connect/")
    page.get_by_label("Address").fill("ssh://root@127.0.0.1:1")
    key = page.get_by_label("SSH key")
    key.fill("no key at all")
    page.get_by_role("button", name="Test", exact=True).click()
    said = page.locator(".form-field", has=page.get_by_label("SSH key")).get_by_role("alert")
    expect(said).to_contain_text("not a private key")
    expect(key).to_have_value("no key at all")
    assert "no key at all" not in page.request.get("/clusters/connect/").text()


def test_the_first_field_that_is_wrong_is_in_sight_and_has_the_focus(page_for: PageFor) -> None:
    page = page_for("ada", width=390, height=844)
    page.goto("/clusters/connect/?driver=kubernetes")
    page.get_by_label("Server", exact=True).fill("https://127.0.0.1:1")
    page.get_by_label("Name", exact=True).fill("nowhere")
    page.locator("form.columns").get_by_role("button", name="Connect").click()
    expect(page.get_by_text("127.0.0.1:1 refuses the connection")).to_be_in_viewport()
    expect(page.get_by_label("Server", exact=True)).to_be_focused()
