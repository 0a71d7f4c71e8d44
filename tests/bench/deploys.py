"""Ten services deployed with a click, and the same text by the programs themselves: how much longer the click takes.

Both begin with nothing of them there, in turns, so that what else the machine does falls on both. The click is that on
*Deploy*, after what would happen was shown. A project is up when its program is done, and for the click when its job says
that everything was started, and goes on to watch whether it stays up; a stack, for both, when the Swarm runs a copy of each service: its program does not wait for that.
"""

from __future__ import annotations

import json
import secrets
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from tests.bench import world
from tests.bench.containers import IMAGE, Engine
from tests.bench.figures import Figure, LeftOut, at_most, seconds

SERVICES, TIMES = 10, 5
ADDED = 2.0  # seconds at most
PATIENCE = 120_000  # milliseconds


def measure() -> Iterator[Figure]:
    """A project on one host; and a stack, where that engine manages a Swarm."""
    socket = world.docker_socket()
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        raise LeftOut("there is no docker compose")
    engine = Engine(socket)
    manages = bool(engine.call("GET", "/info")["Swarm"].get("ControlAvailable"))
    connected = {**world.docker(), "platform": "swarm" if manages else "docker"}
    with world.server(engine=connected) as server, world.window() as window:
        page = window.tab(server)
        up = ("compose", "--file", "-", "--project-name")
        yield from _compared(
            "project", lambda name: _click(page, "compose", name, PROJECT),
            lambda name: _program(socket, (*up, name, "up", "--detach"), PROJECT),
            lambda name: _program(socket, (*up, name, "down", "--timeout", "0"), PROJECT),
        )  # fmt: skip
        if not manages:
            yield Figure(what="a stack of ten services", measured="left out", target="the engine manages no Swarm")
            return
        deploy = ("stack", "deploy", "--compose-file", "-", "--detach=true")
        yield from _compared(
            "stack", lambda name: _click(page, "stacks", name, STACK, lambda: _all_run(engine, name)),
            lambda name: _program(socket, (*deploy, name), STACK, lambda: _all_run(engine, name)),
            lambda name: _removed(engine, socket, name),
        )  # fmt: skip


def _text(more: str) -> str:
    one = f"image: {IMAGE}\n    command: sleep 100000\n    stop_signal: SIGKILL\n{more}"
    return "services:\n" + "".join(f"  s{number}:\n    {one}" for number in range(SERVICES))


PROJECT = _text("")
STACK = _text("    deploy:\n      endpoint_mode: dnsrr\n")


def _compared(
    what: str, ours: Callable[[str], float], theirs: Callable[[str], float], away: Callable[[str], object]
) -> Iterator[Figure]:
    took: dict[str, list[float]] = {"click": [], "program": []}
    for _ in range(TIMES):
        for who, deploy in (("click", ours), ("program", theirs)):
            name = f"bench-{secrets.token_hex(3)}"
            try:
                took[who].append(deploy(name))
            finally:
                away(name)
    click, program = (statistics.median(one) for one in took.values())
    yield Figure(what=f"a {what} of {SERVICES} services, by its program", measured=seconds(program))
    yield Figure(what="the same by a click", measured=seconds(click))
    yield at_most(f"what a click adds to deploying a {what} of {SERVICES} services", click - program, ADDED, seconds)


def _click(page: Page, where: str, name: str, text: str, is_up: Callable[[], bool] | None = None) -> float:
    page.goto(f"/{where}/")
    page.get_by_label("Name", exact=True).fill(name)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.get_by_role("button", name="Show what would happen").click()
    deploy = page.get_by_role("button", name="Deploy", exact=True)
    deploy.wait_for(timeout=PATIENCE)
    began = time.perf_counter()
    deploy.click()
    if is_up:
        world.until(is_up, within=PATIENCE / 1000)
    else:
        page.get_by_text("Does it stay up?").wait_for(timeout=PATIENCE)
    took = time.perf_counter() - began
    page.locator('#job:not([data-state="running"])').wait_for(timeout=PATIENCE)
    if page.locator("#job").get_attribute("data-state") != "done":
        raise RuntimeError(page.locator("#job").inner_text())
    return took


def _program(socket: str, words: Sequence[str], text: str, is_up: Callable[[], bool] | None = None) -> float:
    began = time.perf_counter()
    command = ["docker", "-H", f"unix://{socket}", *words]
    subprocess.run(command, input=text, text=True, capture_output=True, check=True)
    if is_up:
        world.until(is_up, within=PATIENCE / 1000)
    return time.perf_counter() - began


def _of_stack(engine: Engine, name: str) -> list[Any]:
    filters = quote(json.dumps({"label": [f"com.docker.stack.namespace={name}"]}))
    return list(engine.call("GET", f"/tasks?filters={filters}") or ())


def _all_run(engine: Engine, name: str) -> bool:
    return len([one for one in _of_stack(engine, name) if one["Status"]["State"] == "running"]) == SERVICES


def _removed(engine: Engine, socket: str, name: str) -> None:
    """Until its last task is gone: the next one is not to wait for it."""
    _program(socket, ("stack", "rm", name), "")
    world.until(lambda: not _of_stack(engine, name), within=60)
