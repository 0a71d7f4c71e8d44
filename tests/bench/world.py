"""What the measures share: a real server with real clusters, a real browser, and what this machine lacks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.bench.figures import LeftOut
from tests.server import CHROMIUM, CHROMIUM_ARGUMENTS, PASSWORD, Server

ROW = "live-table .rows .r"


def docker_socket() -> str:
    """The path of a real engine's socket. Raises LeftOut."""
    path = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    if not Path(path).is_socket():
        raise LeftOut(f"there is no Docker engine at {path}")
    return path


def kubeconfig() -> Path:
    """The kubeconfig of a real cluster. Raises LeftOut."""
    path = Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    if not path.is_file():
        raise LeftOut(f"there is no kubeconfig at {path}")
    return path


@contextmanager
def server(**clusters: dict[str, Any]) -> Iterator[Server]:
    """A server without the demonstration that is connected to these: name to driver, platform, settings, secret."""
    one = Server("--no-demo")
    one.start()  # makes the database
    one.stop()
    one.add_people()
    for name, cluster in clusters.items():
        one.manage(_connect(name, cluster))
    one.start()
    try:
        yield one
    finally:
        one.stop()
        one.__exit__()


def docker(socket: str = "") -> dict[str, Any]:
    """This machine's engine, or the one behind that socket."""
    return {"driver": "docker", "platform": "docker", "settings": {"address": f"unix://{socket or docker_socket()}"}}


def kubernetes(address: str = "") -> dict[str, Any]:
    """The cluster of the kubeconfig, or the one that answers at that address without asking who we are."""
    settings: dict[str, Any] = {"server": address}
    return {"driver": "kubernetes", "platform": "kubernetes", "settings": settings,
            "kubeconfig": "" if address else str(kubeconfig())}  # fmt: skip


def _connect(name: str, cluster: dict[str, Any]) -> str:
    return f"""
import json, os
from pathlib import Path
from clusters.connect.kubeconfig import read_found
from clusters.connect.secrets import write_secret
from clusters.models import Cluster
given = json.loads({json.dumps(json.dumps(cluster))})
if given.get("kubeconfig"):
    offer = read_found(Path(given["kubeconfig"]))[0]
    given |= {{"settings": dict(offer.settings), "secret": dict(offer.secret)}}
one = Cluster(name="{name}", slug="{name}", driver=given["driver"], platform=given["platform"], settings=given["settings"])
one.save()
write_secret(one, given.get("secret", {{}}))
one.save()
"""


class Window:
    """A Chromium, and tabs in it that are signed in."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._contexts: list[BrowserContext] = []

    @cached_property
    def browser(self) -> Browser:
        """Started when first asked for. Raises LeftOut."""
        if not Path(CHROMIUM).exists():
            raise LeftOut(f"there is no browser at {CHROMIUM}")
        return self._playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)

    def context(self, server: Server) -> BrowserContext:
        """Somebody who has just signed in, with an empty cache."""
        context = self.browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
        self._contexts.append(context)
        page = context.new_page()
        page.goto("/account/login/")
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/account/" not in url)
        page.close()
        return context

    def tab(self, server: Server, address: str = "") -> Page:
        """A tab of its own person, at that address."""
        page = self.context(server).new_page()
        if address:
            page.goto(address)
        return page

    def close(self) -> None:
        """Close the browser, if there is one."""
        if "browser" in self.__dict__:
            self.browser.close()


@contextmanager
def window() -> Iterator[Window]:
    """A browser for one measure."""
    with sync_playwright() as playwright:
        one = Window(playwright)
        try:
            yield one
        finally:
            one.close()


def until(condition: Any, within: float = 30.0, every: float = 0.05) -> None:
    """Wait until it is so. Raises TimeoutError."""
    ends = time.monotonic() + within
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError("what was measured did not happen")
        time.sleep(every)
