"""What it costs to have one Docker engine and one small Kubernetes cluster connected, while nothing much happens."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench import world
from tests.bench.figures import Figure, LeftOut, at_most, megabytes, percent
from tests.server import Server

SETTLE, MEASURE = 15.0, 20.0  # seconds


def measure() -> Iterator[Figure]:
    """Memory and processor, first with nobody there, then with an open tab."""
    clusters = {}
    for name, connect in (("engine", world.docker), ("cluster", world.kubernetes)):
        try:
            clusters[name] = connect()
        except LeftOut as why:
            yield Figure(what=f"idle: without the {name}", measured=str(why))
    with world.server(**clusters) as server:
        time.sleep(SETTLE)
        processor = _processor(server)
        yield at_most("idle, nobody looks: memory", server.memory(), 120e6, megabytes)
        yield at_most("idle, nobody looks: processor", processor, 0.01, percent)
        with world.window() as window:
            window.tab(server, "/workloads/")
            time.sleep(SETTLE)
            processor = _processor(server)
            yield Figure(what="one tab on Workloads: memory", measured=megabytes(server.memory()))
            yield Figure(what="one tab on Workloads: processor", measured=percent(processor))


def _processor(server: Server) -> float:
    before = server.processor_seconds()
    time.sleep(MEASURE)
    return (server.processor_seconds() - before) / MEASURE
