"""Every page and every state of a page that is looked at: by the accessibility tests, and as pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

SHOP, HOST = "/clusters/demo-shop", "/clusters/demo-host"
DEPLOYMENT = f"{SHOP}/deployment/shop/checkout-api/"
CONTAINER = f"{HOST}/container/"


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: where it is, what must be there before it is looked at, what is done first, who looks."""

    name: str
    address: str
    ready: str = "main"
    do: Callable[[Page], None] | None = None
    who: str = "ada"  # "" is nobody
    status: int = 200


def _rows(page: Page) -> None:
    page.locator("live-table .rows .r").first.wait_for()


def _quick_look(page: Page) -> None:
    row = page.locator("live-table .rows .r").filter(has_text="checkout-api").first
    row.locator('[data-cell="status"]').click()
    page.locator("#look h1").wait_for()


def _select(page: Page) -> None:
    for number in range(3):
        page.locator("live-table .rows .r input").nth(number).check()
    page.get_by_role("toolbar", name="Selected rows").wait_for()


def _action(label: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.locator(".dh-actions").get_by_role("button", name=label, exact=True).click()
        page.locator("dialog#confirm[open]").wait_for()

    return do


def _menu_action(label: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.locator(".dh-actions").get_by_role("button", name="More", exact=True).click()
        page.locator("#more-actions").get_by_role("button", name=label, exact=True).click()
        page.locator("dialog#confirm[open]").wait_for()

    return do


def _open_port(page: Page) -> None:
    _first("overview")(page)
    _action("Open port")(page)


def _first(panel: str) -> Callable[[Page], None]:
    """Goes on from a list to the page of its first row, at one of its tabs."""

    def do(page: Page) -> None:
        _rows(page)
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


def _palette(words: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Search or jump to").fill(words)
        page.get_by_role("option").first.wait_for()
        if words:
            expect(page.get_by_role("option").filter(has_text=words.split()[-1]).first).to_be_visible()

    return do


def _keys(page: Page) -> None:
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()


def _convert(page: Page) -> None:
    page.locator(".dh-actions").get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Convert to Swarm or Kubernetes").click()
    page.locator("#convert-text-kubernetes").wait_for()


def _life(page: Page) -> None:
    _first("life")(page)
    page.locator("#life-runs").wait_for()


def _roll_out(page: Page) -> None:
    _life(page)
    page.get_by_role("link", name="Roll out").click()
    page.locator(".roll-out li").first.wait_for()


def _run(page: Page) -> None:
    page.get_by_role("button", name="Run a container").click()
    page.locator("dialog#run[open]").wait_for()


def _fill_in(page: Page) -> None:
    page.locator('[name="name"]').fill("greeter")
    page.locator('[name="image"]').fill("nginx:1.29")
    page.get_by_role("group", name="Ports it listens on").get_by_label("Port", exact=True).fill("8080")
    page.locator("summary", has_text="Resources").click()
    page.locator('[name="memory_limit"]').fill("64m")
    page.locator("[data-error]", has_text="64Mi").wait_for()


def _change_yaml(page: Page) -> None:
    text = page.locator("yaml-editor textarea").input_value().replace("value: info", "value: debug")
    page.locator("yaml-editor .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)
    page.get_by_role("button", name="Show what would change").click()
    page.locator(".yaml-step .diff").wait_for()


def _open(button: str, dialog: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.get_by_role("button", name=button).click()
        page.locator(dialog).wait_for()

    return do


def _explain(page: Page) -> None:
    if page.locator("html").get_attribute("data-explain") != "on":
        page.get_by_role("button", name="Explain mode").click()


def _unexplain(page: Page) -> None:
    page.context.clear_cookies(name="explain")


def _menu(name: str) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        page.get_by_role("button", name=name).click()
        page.locator(":popover-open").wait_for()

    return do


def _more(page: Page) -> None:
    page.locator("button[data-more]").click()
    page.locator(".side").wait_for()


def _person(page: Page) -> None:
    page.locator("main").get_by_role("link", name="vera").click()
    page.get_by_role("heading", name="Grant", exact=True).wait_for()


def _logs_together(page: Page) -> None:
    """From a selection of both platforms; kept by name, with one thing that is not there."""
    host, shop = "demo-host/container/shop", "demo-shop/deployment/shop"
    page.goto(f"/logs/?of={host}/shop-web-1&of={host}/shop-db-1&of={shop}/checkout-api&of={host}/shop-old-1&level=")
    page.locator("log-view li").nth(10).wait_for()
    page.get_by_label("Name of this search").fill("Checkout and its database")
    page.get_by_role("button", name="Keep it").click()
    page.locator(".log-kept li").first.wait_for()
    page.locator("log-view li").nth(10).wait_for()


def _job(page: Page) -> None:
    found = page.locator("main a[href^='/jobs/']")
    if found.count():
        found.first.click()
        page.locator("#job").wait_for()


def _tabs(kind: str, *panels: str) -> list[Shot]:
    address = f"/list/{kind}/?q={_BUSY.get(kind, '')}"
    return [Shot(f"{kind}-{panel}", address, do=_first(panel)) for panel in panels]


# What to look for in a list, so that its first row is one with something to show.
_BUSY = {
    "deployment": "checkout",
    "pod": "checkout",
    "container": "shop-web",
    "node": "oak",
    "volume": "shop_db",
    "network": "shop",
    "image": "shop",
    "project": "shop",
    "host": "",
}

WIDE_ONLY = {"switcher", "keys"}  # what a phone has no room or no keyboard for
# Made of the same parts as another one: pictured, and not looked at by axe once more.
ALIKE = {
    "list-deployment", "list-host", "list-network", "list-node", "list-replica-set", "list-volume", "home-scoped",
    "pod-conditions", "pod-events", "pod-logs", "pod-yaml", "container-logs", "container-terminal", "project-logs",
    "project-usage", "host-raw", "image-raw", "network-raw", "volume-raw", "volume-overview", "faults-pod",
    "faults-workloads",
}  # fmt: skip
NARROW_ONLY = {"more"}
_LISTS = ("project", "container", "network", "volume", "image", "host", "deployment", "pod", "replica-set", "node")

PAGES: tuple[Shot, ...] = (
    Shot("sign-in", "/account/login/", who=""),
    Shot("home", "/", "#home"),
    Shot("home-explained", "/", "#home", do=_explain),
    Shot("home-nothing-shared", "/", who="nora"),
    Shot("workloads", "/workloads/", "live-table .rows .r", do=_unexplain),
    Shot("workloads-selected", "/workloads/", "live-table .rows .r", do=_select),
    Shot("workloads-quick-look", "/workloads/?q=checkout", "live-table .rows .r", do=_quick_look),
    Shot("workloads-filters", "/workloads/?status=healthy", "live-table .rows .r", do=_menu("Add filter")),
    Shot("workloads-columns", "/workloads/", "live-table .rows .r", do=_menu("Columns")),
    Shot("workloads-scoped", "/workloads/?cluster=demo-shop", "live-table .rows .r"),
    Shot("home-scoped", "/?cluster=demo-host", "#home"),
    Shot("workloads-nothing-fits", "/workloads/?q=nothing-is-called-so", ".tbl-empty"),
    Shot("workloads-as-viewer", "/workloads/", "live-table .rows .r", who="vera"),
    *(Shot(f"list-{name}", f"/list/{name}/", "live-table .rows .r") for name in _LISTS),
    *_tabs("deployment", "overview", "layers", "logs", "terminal", "conditions", "events", "yaml"),
    *_tabs("pod", "overview", "logs", "files", "conditions", "events", "yaml"),
    *_tabs("container", "overview", "logs", "terminal", "usage", "processes", "files", "changes", "checks", "history"),
    *_tabs("container", "again", "raw"),
    *_tabs("network", "overview", "raw"),
    *_tabs("image", "overview", "layers", "raw"),
    *_tabs("project", "overview", "images", "usage", "logs"),
    *_tabs("host", "overview", "disk", "raw"),
    *_tabs("volume", "overview", "size", "raw"),
    *_tabs("node", "overview"),
    Shot("deploy", "/deploy/?cluster=demo-shop&namespace=shop", "line-rows .line-row", do=_fill_in),
    Shot("yaml-new", f"{SHOP}/yaml/", "yaml-editor .cm-editor"),
    Shot("yaml-edit", f"{SHOP}/yaml/?kind=deployment&key=shop/checkout-api", "yaml-editor .cm-editor", do=_change_yaml),
    Shot("yaml-as-viewer", f"{SHOP}/yaml/?kind=deployment&key=shop/checkout-api", "yaml-editor .cm-editor", who="vera"),
    Shot("deployment-as-viewer", DEPLOYMENT, "#panel", who="vera"),
    Shot("dialog-scale", DEPLOYMENT, "#panel", do=_action("Scale")),
    Shot("dialog-roll-back", DEPLOYMENT, "#panel", do=_action("Roll back")),
    Shot("dialog-port", "/list/pod/?q=checkout", "live-table .rows .r", do=_open_port),
    Shot("ports", "/ports/"),
    Shot("load-image", "/list/image/", "live-table .rows .r", do=_open("Load from a file", "dialog#load[open]")),
    Shot("ask-registries", "/list/image/", "live-table .rows .r", do=_open("Ask the registries", "dialog#newer[open]")),
    Shot("create-network", "/list/network/", "live-table .rows .r", do=_open("Create a network", "dialog#run[open]")),
    Shot("create-volume", "/list/volume/", "live-table .rows .r", do=_open("Create a volume", "dialog#run[open]")),
    Shot(
        "clean-up",
        f"{HOST}/host/demo-host/?panel=disk",
        "#uses-title",
        do=_open("Unused volumes", "dialog#clean[open]"),
    ),
    Shot("convert", f"{CONTAINER}shop/shop-db-1/", "#panel", do=_convert),
    Shot("ship", "/ship/?image=registry.example/library/nginx:1.29.1", ".ship-targets li"),
    Shot("image-life", "/list/image/?status=healthy", "live-table .rows .r", do=_life),
    Shot("roll-out", "/list/image/?status=healthy", "live-table .rows .r", do=_roll_out),
    Shot("dialog-stop", f"{CONTAINER}shop/shop-web-1/", "#panel", do=_action("Stop")),
    Shot("dialog-remove", f"{CONTAINER}shop/shop-web-1/", "#panel", do=_action("Remove")),
    Shot("dialog-down", f"{HOST}/project/shop/", "#panel", do=_menu_action("Take down")),
    Shot("dialog-down-volumes", f"{HOST}/project/shop/", "#panel", do=_menu_action("Take down with all data")),
    Shot("run", "/list/container/", "live-table .rows .r", do=_run),
    Shot("palette", "/", "#home", do=_palette("")),
    Shot("palette-found", "/", "#home", do=_palette("restart web")),
    Shot("keys", "/", "#home", do=_keys),
    Shot("user-menu", "/", "#home", do=_menu("Signed in as ada")),
    Shot("more", "/", "#home", do=_more),
    Shot("switcher", "/", "#home", do=_menu("All clusters")),
    Shot("logs-nothing-chosen", "/logs/"),
    Shot("logs-together", "/workloads/", "live-table .rows .r", do=_logs_together),
    Shot("service-without-a-swarm", "/services/new/"),
    Shot("run-page", "/run/container/?image=nginx:1.29"),
    Shot("connect", "/clusters/connect/"),
    Shot("connect-kubernetes", "/clusters/connect/?driver=kubernetes"),
    Shot("connect-demo", "/clusters/connect/?driver=demo"),
    Shot("cluster", f"{SHOP}/"),
    Shot("cluster-host", f"{HOST}/"),
    Shot("cluster-settings", f"{SHOP}/edit/"),
    Shot("builds", "/builds/"),
    Shot("build-new", "/builds/new/"),
    Shot("compose", "/compose/"),
    Shot("compose-from-git", "/compose/source/"),
    Shot("registries", "/registries/"),
    Shot("registry-add", "/registries/add/"),
    Shot("image-search", "/registries/search/"),
    Shot("demo", "/demo/"),
    Shot("activity", "/activity/"),
    Shot("jobs", "/jobs/"),
    Shot("job", "/jobs/", do=_job),
    Shot("people", "/people/"),
    Shot("person", "/people/", do=_person),
    Shot("audit", "/audit/"),
    Shot("account", "/account/2fa/"),
    Shot("password", "/account/password/change/"),
    Shot("patterns", "/patterns/", "live-table .rows .r"),
    Shot("not-found", "/nothing/here/", status=404),
)

# With faults switched on in the demonstration (``tests.browser.faults``).
BROKEN: tuple[Shot, ...] = (
    Shot("faults-home", "/", "#home .triage"),
    Shot("faults-workloads", "/workloads/", "live-table .rows .r"),
    Shot("faults-deployment", DEPLOYMENT, "#panel"),
    Shot("faults-pod", "/list/pod/", do=_first("overview")),
    Shot("faults-demo", "/demo/"),
    Shot("faults-cluster-silent", f"{HOST}/"),
    Shot("faults-list-silent", "/list/container/", "live-table .rows .r[data-stale]"),
)


def open_shot(page: Page, shot: Shot) -> None:
    """Go there, do what is to be done, and wait until it stands still."""
    answer = page.goto(shot.address)
    assert answer is not None
    assert answer.status == shot.status, f"{shot.address}: {answer.status}"
    page.locator(shot.ready).first.wait_for()
    if shot.do:
        shot.do(page)
    if shot.who:
        page.locator('live-pill[data-state="live"], body.bare').first.wait_for(state="attached", timeout=30_000)
