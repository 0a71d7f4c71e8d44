"""Two hundred people look at 18 different lists of 10,000 pods, of which a thousand change each second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tests.bench import fake_cluster, world
from tests.bench.crowd import crowd, lateness
from tests.bench.figures import Figure, Spread, at_most, count, milliseconds, percent
from tests.bench.kube import Api
from tests.server import Server

PODS, PEOPLE, RATE, SECONDS = 10_000, 200, 1000, 10
LISTS = ("sort=name", "sort=-name", *(f"sort=name&namespace=load-{number:02d}" for number in range(16)))


def measure() -> Iterator[Figure]:
    """On any machine: the API server is made for it."""
    with fake_cluster.running(PODS) as address, world.server(cluster=world.kubernetes(address)) as server:
        late, processor = asyncio.run(_watched(server, Api(address, None, "")))
    what = f"{PEOPLE} people, {len(LISTS)} lists, {RATE:,} changes a second"
    yield Spread(late).figure(f"{what}: change to frame")
    yield at_most("the same: one in a hundred is later", Spread(late).part(0.99), 60, milliseconds)
    yield at_most("the same: processor of the server", processor, 0.4, percent)
    yield Figure(what="the same: rows sent a second", measured=count(len(late) / SECONDS))


async def _watched(server: Server, cluster: Api) -> tuple[list[float], float]:
    """How late each row was, and the part of a core that it took."""
    async with crowd(server, PEOPLE) as people:
        for number, one in enumerate(people):
            await one.follow(LISTS[number % len(LISTS)])
        await asyncio.to_thread(cluster.send, "POST", f"/bench/rate?per_second={RATE}&stamped=1")
        await asyncio.sleep(2)
        for one in people:
            one.late.clear()
        before = server.processor_seconds()
        await asyncio.sleep(SECONDS)
        return list(lateness(people)), (server.processor_seconds() - before) / SECONDS
