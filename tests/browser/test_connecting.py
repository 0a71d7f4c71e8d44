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
