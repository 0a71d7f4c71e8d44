"""A pod's page: from the click on "Logs" to the first line, and on "Terminal" to the shell's prompt."""

from __future__ import annotations

import random
from collections.abc import Iterator

from playwright.sync_api import Page

from tests.bench import logs, world
from tests.bench.figures import Figure, Spread
from tests.bench.kube import api
from tests.bench.pod_change import PODS

TIMES = 11
TAB = 'nav.tabs a[href$="panel=terminal"]'
PROMPT = """() => {
  window.bench = { clicked: 0, prompt: 0 };
  document.addEventListener('click', () => { window.bench.clicked = performance.now(); }, { capture: true, once: true });
  new MutationObserver((records, observer) => {
    if (!/[#$]/.test(document.querySelector('web-terminal .xterm-rows')?.textContent ?? '')) return;
    window.bench.prompt = performance.now();
    observer.disconnect();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def measure() -> Iterator[Figure]:
    """A pod of ours that printed something and waits. The browser's first click is left out: it fetches the code."""
    cluster = api(world.kubeconfig())
    name = "bench-" + "".join(random.choices("bcdfghjkmn", k=8))
    container = {"name": "main", "image": "busybox", "imagePullPolicy": "IfNotPresent",
                 "command": ["sh", "-c", "seq 300; sleep 600"]}  # fmt: skip
    cluster.send("POST", PODS, {"metadata": {"name": name}, "spec": {"containers": [container]}})
    try:
        world.until(lambda: cluster.send("GET", f"{PODS}/{name}")["status"]["phase"] == "Running", within=60)
        with world.server(engine=world.kubernetes()) as server, world.window() as window:
            page = window.tab(server)
            lines = [_first_line(page, name) for _ in range(TIMES)]
            prompts = [_prompt(page, name) for _ in range(TIMES)]
    finally:
        cluster.send("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")
    yield Spread(lines[1:]).figure("click on a pod's Logs to the first line", 150)
    yield Spread(prompts[1:]).figure("click on a pod's Terminal to the prompt", 300)


def _first_line(page: Page, name: str) -> float:
    _open(page, name, logs.TAB, logs.WATCH)
    page.click(logs.TAB)
    world.until(lambda: page.evaluate("window.bench.first") > 0)
    return float(page.evaluate("window.bench.first - window.bench.clicked"))


def _prompt(page: Page, name: str) -> float:
    _open(page, name, TAB, PROMPT)
    page.click(TAB)
    world.until(lambda: page.evaluate("window.bench.prompt") > 0)
    return float(page.evaluate("window.bench.prompt - window.bench.clicked"))


def _open(page: Page, name: str, tab: str, script: str) -> None:
    page.goto(f"/clusters/engine/pod/default/{name}/")
    page.wait_for_selector(tab)
    page.wait_for_load_state("networkidle")
    page.evaluate(script)
