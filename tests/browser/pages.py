"""Every page and every state of a page that is looked at: by the accessibility tests, and as pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.before_shots import (
    CONTAINER,
    DEPLOYMENT,
    HOST,
    SHOP,
    action,
    change_yaml,
    convert,
    explain,
    fill_in,
    first,
    job,
    keys,
    life,
    logs_together,
    menu,
    menu_action,
    more,
    open_by,
    open_port,
    palette,
    person,
    quick_look,
    roll_out,
    run,
    select,
    unexplain,
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: where it is, what must be there before it is looked at, what is done first, who looks."""

    name: str
    address: str
    ready: str = "main"
    do: Callable[[Page], None] | None = None
    who: str = "ada"  # "" is nobody
    status: int = 200


def _tabs(kind: str, *panels: str) -> list[Shot]:
    address = f"/list/{kind}/?q={_BUSY.get(kind, '')}"
    return [Shot(f"{kind}-{panel}", address, do=first(panel)) for panel in panels]


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
    Shot("home-explained", "/", "#home", do=explain),
    Shot("home-nothing-shared", "/", who="nora"),
    Shot("workloads", "/workloads/", "live-table .rows .r", do=unexplain),
    Shot("workloads-selected", "/workloads/", "live-table .rows .r", do=select),
    Shot("workloads-quick-look", "/workloads/?q=checkout", "live-table .rows .r", do=quick_look),
    Shot("workloads-filters", "/workloads/?status=healthy", "live-table .rows .r", do=menu("Add filter")),
    Shot("workloads-columns", "/workloads/", "live-table .rows .r", do=menu("Columns")),
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
    Shot("deploy", "/deploy/?cluster=demo-shop&namespace=shop", "line-rows .line-row", do=fill_in),
    Shot("yaml-new", f"{SHOP}/yaml/", "yaml-editor .cm-editor"),
    Shot("yaml-edit", f"{SHOP}/yaml/?kind=deployment&key=shop/checkout-api", "yaml-editor .cm-editor", do=change_yaml),
    Shot("yaml-as-viewer", f"{SHOP}/yaml/?kind=deployment&key=shop/checkout-api", "yaml-editor .cm-editor", who="vera"),
    Shot("deployment-as-viewer", DEPLOYMENT, "#panel", who="vera"),
    Shot("dialog-scale", DEPLOYMENT, "#panel", do=action("Scale")),
    Shot("dialog-roll-back", DEPLOYMENT, "#panel", do=action("Roll back")),
    Shot("dialog-port", "/list/pod/?q=checkout", "live-table .rows .r", do=open_port),
    Shot("ports", "/ports/"),
    Shot(
        "ask-registries", "/list/image/", "live-table .rows .r", do=open_by("Ask the registries", "dialog#newer[open]")
    ),
    Shot("create-network", "/list/network/", "live-table .rows .r", do=open_by("Create a network", "dialog#run[open]")),
    Shot("create-volume", "/list/volume/", "live-table .rows .r", do=open_by("Create a volume", "dialog#run[open]")),
    Shot(
        "clean-up",
        f"{HOST}/host/demo-host/?panel=disk",
        "#uses-title",
        do=open_by("Unused volumes", "dialog#clean[open]"),
    ),
    Shot("convert", f"{CONTAINER}shop/shop-db-1/", "#panel", do=convert),
    Shot("ship", "/ship/?image=registry.example/library/nginx:1.29.1", ".ship-targets li"),
    Shot("image-life", "/list/image/?status=healthy", "live-table .rows .r", do=life),
    Shot("roll-out", "/list/image/?status=healthy", "live-table .rows .r", do=roll_out),
    Shot("dialog-stop", f"{CONTAINER}shop/shop-web-1/", "#panel", do=action("Stop")),
    Shot("dialog-remove", f"{CONTAINER}shop/shop-web-1/", "#panel", do=action("Remove")),
    Shot("dialog-down", f"{HOST}/project/shop/", "#panel", do=menu_action("Take down")),
    Shot("dialog-down-volumes", f"{HOST}/project/shop/", "#panel", do=menu_action("Take down with all data")),
    Shot("run", "/list/container/", "live-table .rows .r", do=run),
    Shot("palette", "/", "#home", do=palette("")),
    Shot("palette-found", "/", "#home", do=palette("restart web")),
    Shot("keys", "/", "#home", do=keys),
    Shot("user-menu", "/", "#home", do=menu("Signed in as ada")),
    Shot("more", "/", "#home", do=more),
    Shot("switcher", "/", "#home", do=menu("All clusters")),
    Shot("logs-nothing-chosen", "/logs/"),
    Shot("logs-together", "/workloads/", "live-table .rows .r", do=logs_together),
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
    Shot("job", "/jobs/", do=job),
    Shot("people", "/people/"),
    Shot("person", "/people/", do=person),
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
    Shot("faults-pod", "/list/pod/", do=first("overview")),
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
