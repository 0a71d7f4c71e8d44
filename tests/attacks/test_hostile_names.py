"""Whatever clusters say is text: no script of theirs runs, nothing of the page moves, the policy is never broken."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.attacks.hostile import LINES, SCRIPTS, hostile_engine
from tests.real import find_docker_socket, find_kubeconfig
from tests.server import Server

pytestmark = pytest.mark.browser

WATCH = """
window.__broken = [];
document.addEventListener("securitypolicyviolation", (event) => window.__broken.push(event.violatedDirective + " " + event.blockedURI));
"""
UNHARMED = """() => ({
  ran: window.__p, broken: window.__broken, polluted: ({}).polluted, foreign: document.querySelectorAll("#nav, main img, main script:not([type='application/json']):not([src])").length,
  links: [...document.links].map((a) => a.href).filter((href) => !href.startsWith(location.origin)),
  acted: [...document.querySelectorAll("[hx-post='/x'], [data-hx-get='/x'], [onerror], [onload], [onmouseover]")].length,
  unseen: [document.title, document.body.innerText, ...[...document.querySelectorAll("[title], [aria-label]")].flatMap((one) => [one.title, one.ariaLabel])].filter((text) => /[\\u200b\\u2028-\\u202e\\u2060-\\u206f]/.test(text)),
  frame: ["side", "main", "dialog-host", "toasts"].filter((id) => !document.getElementById(id)),
})"""
NOTHING: dict[str, Any] = {
    "ran": None,
    "polluted": None,
    "broken": [],
    "foreign": 0,
    "links": [],
    "acted": 0,
    "unseen": [],
    "frame": [],
}


def unharmed(page: Page) -> None:
    found: dict[str, Any] = page.evaluate(UNHARMED)
    assert found == NOTHING, page.url


@pytest.fixture
def careful(browser: Browser, signed_in: Callable[..., Any]) -> Iterator[Callable[[Server], Page]]:
    """Ada's tab, which notes every broken policy; it opens nothing outside."""
    contexts = []

    def make(server: Server) -> Page:
        context = browser.new_context(base_url=server.url, storage_state=signed_in(server.url, "ada"))
        context.add_init_script(WATCH)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def hostile_server(browser: Browser, signed_in: Callable[..., Any]) -> Iterator[Server]:
    """A server with one cluster more: an engine all of whose words are hostile, and that refuses everything."""
    with hostile_engine() as address, Server() as one:
        one.add_people()
        context = browser.new_context(base_url=one.url, storage_state=signed_in(one.url, "ada"))
        page = context.new_page()
        page.goto("/clusters/connect/?driver=docker")
        page.get_by_label("Address").fill(address)
        page.get_by_label("Without TLS", exact=True).check()
        page.get_by_label("Name", exact=True).fill(SCRIPTS[0])
        page.get_by_role("button", name="Connect", exact=True).last.click()
        page.wait_for_url(lambda url: "/connect/" not in url)
        expect(page.get_by_role("heading", level=1)).to_contain_text(SCRIPTS[0])
        context.close()
        yield one


def slug_of(server: Server) -> str:
    return server.manage(
        "from clusters.models import Cluster; print(Cluster.objects.exclude(driver='demo').get().slug)"
    ).strip()


def hrefs(page: Page, server: Server) -> list[str]:
    page.goto(f"/list/container/?cluster={slug_of(server)}")
    expect(page.locator("live-table .rows .r")).to_have_count(len(SCRIPTS))
    links = page.locator('live-table .rows [data-part="link"]')
    found = [str(links.nth(number).get_attribute("href")) for number in range(links.count())]
    return [href for href in found if "%0A" not in href]  # a name of two lines has no page, but stands in the lists


def test_lists_and_home_show_hostile_names_as_text(hostile_server: Server, careful: Callable[[Server], Page]) -> None:
    page = careful(hostile_server)
    slug = slug_of(hostile_server)
    for address in (
        "/",
        "/workloads/",
        "/activity/",
        "/audit/",
        "/people/",
        f"/clusters/{slug}/",
        f"/clusters/{slug}/edit/",
        "/jobs/",
    ):
        page.goto(address)
        page.locator("main").wait_for()
        page.wait_for_timeout(150)
        unharmed(page)
    assert len(hrefs(page, hostile_server)) == len(SCRIPTS) - 1
    expect(page.locator("live-table")).to_contain_text('"><img src=x onerror=__p=1>')
    page.get_by_role("button", name="Add filter").click()
    page.locator("#table-filters").wait_for()
    unharmed(page)


