"""Building in a real browser on a real engine: written in the editor, seen step by step, found again after a reload."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.real import find_docker_socket
from tests.server import Server

PageFor = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.kubernetes]


@pytest.fixture
def tag() -> Iterator[str]:
    name = f"pilothouse-build/browser-{secrets.token_hex(4)}:1"
    yield name
    client = docker.DockerClient(base_url=f"unix://{find_docker_socket()}")
    for image in client.images.list(name=name):
        client.images.remove(image.id, force=True)
    client.close()


def write(page: Page, tag: str, *lines: str) -> None:
    """Type a Dockerfile and begin the build."""
    page.goto("/builds/new/")
    page.get_by_label("Name of the image").fill(tag)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    for line in lines:
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    expect(page.locator("#build-check")).to_contain_text(f"docker build --tag {tag} - < Dockerfile")
    page.get_by_role("button", name="Build", exact=True).click()
    page.wait_for_url(lambda url: "/builds/new/" not in url)


def test_a_build_is_seen_step_by_step_and_found_again_after_a_reload(
    real_server: Server, page_for: PageFor, tag: str
) -> None:
    page = page_for("ada", base=real_server.url)
    refused: list[str] = []
    page.on("console", lambda one: refused.append(one.text) if "Content Security Policy" in one.text else None)
    write(page, tag, "FROM busybox", f"RUN for i in 1 2 3 4 5 6; do echo line-$i {secrets.token_hex(3)}; sleep 1; done")
    step = page.locator(".step", has_text="RUN for i")
    expect(step).to_have_attribute("data-state", "running", timeout=30_000)
    expect(step.locator(".step-output"), "what runs shows what it prints").to_be_visible()
    expect(step.locator(".step-output")).to_contain_text("line-2", timeout=30_000)
    page.reload()
    expect(step).to_have_attribute("data-state", "running")
    expect(step.locator(".step-output")).to_be_visible()
    expect(page.locator("#build-head")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(step.locator(".step-output"), "and is closed when it is done").to_be_hidden()
    step.locator("summary").click()
    expect(step.locator(".step-output")).to_contain_text("line-6")
    expect(step.locator('[data-part="line"]')).to_have_text("line 2")
    assert refused == []


def test_what_failed_stands_first_and_its_line_is_marked_when_it_is_changed(
    real_server: Server, page_for: PageFor, tag: str
) -> None:
    page = page_for("ada", base=real_server.url)
    write(page, tag, "FROM busybox", "# look", "RUN echo '<img src=x onerror=alert(1)>'; exit 4")
    expect(page.locator("#build-head")).to_have_attribute("data-state", "failed", timeout=60_000)
    first = page.locator(".step").first
    expect(first).to_have_attribute("data-state", "failed")
    expect(first.locator(".step-output")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator(".excerpt .wrong")).to_contain_text("exit 4")
    page.get_by_role("link", name="Change and build again").click()
    expect(page.locator(".cm-line.wrong-line")).to_contain_text("exit 4")


def test_cancel_says_that_it_was_cancelled(real_server: Server, page_for: PageFor, tag: str) -> None:
    page = page_for("ada", base=real_server.url)
    write(page, tag, "FROM busybox", f"RUN sleep 600 # {secrets.token_hex(4)}")
    expect(page.locator(".step", has_text="RUN sleep")).to_have_attribute("data-state", "running", timeout=30_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#build-head")).to_have_attribute("data-state", "cancelled", timeout=30_000)
    expect(page.locator(".step", has_text="RUN sleep")).to_have_attribute("data-state", "cancelled")


def test_a_git_address_takes_the_place_of_the_editor_and_what_is_wrong_with_it_is_said(
    real_server: Server, page_for: PageFor, tag: str
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto("/builds/new/")
    page.get_by_label("Name of the image").fill(tag)
    page.get_by_text("From git").click()
    expect(page.locator(".cm-content")).to_be_hidden()
    address = page.get_by_label("Address of the repository")
    address.fill("git://git.example.com/shop.git")
    expect(page.locator("#build-check")).to_contain_text("Only https:// addresses are fetched")
    address.fill("https://localhost/shop.git#main:web")
    expect(page.locator("#build-check")).to_contain_text(f"docker build --tag {tag}")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("#build-head")).to_have_attribute("data-state", "failed", timeout=30_000)
    expect(page.locator("#build-head")).to_contain_text("private network")
    expect(page.locator(".step").first).to_contain_text("Fetch https://localhost/shop.git#main:web")
    page.get_by_role("link", name="Change and build again").click()
    expect(address).to_have_value("https://localhost/shop.git#main:web")
