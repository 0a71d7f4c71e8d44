"""Logs of several real containers as one, on a page that outlives them; and a file on its way into one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.real import find_docker_socket
from tests.server import Server

PageFor = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.kubernetes]
SAYS = ["sh", "-c", "trap exit TERM; i=0; while :; do i=$((i+1)); echo $NAME says $i; sleep 0.2; done"]


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=f"unix://{find_docker_socket()}")
    yield client
    client.close()


@pytest.fixture
def names(engine: docker.DockerClient) -> Iterator[tuple[str, str]]:
    """Two containers that talk; whatever has their names afterwards is removed."""
    mark = f"pilothouse-talks-{time.time_ns() % 10**9}"
    both = (f"{mark}-one", f"{mark}-two")
    for name in both:
        begin(engine, name, name[-3:])
    yield both
    for one in engine.containers.list(all=True, filters={"name": mark}):
        one.remove(force=True)


def begin(engine: docker.DockerClient, name: str, says: str) -> None:
    engine.containers.run("busybox:latest", SAYS, detach=True, name=name, environment={"NAME": says})


def test_the_logs_of_a_selection_are_one_page_that_goes_on_when_a_container_is_made_again(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, names: tuple[str, str]
) -> None:
    page = page_for("ada", base=real_server.url)
    page.goto(f"/list/container/?q={names[0][:-4]}")
    expect(page.locator("live-table .rows .r")).to_have_count(2)
    page.locator("live-table .head input[type=checkbox]").click()
    page.get_by_role("toolbar", name="Selected rows").get_by_role("button", name="Logs of 2").click()
    page.wait_for_url("**/logs/?of=**")
    lines = page.locator("log-view .log-blocks")
    expect(lines).to_contain_text("one says")
    expect(lines).to_contain_text("two says")
    page.locator("log-view select").filter(has_text="All 2 containers").select_option(label=names[1])
    page.wait_for_url(f"**source=*{names[1]}*")  # by name: the address outlives the container
    expect(lines).not_to_contain_text("one says")
    expect(lines).to_contain_text("two says")
    engine.containers.get(names[1]).remove(force=True)
    begin(engine, names[1], "newtwo")
    expect(lines).to_contain_text("was made again: this is a new one", timeout=10_000)
    expect(lines).to_contain_text("newtwo says", timeout=10_000)
    page.reload()
    expect(page.locator("log-view .log-blocks")).to_contain_text("newtwo says")
    expect(page.locator("log-view .log-blocks")).not_to_contain_text("one says")


def test_a_file_is_sent_into_a_container(
    real_server: Server, page_for: PageFor, engine: docker.DockerClient, names: tuple[str, str], tmp_path: Path
) -> None:
    given = tmp_path / "note.txt"
    given.write_text("from the browser\n")
    page = page_for("ada", base=real_server.url)
    page.goto(f"/clusters/this-machine/container/{names[0]}/?panel=files")
    page.locator("#files").get_by_label("Path").fill("/tmp")
    page.locator("#files").get_by_role("button", name="Go").click()
    expect(page.locator("#files .crumbs")).to_contain_text("tmp")
    page.locator("#files-file").set_input_files(given)
    page.locator("#files").get_by_role("button", name="Upload").click()
    expect(page.locator("#files")).to_contain_text("note.txt is in /tmp")
    page.locator("#files").get_by_role("link", name="note.txt").click()
    expect(page.locator("#files pre")).to_contain_text("from the browser")
    code, said = engine.containers.get(names[0]).exec_run(["cat", "/tmp/note.txt"])
    assert (code, said) == (0, b"from the browser\n")
