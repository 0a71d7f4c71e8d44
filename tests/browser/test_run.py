"""The form to run a container, in a browser: its lists are rows of inputs, which write the lines that are sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

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
    taken = page.locator("live-table [role=row] a").first.inner_text().splitlines()[0]

    page.goto("/run/container/?cluster=demo-host&image=busybox")
    name = page.locator("#field-name")
    name.fill(taken)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(name, "what is wrong is in sight").to_be_focused()
    expect(page.locator(".form-field", has=name)).to_contain_text(f"There is a container called {taken} already.")


def test_what_is_typed_until_the_form_of_another_host_comes_stays_with_the_focus(page_for: PageFor) -> None:
    page, waiting = page_for("ada"), list[Route]()
    page.goto("/run/container/")
    page.get_by_label("Image", exact=True).fill("busybox")
    where = page.locator("[data-elsewhere]")
    here = where.input_value()
    there = where.locator("option:not([selected])").first.get_attribute("value")
    page.route("**/run/container/", lambda route: waiting.append(route))
    where.select_option(there)
    page.locator("#field-name").fill("typed")
    ports = page.get_by_role("group", name="Ports", exact=True)
    ports.get_by_label("Port of the machine").fill("80")
    page.get_by_text("Limits", exact=True).click()
    memory = page.locator("#field-memory")
    memory.press_sequentially("51")
    expect(page.get_by_role("status").filter(has_text="is coming")).to_be_visible()
    make = page.get_by_role("button", name="Run", exact=True)
    expect(make, "what is made is made from a whole form").to_be_disabled()
    waiting[0].continue_()
    page.unroute("**/run/container/")
    expect(make).to_be_enabled()
    expect(memory).to_be_focused()
    page.keyboard.type("2m")
    now = [page.locator(f"#field-{one}").input_value() for one in ("image", "name", "memory")]
    assert [*now, where.input_value()] == ["busybox", "typed", "512m", there]
    expect(ports.get_by_label("Port of the machine")).to_have_value("80")
    ports.get_by_label("Port inside").fill("8080")
    expect(page.locator("#run-check"), "it is checked as it is now").to_contain_text("--memory 512m")

    # The form of the other one does not come: what stands there stays, and says so.
    page.route("**/run/container/", lambda route: route.abort())
    where.select_option(here)
    said = page.get_by_role("status").filter(has_text="did not come")
    expect(said).to_contain_text("Pilothouse did not answer. What you typed is still here.")
    assert [where.input_value(), memory.input_value()] == [there, "512m"]
    expect(make).to_be_enabled()
    page.unroute("**/run/container/")
    said.get_by_role("button", name="Try again").click()
    expect(where.locator("option[selected]")).to_have_attribute("value", here)
    expect(said).to_be_hidden()
    assert [where.input_value(), memory.input_value()] == [here, "512m"]

    # Another field stands where one was: what was typed is not its value.
    def with_another_field(route: Route) -> None:
        answer = route.fetch()
        other = answer.text().replace(
            'id="field-name" name="name" value="typed"', 'id="field-alias" name="alias" value=""'
        )
        route.fulfill(response=answer, body=other)

    page.route("**/run/container/", with_another_field)
    where.select_option(there)
    expect(page.locator('[name="alias"]')).to_have_value("")
    expect(page.locator('[name="name"]')).to_have_count(0)
    assert [page.locator("#field-image").input_value(), memory.input_value()] == ["busybox", "512m"], (
        "what follows stays"
    )
    page.unroute("**/run/container/")

    # Another target: what is typed between the press and its page goes along, too.
    page.route("**/ship/", lambda route: waiting.append(route))
    page.get_by_role("button", name="Another target").click()
    memory.fill("256m")
    waiting.pop().continue_()
    page.unroute("**/ship/")
    page.get_by_role("heading", name="Run or deploy").wait_for()
    expect(page.locator("#field-memory")).to_have_value("256m")
