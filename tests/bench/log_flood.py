"""A container that prints as fast as it can, with its log open."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from tests.bench import tasks, world
from tests.bench.containers import Engine
from tests.bench.figures import Figure, Spread, at_least, at_most, count, megabytes, milliseconds
from tests.bench.logs import TAB, open_page

SECONDS = 15
LONG = 50  # ms
FLOOD = ("yes", "2026-01-01 GET /checkout 200 12ms a line of a service that says far too much about what it does")
LOG = {"HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"max-size": "20m", "max-file": "2"}}}}


def measure() -> Iterator[Figure]:
    """How far behind the clock the newest line on the screen is, and what that costs."""
    engine = Engine(world.docker_socket())
    with world.server(engine=world.docker()) as server, world.window() as window, engine.container(FLOOD, **LOG) as one:
        page = window.tab(server)
        open_page(page, one)
        before = most = server.memory()
        page.click(TAB)
        for _ in range(SECONDS * 2):
            time.sleep(0.5)
            most = max(most, server.memory())
        bench = page.evaluate("window.bench")
        with tasks.measured(window.browser) as worked:  # afterwards: to be watched that closely costs time
            time.sleep(SECONDS)
        said = page.evaluate("[...document.querySelectorAll('log-view .gap')].map((gap) => gap.textContent)")
    left_out = sum(int(re.sub(r"\D", "", words)) for words in said if "left out" in words)
    long = [duration for start, duration in bench["tasks"] if start > bench["clicked"] and duration > LONG]
    behind = Spread(bench["behind"] or [float("inf")])
    yield behind.figure(f"log flood of {SECONDS} s: newest line behind the clock", 1000, 1000)
    yield at_least("log flood: lines left out, counted in sight", left_out, 1, count)
    yield at_most(f"log flood: tasks over {LONG} ms in the page", len(long), 0, count)
    yield Figure(what="log flood: the longest task", measured=milliseconds(max(long, default=0)))
    # The container and the engine take both cores: what the page itself does is its time on a processor.
    over = sum(one > LONG for one in worked)
    yield at_most(f"the same: tasks over {LONG} ms of processor", over, 0, count)
    yield Figure(what="the same: the longest, in processor time", measured=milliseconds(max(worked, default=0)))
    yield Figure(what="log flood: memory the server grew by, at most", measured=megabytes(most - before))
