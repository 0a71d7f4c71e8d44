"""What is done on a page before its picture is taken."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

SHOP, HOST = "/clusters/demo-shop", "/clusters/demo-host"
DEPLOYMENT = f"{SHOP}/deployment/shop/checkout-api/"
CONTAINER = f"{HOST}/container/"


def rows(page: Page) -> None:
    page.locator("live-table .rows .r").first.wait_for()


def quick_look(page: Page) -> None:
    row = page.locator("live-table .rows .r").filter(has_text="checkout-api").first
    row.locator('[data-cell="status"]').click()
    page.locator("#look h1").wait_for()


def select(page: Page) -> None:
    for number in range(3):
        page.locator("live-table .rows .r input").nth(number).check()
    page.get_by_role("toolbar", name="Selected rows").wait_for()


def action(label: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.locator(".dh-actions").get_by_role("button", name=label, exact=True).click()
        page.locator("dialog#confirm[open]").wait_for()

    return do


def menu_action(label: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.locator(".dh-actions").get_by_role("button", name="More", exact=True).click()
        page.locator("#more-actions").get_by_role("button", name=label, exact=True).click()
        page.locator("dialog#confirm[open]").wait_for()

    return do


def open_port(page: Page) -> None:
    first("overview")(page)
    action("Open port")(page)


def first(panel: str) -> Callable[[Page], None]:
    """Goes on from a list to the page of its first row, at one of its tabs."""

    def do(page: Page) -> None:
        rows(page)
        href = page.locator("live-table .rows .r a").first.get_attribute("href")
        page.goto(f"{href}?panel={panel}")
        page.locator(f'#panel[data-panel="{panel}"]').wait_for()
        if panel == "logs":
            page.locator("log-view li").nth(3).wait_for()
        if panel == "files":
            page.locator("#files table").wait_for()
        if panel == "terminal":
            page.locator("web-terminal .xterm").wait_for()

    return do


def palette(words: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Search or jump to").fill(words)
        page.get_by_role("option").first.wait_for()
        if words:
            expect(page.get_by_role("option").filter(has_text=words.split()[-1]).first).to_be_visible()

    return do


def keys(page: Page) -> None:
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()


def convert(page: Page) -> None:
    page.locator(".dh-actions").get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Convert to Swarm or Kubernetes").click()
    page.locator("#convert-text-kubernetes").wait_for()


def life(page: Page) -> None:
    first("life")(page)
    page.locator("#life-runs").wait_for()


def roll_out(page: Page) -> None:
    life(page)
    page.get_by_role("link", name="Roll out").click()
    page.locator(".roll-out li").first.wait_for()


def run(page: Page) -> None:
    page.get_by_role("button", name="Run a container").click()
    page.locator("dialog#run[open]").wait_for()


def fill_in(page: Page) -> None:
    page.locator('[name="name"]').fill("greeter")
    page.locator('[name="image"]').fill("nginx:1.29")
    page.get_by_role("group", name="Ports it listens on").get_by_label("Port", exact=True).fill("8080")
    page.locator("summary", has_text="Resources").click()
    page.locator('[name="memory_limit"]').fill("64m")
    page.locator("[data-error]", has_text="64Mi").wait_for()


def change_yaml(page: Page) -> None:
    text = page.locator("yaml-editor textarea").input_value().replace("value: info", "value: debug")
    page.locator("yaml-editor .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)
    page.get_by_role("button", name="Show what would change").click()
    page.locator(".yaml-step .diff").wait_for()


def open_by(button: str, dialog: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.get_by_role("button", name=button).click()
        page.locator(dialog).wait_for()

    return do


def explain(page: Page) -> None:
    if page.locator("html").get_attribute("data-explain") != "on":
        page.get_by_role("button", name="Explain mode").click()


def unexplain(page: Page) -> None:
    page.context.clear_cookies(name="explain")


def menu(name: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.get_by_role("button", name=name).click()
        page.locator(":popover-open").wait_for()

    return do


def more(page: Page) -> None:
    page.locator("button[data-more]").click()
    page.locator(".side").wait_for()


def person(page: Page) -> None:
    page.locator("main").get_by_role("link", name="vera").click()
    page.get_by_role("heading", name="Grant", exact=True).wait_for()


def logs_together(page: Page) -> None:
    """From a selection of both platforms; kept by name, with one thing that is not there."""
    host, shop = "demo-host/container/shop", "demo-shop/deployment/shop"
    page.goto(f"/logs/?of={host}/shop-web-1&of={host}/shop-db-1&of={shop}/checkout-api&of={host}/shop-old-1&level=")
    page.locator("log-view li").nth(10).wait_for()
    page.get_by_label("Name of this search").fill("Checkout and its database")
    page.get_by_role("button", name="Keep it").click()
    page.locator(".log-kept li").first.wait_for()
    page.locator("log-view li").nth(10).wait_for()


def job(page: Page) -> None:
    found = page.locator("main a[href^='/jobs/']")
    if found.count():
        found.first.click()
        page.locator("#job").wait_for()
