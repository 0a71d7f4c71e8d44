"""The form for a workload, in a browser: rows of inputs write the lines, and mistakes stand beside their fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PageFor = Callable[..., Page]
pytestmark = pytest.mark.browser


def test_rows_write_lines_that_become_yaml_and_mistakes_are_shown_where_they_are(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/deploy/?cluster=demo-shop&namespace=shop&name=greeter&image=nginx")
    ports = page.get_by_role("group", name="Ports it listens on")
    ports.get_by_label("Port", exact=True).fill("8080")
    ports.get_by_label("Name").fill("web")
    text = page.get_by_role("region", name="YAML", exact=True)
    expect(text).to_contain_text("- name: web\n          containerPort: 8080")
    page.locator("summary", has_text="Volumes").click()
    page.get_by_role("button", name="Volumes: as text").click()
    page.locator('[name="volumes"]').fill("/data claim disk:logs ro\n/cache empty")
    page.get_by_role("button", name="Volumes: as rows").click()
    rows = page.get_by_role("group", name="Volumes").locator(".line-row")
    assert [rows.nth(0).locator("input, select").nth(at).input_value() for at in range(5)] == [
        "/data",
        "claim",
        "disk",
        "logs",
        "ro",
    ]
    expect(page.locator("#deploy-text mark")).to_contain_text("subPath: logs")  # what is new stands out
    rows.nth(0).get_by_role("button", name="Remove this line").click()
    expect(text).not_to_contain_text("claimName")
    rows.nth(0).get_by_label("Mounted at").fill("cache")
    page.locator("summary", has_text="Volumes").click()
    page.get_by_role("button", name="Show what would be made").click()
    expect(page.get_by_text("“cache” is not a folder inside.")).to_be_visible()  # its part of the form is open again
    expect(rows.nth(0).get_by_label("Mounted at")).to_be_focused()
