"""A real engine and a real cluster beside the page: connected by a click, seen live, acted on, and as the page says afterwards."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.real import find_docker_socket, find_kubeconfig
from tests.server import Server

PageFor = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.kubernetes]


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    """The engine itself, asked past Pilothouse; what a test made is removed."""
    client = docker.DockerClient(base_url=f"unix://{find_docker_socket()}")
    before = {one.id for one in client.containers.list(all=True, filters={"name": "pilothouse-seen"})}
    yield client
    for one in client.containers.list(all=True, filters={"name": "pilothouse-seen"}):
        if one.id not in before:
            one.remove(force=True)
    client.close()


@pytest.fixture
def name() -> str:
    return f"pilothouse-seen-{time.time_ns() % 10**9}"


def kubectl(*arguments: str) -> str:
    command = ["kubectl", "--kubeconfig", str(find_kubeconfig()), "-n", "default", *arguments]
    return subprocess.run(command, text=True, capture_output=True, check=True, timeout=60).stdout


def row(page: Page, name: str) -> Any:
    return page.locator("live-table .rows .r").filter(has=page.get_by_role("link", name=name, exact=True))


def test_what_is_found_is_connected_by_a_click_and_offered_once(real_server: Server, page_for: PageFor) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto("/clusters/connect/")
    offers = page.locator("section", has=page.get_by_role("heading", name="Found on this machine")).locator("li")
    expect(offers.filter(has_text="Connected already")).to_have_count(2)
    page.goto("/")
    expect(page.locator("#home-clusters li")).to_have_count(5)  # with those of the demonstration
    expect(page.locator("#home-clusters")).not_to_contain_text("No answer")


def test_containers_come_change_and_go_by_themselves(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, name: str
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto(f"/list/container/?q={name}")
    expect(page.locator(".tbl-empty")).to_contain_text("Nothing fits")
    made = engine.containers.run("busybox:latest", ["sleep", "300"], detach=True, name=name, init=True)
    expect(row(page, name)).to_contain_text("Running", timeout=3_000)
    made.stop(timeout=0)
    expect(row(page, name)).to_contain_text(re.compile("Stopped|exit|Killed|Failed"), timeout=3_000)
    made.start()
    expect(row(page, name)).to_contain_text("Running", timeout=3_000)
    made.remove(force=True)
    expect(row(page, name)).to_have_count(0, timeout=3_000)


def test_a_container_is_run_as_a_job_from_the_form(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, name: str
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto("/list/container/")
    page.get_by_role("button", name="Run a container").click()
    form = page.locator("dialog#run[open]")
    form.get_by_label("Where").select_option(label="This machine")  # what is typed until its form comes stays
    form.get_by_label("Image").fill("busybox:latest")
    form.get_by_role("textbox", name="Name optional").fill(name)
    form.get_by_role("textbox", name="Command optional").fill("sleep 300")
    variable = form.get_by_role("group", name="Environment", exact=True).locator("input")
    variable.nth(0).fill("COLOUR")
    variable.nth(1).fill("green")
    expect(form.locator("#run-check")).to_contain_text(f"docker run --detach --name {name}")
    form.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/jobs/**")
    expect(page.locator("h1")).to_contain_text("Done", timeout=20_000)
    there = engine.containers.get(name)
    assert there.attrs["Config"]["Cmd"] == ["sleep", "300"]
    assert "COLOUR=green" in there.attrs["Config"]["Env"]
    page.goto("/jobs/")
    expect(page.locator("main")).to_contain_text(name)


def test_stop_and_undo_are_what_the_engine_says_afterwards(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, name: str
) -> None:
    made = engine.containers.run("busybox:latest", ["sleep", "300"], detach=True, name=name, init=True)
    page = page_for("ada", base=real_server.url)
    page.goto(f"/list/container/?q={name}")
    row(page, name).get_by_role("link").click()
    page.locator(".dh-actions").get_by_role("button", name="Stop", exact=True).click()
    page.locator("dialog#confirm").get_by_role("button", name="Stop").click()
    page.locator(".toast").get_by_role("button", name="Undo").wait_for()
    made.reload()
    assert made.status == "exited"
    expect(page.locator("h1")).not_to_contain_text("Running")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_contain_text("Running")
    made.reload()
    assert made.status == "running"


def test_what_takes_long_goes_on_without_its_dialog_and_says_how_it_ended(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, name: str
) -> None:
    made = engine.containers.run("busybox:latest", ["sleep", "300"], detach=True, name=name)  # hears no SIGTERM: 10 s
    page = page_for("ada", base=real_server.url)
    page.goto(f"/list/container/?q={name}")
    row(page, name).get_by_role("link").click()
    page.locator(".dh-actions").get_by_role("button", name="Stop", exact=True).click()
    page.locator("dialog#confirm").get_by_role("button", name="Stop").click()
    under_way = page.locator(".toast").filter(has_text=f"Stop {name}: under way")
    under_way.wait_for(timeout=5_000)
    expect(page.locator("dialog[open]")).to_have_count(0)
    made.reload()
    assert made.status == "running"
    page.locator(".toast").get_by_role("button", name="Undo").wait_for()
    expect(under_way).to_have_count(0)
    expect(page.locator("[data-under-way]")).to_have_count(0)
    made.reload()
    assert made.status == "exited"


def test_what_went_wrong_after_its_dialog_closed_takes_no_other_dialog_away(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, name: str
) -> None:
    made = engine.containers.run("busybox:latest", ["sleep", "300"], detach=True, name=name)
    page = page_for("ada", base=real_server.url)
    page.goto(f"/list/container/?q={name}")
    row(page, name).get_by_role("link").click()
    page.locator(".dh-actions").get_by_role("button", name="Stop", exact=True).click()
    page.locator("dialog#confirm").get_by_role("button", name="Stop").click()
    page.locator(".toast").filter(has_text="under way").wait_for(timeout=5_000)
    page.locator(".dh-actions").get_by_role("button", name="Restart", exact=True).click()
    asked = page.locator("dialog#confirm")
    asked.get_by_role("heading", name="Restart").wait_for()
    made.remove(force=True)
    page.locator(".toast").filter(has_text=re.compile("under way")).wait_for(state="detached")
    expect(page.locator(".toast").first).to_be_visible()
    expect(asked).to_be_visible()


@pytest.fixture
def deployment(name: str) -> Iterator[str]:
    """A deployment of one copy on the real cluster."""
    kubectl("create", "deployment", name, "--image=busybox:latest", "--", "sleep", "300")
    policy = {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "busybox", "imagePullPolicy": "IfNotPresent"}],
    }
    kubectl("patch", "deployment", name, "-p", json.dumps({"spec": {"template": {"spec": policy}}}))
    yield name
    kubectl("delete", "deployment", name, "--wait=false")


def test_a_deployment_is_scaled_and_its_pods_are_seen_to_come(
    real_server: Server, page_for: PageFor, deployment: str
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto(f"/list/deployment/?q={deployment}")
    row(page, deployment).get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("Running", timeout=30_000)
    page.locator(".dh-actions").get_by_role("button", name="Scale", exact=True).click()
    dialog = page.locator("dialog#confirm")
    dialog.get_by_label("Copies", exact=True).fill("3")
    dialog.get_by_role("button", name="Scale", exact=True).click()
    copies = page.get_by_role("group", name="Copies").locator("tbody tr")
    expect(copies).to_have_count(3, timeout=15_000)
    assert kubectl("get", "deployment", deployment, "-o", "jsonpath={.spec.replicas}") == "3"
    expect(copies.filter(has_text="Running")).to_have_count(3, timeout=30_000)
