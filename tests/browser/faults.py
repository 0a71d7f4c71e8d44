"""Faults of the demonstration, switched on in its page."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def switch(page: Page, fault: str, on: bool) -> None:
    """Begin or end a fault of the demonstration at its switch."""
    page.goto("/demo/")
    button = page.locator(".faults li").filter(has_text=fault).get_by_role("button")
    if button.get_attribute("aria-pressed") == str(not on).lower():
        button.click()
    expect(button).to_have_attribute("aria-pressed", str(on).lower())


def break_things(page: Page) -> None:
    """Switch on faults of both demonstrations."""
    for fault in ("A new version that eats memory", "A version that does not exist", "The whole host stops answering"):
        switch(page, fault, on=True)


def wait_for_faults(page: Page) -> None:
    """Until Home tells of them."""
    page.goto("/")
    expect(page.locator("#home-triage .triage > li")).to_have_count(3, timeout=120_000)
