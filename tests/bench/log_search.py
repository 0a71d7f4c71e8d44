"""Looking for text in a log of a million lines: the first hits, all of them, and the memory that takes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench import world
from tests.bench.containers import Container, Engine
from tests.bench.figures import Figure, at_least, at_most, count, megabytes, milliseconds, seconds
from tests.server import Server

LINES, EVERY = 1_000_000, 10_000  # one line in so many has the text
TIMES = 5
SAYS = "%s line %d of a service that says what it does, again and again"
WORD = f'(i % {EVERY} == 5 ? "NEEDLE" : "INFO")'
PRINTS = ("awk", f'BEGIN {{ for (i = 1; i <= {LINES}; i++) printf "{SAYS}\\n", {WORD}, i }}')
LOG = {"HostConfig": {"LogConfig": {"Type": "json-file", "Config": {}}}}
# Notes when the first line with the text was drawn, and how many there are.
WATCH = """() => {
  window.bench = { asked: performance.now(), first: 0 };
  new MutationObserver((records, observer) => {
    const lines = [...document.querySelectorAll('log-view .log-blocks li .m')];
    if (!lines.length || !lines.every((line) => line.textContent.includes('NEEDLE'))) return;
    window.bench.first = performance.now();
    observer.disconnect();
  }).observe(document.querySelector('log-view'), { childList: true, subtree: true, characterData: true });
}"""
FOUND = "window.bench.first ? document.querySelectorAll('log-view .log-blocks li .m').length : 0"


def measure() -> Iterator[Figure]:
    """From the click on "only these lines" in an open log to the first of them on the screen, and to the last."""
    engine = Engine(world.docker_socket())
    with (
        world.server(engine=world.docker()) as server,
        world.window() as window,
        engine.container(PRINTS, **LOG) as one,
    ):
        _until_printed(engine, one)
        first, all_of_them, most = list[float](), list[float](), 0.0
        for _ in range(TIMES):
            page = window.tab(server, f"/clusters/engine/container/{one.name}/?panel=logs&q=needle")
            page.wait_for_selector("log-view .log-blocks li")
            page.wait_for_load_state("networkidle")
            page.evaluate(WATCH)
            before = server.memory()
            page.locator("log-view").get_by_role("button", name="Only").click()
            began = time.monotonic()
            most = max(most, _watch(page, server, before))
            all_of_them.append(time.monotonic() - began)
            first.append(float(page.evaluate("window.bench.first - window.bench.asked")))
            found = int(page.evaluate(FOUND))
            page.context.close()
    what = f"search in {LINES:,} lines of a log"
    yield at_most(f"{what}: first hits on the screen, slowest of {TIMES}", max(first), 300, milliseconds)
    yield Figure(what=f"{what}: all hits, slowest", measured=seconds(max(all_of_them)))
    yield at_least(f"{what}: hits found", found, LINES // EVERY, count)
    yield at_most(f"{what}: memory the server grew by, at most", most, 50e6, megabytes)


def _watch(page: object, server: Server, before: float) -> float:
    most, ends = 0.0, time.monotonic() + 60
    while time.monotonic() < ends and page.evaluate(FOUND) < LINES // EVERY:  # type: ignore[attr-defined]
        most = max(most, server.memory() - before)
        time.sleep(0.1)
    return most


def _until_printed(engine: Engine, one: Container) -> None:
    world.until(lambda: not engine.call("GET", f"/containers/{one.id}/json")["State"]["Running"], within=180, every=0.5)
