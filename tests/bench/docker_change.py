"""`docker stop` by somebody else: how long until the row on the screen says so."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench import world
from tests.bench.changes import observe, shown_after
from tests.bench.containers import Engine
from tests.bench.figures import Figure, Spread

TIMES = 25


def measure() -> Iterator[Figure]:
    """From the moment that the engine answered the stop."""
    engine = Engine(world.docker_socket())
    with world.server(engine=world.docker()) as server, world.window() as window, engine.container() as one:
        page = window.tab(server, f"/list/container/?q={one.name}")
        page.wait_for_selector(f"{world.ROW} >> text=Running")
        observe(page)
        took = []
        for _ in range(TIMES):
            took.append(shown_after(page, one.stop, one.name, "Stopped"))
            one.start()
            page.wait_for_selector(f"{world.ROW} >> text=Running")
            time.sleep(0.3)
    yield Spread(took).figure("docker stop to the changed row, after the engine's answer", 30, 80)
