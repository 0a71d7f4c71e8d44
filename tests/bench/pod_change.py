"""A pod's state changes: how long until the row on the screen says so, beside a plain watch of the same pod."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterator
from typing import Any

from tests.bench import world
from tests.bench.changes import observe, shown_after
from tests.bench.figures import Figure, Spread
from tests.bench.kube import Api, Watch, api

TIMES = 25
FIRST = 300  # restarts: numbers that stand in no other cell
PODS = "/api/v1/namespaces/default/pods"


def measure() -> Iterator[Figure]:
    """A pod that no scheduler takes: nobody but us changes its state."""
    cluster = api(world.kubeconfig())
    name = "bench-" + "".join(random.choices("bcdfghjkmn", k=8))
    spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "busybox"}]}
    cluster.send("POST", PODS, {"metadata": {"name": name}, "spec": spec})
    try:
        with world.server(cluster=world.kubernetes()) as server, world.window() as window:
            page = window.tab(server, f"/list/pod/?q={name}")
            page.wait_for_selector(world.ROW)
            observe(page)
            watch = Watch(cluster, f"{PODS}?watch=1&fieldSelector=metadata.name={name}", restarts)
            ours, plain = [], []
            for number in range(FIRST, FIRST + TIMES):
                done = 0.0

                def change(number: int = number) -> None:
                    nonlocal done
                    restart(cluster, name, number)
                    done = time.time()

                ours.append(shown_after(page, change, name, str(number)))
                plain.append((watch.heard(number) - done) * 1000)
                time.sleep(0.3)
    finally:
        cluster.send("DELETE", f"{PODS}/{name}?gracePeriodSeconds=0")
    yield Spread(ours).figure("a pod's change to the changed row, after the API's answer", 40, 90)
    yield Spread(plain).figure("the same change to a plain watch")


def restart(cluster: Api, name: str, number: int, over: http.client.HTTPConnection | None = None) -> None:
    """Say of that pod that it restarted so many times."""
    status = {"name": "main", "image": "busybox", "imageID": "", "ready": False, "restartCount": number, "state": {}}
    patch = {"status": {"containerStatuses": [status]}}
    kind = "application/strategic-merge-patch+json"
    cluster.open("PATCH", f"{PODS}/{name}/status", patch, kind, over).read()


def restarts(pod: dict[str, Any]) -> int:
    """How often it restarted."""
    return next((int(one["restartCount"]) for one in pod["status"].get("containerStatuses", ())), 0)
