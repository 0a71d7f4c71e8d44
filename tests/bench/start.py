"""From the command to an answer: a Pilothouse that was used before, started again."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.figures import Figure, at_most, seconds
from tests.server import Server

TIMES = 5


def measure() -> Iterator[Figure]:
    """The median of some starts."""
    with Server() as server:
        took = []
        for _ in range(TIMES):
            server.stop()
            took.append(server.start())
    yield at_most("start to ready, median", sorted(took)[TIMES // 2], 2.0, seconds)
