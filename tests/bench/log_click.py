"""From the click on "Logs" to the first line."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import world
from tests.bench.containers import Engine
from tests.bench.figures import Figure, Spread, at_most, milliseconds
from tests.bench.logs import TAB, open_page

TIMES = 11
SAYS = ("sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; [ $i -lt 300 ] || sleep 1; done")


def measure() -> Iterator[Figure]:
    """A container that printed something; the first click is the first of that browser."""
    engine = Engine(world.docker_socket())
    with world.server(engine=world.docker()) as server, world.window() as window, engine.container(SAYS) as one:
        page = window.tab(server)
        took = []
        for _ in range(TIMES):
            open_page(page, one)
            page.click(TAB)
            world.until(lambda: page.evaluate("window.bench.first") > 0)
            took.append(float(page.evaluate("window.bench.first - window.bench.clicked")))
    yield at_most("click on Logs to the first line, browser's first", took[0], 150, milliseconds)
    yield Spread(took[1:]).figure("click on Logs to the first line", 150)
