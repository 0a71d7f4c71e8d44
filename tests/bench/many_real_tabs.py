"""Fifty people look at pods of a real cluster that change 200 times a second, beside a plain watch of the same pods."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.bench import world
from tests.bench.crowd import DAY, crowd, lateness, stamp
from tests.bench.figures import Figure, Spread
from tests.bench.kube import Api, Watch, api
from tests.bench.pod_change import PODS, restart, restarts
from tests.server import Server

PEOPLE, RATE, SECONDS = 50, 200, 10
HANDS = 10  # connections that make the changes
OURS = 100  # pods: each is changed twice a second


def measure() -> Iterator[Figure]:
    """Pods that no scheduler takes: nobody but us changes them."""
    cluster = api(world.kubeconfig())
    app = "bench-" + "".join(random.choices("bcdfghjkmn", k=8))
    names = [f"{app}-{number:03d}" for number in range(OURS)]
    spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "busybox"}]}
    for name in names:
        cluster.send("POST", PODS, {"metadata": {"name": name, "labels": {"app": app}}, "spec": spec})
    try:
        with world.server(cluster=world.kubernetes()) as server:
            watch = Watch(cluster, f"{PODS}?watch=1&labelSelector=app={app}", restarts)
            ours = asyncio.run(_watched(server, cluster, names, app))
            plain = [at * 1000 % DAY - made for made, at in watch.all().items() if made]
    finally:
        cluster.send("DELETE", f"{PODS}?labelSelector=app={app}&gracePeriodSeconds=0")
    beside = Spread(plain)
    what = f"{RATE} changes a second of a real cluster"
    yield beside.figure(f"{what}: from asking for one to a plain watch")
    yield Spread(ours).figure(f"the same to each of {PEOPLE} people", beside.median + 40, beside.p95 + 90)


async def _watched(server: Server, cluster: Api, names: list[str], app: str) -> list[float]:
    async with crowd(server, PEOPLE) as people:
        for one in people:
            await one.follow(f"sort=name&q={app}")
        await asyncio.to_thread(_change, cluster, names)
        await asyncio.sleep(1)
        return list(lateness(people))


def _change(cluster: Api, names: list[str]) -> None:
    """Every hand changes pods of its own, one after the other, in its part of the pace."""

    def work(hand: int) -> None:
        line, mine = cluster.connect(), names[hand::HANDS]
        began = time.monotonic()
        for number in range(RATE * SECONDS // HANDS):
            time.sleep(max(0.0, began + (number + hand / HANDS) * HANDS / RATE - time.monotonic()))
            restart(cluster, mine[number % len(mine)], stamp(), line)

    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(work, range(HANDS)))
