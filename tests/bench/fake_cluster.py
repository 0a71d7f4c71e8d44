"""A Kubernetes API server with any number of pods, as a process of its own: lists in pages, watches, and changes.

``python -m tests.bench.fake_cluster PODS`` prints its port. ``POST /bench/change?pod=3`` changes one pod;
``POST /bench/rate?per_second=1000`` changes that many pods a second from then on, near ones
not one after the other; with ``&stamped=1`` their restarts are the moment, as ``crowd.stamp`` says it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import uvloop
from aiohttp import web

from tests.bench.crowd import stamp

NAMESPACES, NODES = 20, 100
STRIDE = 7919  # a prime: every pod has its turn, far from the one before
RESTARTS = 700  # of each pod at first: numbers that stand in no other cell
OWN_VERSION, OWN_RESTARTS = "@version@", 987654321  # stand in the template where each pod's own go
MANAGED: list[dict[str, Any]] = [
    {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
     "fieldsV1": {"f:metadata": {f"f:annotations-{n}": {"f:checksum/config": {}, "f:revision": {}} for n in range(40)}}}
    for manager in ("kube-controller-manager", "kubelet")
]  # fmt: skip


def template(number: int) -> bytes:
    """A pod as the API would send it, with marks for what changes."""
    name, namespace = f"web-{number:06d}", f"load-{number % NAMESPACES:02d}"
    labels = {"app": f"web-{number % 200}", "tier": "front", "release": "stable"}
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": f"set-{number % 200}",
        "controller": True,
    }
    container: dict[str, Any] = {
        "name": "main", "image": "registry.test/shop/web:1.27.4", "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(20)],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }  # fmt: skip
    status = {"name": "main", "image": container["image"], "imageID": "", "ready": True, "restartCount": OWN_RESTARTS,
              "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}  # fmt: skip
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
                  for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")]  # fmt: skip
    return packed({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{number}", "resourceVersion": OWN_VERSION,
                     "creationTimestamp": "2026-01-01T00:00:00Z", "labels": labels, "ownerReferences": [owner],
                     "managedFields": MANAGED},
        "spec": {"containers": [container], "nodeName": f"machine-{number % NODES}"},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "conditions": conditions, "containerStatuses": [status]},
    })  # fmt: skip


def packed(thing: Any) -> bytes:
    """JSON without blanks, as a real API server writes it."""
    return json.dumps(thing, separators=(",", ":")).encode()


def filled(pod: bytes, version: int, restarts: int) -> bytes:
    """The pod of that template as it is at that version."""
    pod = pod.replace(OWN_VERSION.encode(), str(version).encode())
    return pod.replace(str(OWN_RESTARTS).encode(), str(restarts).encode())


def _in_parts(pod: bytes) -> tuple[bytes, bytes, bytes]:
    """Around its version and its restarts: so that what is measured does not wait for this server."""
    before, _, rest = pod.partition(OWN_VERSION.encode())
    between, _, after = rest.partition(str(OWN_RESTARTS).encode())
    return before, between, after


class FakeCluster:
    """Its pods, and who watches them."""

    def __init__(self, pods: int) -> None:
        self.pods = [_in_parts(template(number)) for number in range(pods)]
        self.restarts = [RESTARTS] * pods
        self.versions = [1] * pods
        self.version = 1
        self.watches: set[asyncio.Queue[bytes]] = set()
        self._rate: asyncio.Task[None] | None = None

    def application(self) -> web.Application:
        """All its addresses."""
        app = web.Application()
        app.router.add_get("/version", self._about)
        app.router.add_get("/api/v1/pods", self._pods)
        app.router.add_post("/bench/change", self._change_one)
        app.router.add_post("/bench/rate", self._set_rate)
        app.router.add_get("/{path:.*}", self._nothing)
        return app

    def change(self, number: int, restarts: int = 0) -> bytes:
        """One more restart, or so many: the event."""
        self.version += 1
        self.versions[number] = self.version
        self.restarts[number] = restarts or self.restarts[number] + 1
        return b'{"type":"MODIFIED","object":' + self._now(number) + b"}\n"

    def tell(self, events: bytes) -> None:
        """To all who watch."""
        for watch in self.watches:
            watch.put_nowait(events)

    def _now(self, number: int) -> bytes:
        before, between, after = self.pods[number]
        return b"%b%d%b%d%b" % (before, self.versions[number], between, self.restarts[number], after)

    async def _about(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"major": "1", "minor": "37", "gitVersion": "v1.37.0"})

    async def _pods(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            return await self._watch(request)
        start, limit = int(request.query.get("continue") or 0), int(request.query.get("limit", 0)) or len(self.pods)
        page = range(start, min(start + limit, len(self.pods)))
        meta = {"resourceVersion": str(self.version)} | (
            {"continue": str(page.stop)} if page.stop < len(self.pods) else {}
        )
        head = b'{"kind":"PodList","apiVersion":"v1","metadata":' + packed(meta) + b',"items":['
        body = head + b",".join(map(self._now, page)) + b"]}"
        return web.Response(body=body, content_type="application/json")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        mine: asyncio.Queue[bytes] = asyncio.Queue()
        self.watches.add(mine)
        try:
            while True:
                await response.write(await mine.get())
        except ConnectionError:
            return response  # whoever watched is gone
        finally:
            self.watches.discard(mine)

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            await asyncio.sleep(3600)
            return response
        empty = {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}
        return web.json_response(empty)

    async def _change_one(self, request: web.Request) -> web.StreamResponse:
        number = int(request.query["pod"])
        self.tell(self.change(number))
        return web.json_response({"restarts": self.restarts[number]})

    async def _set_rate(self, request: web.Request) -> web.StreamResponse:
        if self._rate:
            self._rate.cancel()
        per_second = int(request.query["per_second"])
        if per_second:
            self._rate = asyncio.create_task(self._keep_changing(per_second, "stamped" in request.query))
        return web.json_response({"restarts": sum(self.restarts)})

    async def _keep_changing(self, per_second: int, stamped: bool) -> None:
        loop = asyncio.get_running_loop()
        began, told = loop.time(), 0
        numbers = (number * STRIDE % len(self.pods) for number in count())
        while True:
            await asyncio.sleep(0.01)
            due = int((loop.time() - began) * per_second) - told
            restarts = stamp() if stamped else 0
            self.tell(b"".join(self.change(next(numbers), restarts) for _ in range(due)))
            told += due


@contextmanager
def running(pods: int) -> Iterator[str]:
    """Its address, while it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fake_cluster", str(pods)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


async def _serve(pods: int) -> None:
    runner = web.AppRunner(FakeCluster(pods).application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
