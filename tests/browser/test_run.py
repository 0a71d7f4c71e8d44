"""The form to run a container, in a browser: its lists are rows of inputs, which write the lines that are sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PageFor = Callable[..., Page]
pytestmark = pytest.mark.browser


def test_rows_of_ports_and_volumes_write_the_line_that_is_shown(page_for: PageFor) -> None:
    page = page_for("ada")
    page.goto("/list/container/?cluster=demo-host")
    page.get_by_role("button", name="Run a container").click()
    form = page.locator("dialog#run[open]")
    form.get_by_label("Image").fill("busybox")
    ports = form.get_by_role("group", name="Ports", exact=True)
    ports.get_by_label("Port of the machine").fill("8080")
    expect(form.locator("#run-check"), "half a line is no other line").to_contain_text("“8080:” is not a port")
    ports.get_by_label("Port inside").fill("80")
    ports.get_by_label("Protocol").select_option("udp")
    volumes = form.get_by_role("group", name="Volumes", exact=True)
    volumes.get_by_label("Folder inside").fill("/data")
    volumes.get_by_label("Access").select_option("ro")
    line = form.locator("#run-check")
    expect(line).to_contain_text("--publish 8080:80/udp")
    expect(line).to_contain_text("/data")
    form.get_by_role("button", name="Ports: as text").click()
    form.locator('[name="ports"]').fill("127.0.0.1:53:53/udp\n80")
    form.get_by_role("button", name="Ports: as rows").click()
    rows = ports.locator(".line-row")
    shown = [[one.input_value() for one in rows.nth(at).locator("input, select").all()] for at in range(2)]
    assert shown == [["127.0.0.1:53", "53", "udp"], ["", "80", ""]]
