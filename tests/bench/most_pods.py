"""A hundred thousand pods, from an API server made for it: the first list, its memory, and a key in the search field."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

from tests.bench import fake_cluster, world
from tests.bench.crowd import crowd
from tests.bench.figures import Figure, at_most, megabytes, milliseconds, seconds
from tests.bench.list_page import PAINTED, address_to_rows
from tests.bench.many_pods import ADDRESS, all_there, connect, kubeconfig_of
from tests.server import Server

PODS = 100_000
TYPED = ("w", "we", "web", "web-0", "web-00", "web-001", "web-0012")


def measure() -> Iterator[Figure]:
    """Connected in the page, as in ``many_pods``."""
    what = f"{PODS:,} pods (made up)"
    with fake_cluster.running(0) as empty, fake_cluster.running(PODS) as address, \
            world.server(empty=world.kubernetes(empty)) as server:  # fmt: skip
        without = server.memory()
        first, whole = _first(server, address)
        yield at_most(f"{what}: address to rows, the first time", first, 1.0, seconds)
        yield at_most(f"{what}: address to all of them", whole, 6.0, seconds)
        yield at_most(f"{what}: memory of the server for them", server.memory() - without, 400e6, megabytes)
        opened, typed = asyncio.run(_looked_at(server))
    yield at_most(f"{what}: a list's first rows", opened, 50, milliseconds)
    yield at_most(f"{what}: a key in the search field, slowest of {len(TYPED)}", typed, 50, milliseconds)


def _first(server: Server, address: str) -> tuple[float, float]:
    """Seconds to the first rows, and to all of them; ends when nothing is left to do."""
    with world.window() as window:
        page = window.tab(server, "/list/pod/")
        page.add_init_script(PAINTED)
        connect(page, kubeconfig_of(address))
        first, whole = address_to_rows(page, ADDRESS), all_there(page, PODS)
        time.sleep(5)
        return first, whole


async def _looked_at(server: Server) -> tuple[float, float]:
    """Milliseconds of a list's first rows for one more person, and the most that a key took to the rows that fit."""
    async with crowd(server, 5) as people:
        opened = [await one.follow("sort=name") for one in people]
        typed = [await people[0].change(f"sort=name&q={text}") for text in TYPED]
    return statistics.median(opened), max(typed)