def test_every_tab_of_a_hostile_container_is_inert(hostile_server: Server, careful: Callable[[Server], Page]) -> None:
    page = careful(hostile_server)
    for href in hrefs(page, hostile_server):
        for panel in ("overview", "checks", "raw"):
            answer = page.goto(f"{href}?panel={panel}")
            assert answer is not None
            assert answer.status == 200, f"{href} {panel}"
            unharmed(page)


@pytest.mark.parametrize("kind", ["image", "network", "volume", "project", "host"])
def test_lists_pages_and_clean_up_of_what_is_on_a_hostile_host_are_inert(
    hostile_server: Server, careful: Callable[[Server], Page], kind: str
) -> None:
    page, slug = careful(hostile_server), slug_of(hostile_server)
    page.goto(f"/list/{kind}/?cluster={slug}")
    page.locator("live-table .rows .r").first.wait_for()
    unharmed(page)
    links = page.locator('live-table .rows [data-part="link"]')
    found = [str(links.nth(number).get_attribute("href")) for number in range(links.count())]
    for href in [one for one in found if "%0A" not in one][:20]:
        for panel in ("overview", "layers", "disk", "size", "logs"):
            answer = page.goto(f"{href}?panel={panel}")
            assert answer is not None
            assert answer.status == 200, f"{href} {panel}"
            unharmed(page)
    if kind != "host":
        return
    page.goto(f"{found[0]}?panel=disk")
    for cleaner in ("Unused volumes", "Unused images", "Unused networks", "Build cache"):
        page.get_by_role("button", name=cleaner).click()
        page.locator("dialog#clean[open]").wait_for()
        page.wait_for_timeout(200)
        unharmed(page)
        page.locator("dialog#clean [data-close]").click()


def test_hostile_log_lines_are_inert_and_shown(hostile_server: Server, careful: Callable[[Server], Page]) -> None:
    page = careful(hostile_server)
    page.goto(f"{hrefs(page, hostile_server)[0]}?panel=logs")
    lines = page.locator("log-view li:not(.ours):not(.gap)")
    expect(lines).to_have_count(len(LINES))
    title = page.title()
    unharmed(page)
    assert title.endswith("Pilothouse")
    shown = page.locator("log-view").inner_text()
    assert "<img src=x onerror=__p=1>" in shown
    assert not any(letter in shown for letter in "\x1b\x00\x07\x08\u202e\u2066")


def test_dialogs_toasts_palette_and_quick_look_are_inert(
    hostile_server: Server, careful: Callable[[Server], Page]
) -> None:
    page = careful(hostile_server)
    for href in hrefs(page, hostile_server)[:6]:
        page.goto(href)
        page.locator(".dh-actions").get_by_role("button", name="Remove").click()
        dialog = page.locator("dialog#confirm[open]")
        unharmed(page)
        dialog.locator("[type=submit]").click()
        expect(page.locator("dialog#confirm[open] [data-error], .toast").first).to_be_visible()
        unharmed(page)
    page.goto("/workloads/?sort=-name")
    page.locator("live-table .rows .r").filter(has_text="onerror").first.locator('[data-cell="status"]').click()
    page.locator("#look h1").wait_for()
    unharmed(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").fill("onerror")
    page.get_by_role("option").first.wait_for()
    unharmed(page)


def test_names_that_pass_for_others_are_told_apart_before_something_is_removed(
    hostile_server: Server, careful: Callable[[Server], Page]
) -> None:
    page = careful(hostile_server)
    told = []
    for href in hrefs(page, hostile_server):
        page.goto(href)
        page.locator(".dh-actions").get_by_role("button", name="Remove").click()
        said = page.locator("dialog#confirm .effects").inner_text()
        told += [name for name in ("\\u202etxt.exe", "\\u200bp\\u0430yments", "line\\u2028break") if name in said]
        page.keyboard.press("Escape")
    assert len(told) == 3


def test_a_cluster_whose_name_turns_text_around_cannot_pass_for_another(
    hostile_server: Server, careful: Callable[[Server], Page]
) -> None:
    """Of the demonstration, on every page that names it: headings, titles, breadcrumbs, dialogs, audit, activity."""
    page = careful(hostile_server)
    page.goto("/clusters/demo-shop/edit/")
    page.get_by_label("Name", exact=True).fill("Demo \u202epohs\u202c \u2066x")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(lambda url: "/edit/" not in url)
    for address in (
        "/clusters/demo-shop/",
        "/clusters/demo-shop/edit/",
        "/clusters/demo-shop/deployment/shop/web/",
        "/clusters/demo-shop/deployment/shop/web/?panel=logs",
        "/?cluster=demo-shop",
        "/workloads/?cluster=demo-shop",
        "/activity/",
        "/audit/",
        "/people/",
        "/demo/",
    ):
        page.goto(address)
        page.locator('live-pill[data-state="live"]').wait_for()
        page.wait_for_timeout(150)
        unharmed(page)
    expect(page.locator(".side")).to_contain_text("Demo \ufffdpohs")
    page.goto("/clusters/demo-shop/edit/")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Demo \u202epohs\u202c \u2066x")


@pytest.fixture
def hostile_container() -> Iterator[str]:
    """A real container with every hostile word that the engine accepts."""
    client = docker.DockerClient(base_url=f"unix://{find_docker_socket()}")
    labels = {text: text for text in SCRIPTS} | {"pilothouse.test": "1"}
    lines = json.dumps("\n".join(LINES).replace("\x00", ""))
    made = client.containers.run(
        "busybox:latest", ["sh", "-c", f"printf '%b\\n' {lines!r}; echo '{SCRIPTS[1].replace(chr(39), chr(34))}'; sleep 300"],
        detach=True, name=f"pilothouse-hostile-{time.time_ns() % 10**8}", labels=labels, init=True,
        environment=[f"A{number}={text}" for number, text in enumerate(SCRIPTS)],
    )  # fmt: skip
    yield str(made.name)
    made.remove(force=True)
    client.close()


@pytest.mark.docker
@pytest.mark.kubernetes
def test_a_real_engine_with_hostile_labels_and_lines(
    real_server: Server, careful: Callable[[Server], Page], hostile_container: str
) -> None:
    page = careful(real_server)
    page.goto(f"/list/container/?q={hostile_container}")
    page.locator("live-table .rows").get_by_role("link", name=hostile_container).click()
    for panel, shown in (("overview", SCRIPTS[0]), ("logs", "onload=__p=1"), ("raw", "</script>")):
        page.goto(f"{page.url.partition('?')[0]}?panel={panel}")
        expect(page.locator("#panel")).to_contain_text(shown)
        unharmed(page)


@pytest.fixture
def hostile_pod() -> Iterator[str]:
    """A pod of a real cluster, and an event about it, as hostile as the cluster lets them be."""
    name = f"pilothouse-hostile-{time.time_ns() % 10**8}"
    kubectl = ["kubectl", "--kubeconfig", str(find_kubeconfig()), "-n", "default"]
    notes = {f"pilothouse.test/a{number}": text for number, text in enumerate(SCRIPTS)}
    about = {"kind": "Pod", "namespace": "default", "name": name, "apiVersion": "v1"}
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"pilothouse.test": "1"}, "annotations": notes},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{
            "name": "main", "image": "busybox:latest", "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", f"echo '{LINES[1]}'; sleep 300"], "env": [{"name": "A", "value": SCRIPTS[0]}],
        }]},
    }  # fmt: skip
    subprocess.run([*kubectl, "apply", "-f", "-"], input=json.dumps(pod), text=True, check=True, capture_output=True)
    uid = subprocess.run(
        [*kubectl, "get", "pod", name, "-o", "jsonpath={.metadata.uid}"], text=True, check=True, capture_output=True
    ).stdout
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.1"}, "involvedObject": about | {"uid": uid},
        "reason": "<img src=x onerror=__p=1>", "message": " ".join(SCRIPTS), "type": "Warning",
        "firstTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "source": {"component": SCRIPTS[0]},
    }  # fmt: skip
    subprocess.run([*kubectl, "create", "-f", "-"], input=json.dumps(event), text=True, check=True, capture_output=True)
    condition = {
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Hostile", "message": SCRIPTS[0]}]}
    }
    subprocess.run(
        [*kubectl, "patch", "pod", name, "--subresource=status", "-p", json.dumps(condition)],
        check=True,
        capture_output=True,
    )
    yield name
    subprocess.run([*kubectl, "delete", "pod", name, "--wait=false"], check=False, capture_output=True)


@pytest.mark.docker
@pytest.mark.kubernetes
def test_a_real_cluster_with_hostile_annotations_and_events(
    real_server: Server, careful: Callable[[Server], Page], hostile_pod: str
) -> None:
    page = careful(real_server)
    page.goto(f"/list/pod/?q={hostile_pod}")
    page.locator("live-table .rows").get_by_role("link", name=hostile_pod).click()
    for panel, shown in (
        ("overview", "A"),
        ("events", "onerror=__p=1"),
        ("conditions", "Ready"),
        ("yaml", "onerror=__p=1"),
        ("logs", "onerror=__p=1"),
    ):
        page.goto(f"{page.url.partition('?')[0]}?panel={panel}")
        expect(page.locator("#panel")).to_contain_text(shown)
        unharmed(page)
