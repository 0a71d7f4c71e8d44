"""A small API server in this process: lists in pages, watches from a version, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.connection import Connection

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def pod(name: str, version: int, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """A pod as the API would send it."""
    metadata = {
        "name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "resourceVersion": str(version),
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    spec = {"containers": [{"name": "main", "image": "busybox"}], "nodeName": "node-1"}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": status} | more


def status(code: int, message: str = "", reason: str = "", **details: Any) -> dict[str, Any]:
    """A Status, as an answer or inside an ERROR event."""
    said = {"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": reason}
    return said | ({"details": details} if details else {})


def refuses(code: int, message: str = "", headers: dict[str, str] | None = None) -> Handler:
    """A handler that answers with that Status."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(status(code, message), status=code, headers=headers)

    return answer


def says(*events: dict[str, Any] | bytes, hold: float = 0.0) -> Handler:
    """A watch that sends exactly this, waits, and ends."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for event in events:
            await response.write(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")
        await asyncio.sleep(hold)
        return response

    return answer


class FakeApi:
    """Pods, kept in memory. ``next_list`` and ``next_watch`` answer once in its place, in order."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.version = 10
        self.identity = "one"  # the uid of its kube-system
        self.oldest = 0  # versions before this are forgotten: 410
        self.history: list[tuple[int, dict[str, Any]]] = []
        self.next_list: deque[Handler] = deque()
        self.next_watch: deque[Handler] = deque()
        self.lists: list[dict[str, str]] = []
        self.watches: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._news = asyncio.Condition()
        self.stop: Callable[[], Awaitable[None]]  # nobody listens any longer, and every connection is cut
        self.start: Callable[[], Awaitable[None]]

    async def put(self, name: str, namespace: str = "shop", **more: Any) -> None:
        """Add or change a pod, and tell the watches."""
        self.version += 1
        made = pod(name, self.version, namespace, **more)
        uid = made["metadata"]["uid"]
        await self._tell("MODIFIED" if uid in self.pods else "ADDED", made)
        self.pods[uid] = made

    async def drop(self, name: str, namespace: str = "shop", *, silently: bool = False) -> None:
        """Delete a pod; ``silently``: as if it happened while nobody watched and was forgotten since."""
        self.version += 1
        gone = self.pods.pop(f"uid-{namespace}-{name}")
        if silently:
            self.oldest = self.version
            return
        await self._tell("DELETED", gone | {"metadata": gone["metadata"] | {"resourceVersion": str(self.version)}})

    async def _tell(self, type_: str, made: dict[str, Any]) -> None:
        async with self._news:
            self.history.append((self.version, {"type": type_, "object": made}))
            self._news.notify_all()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Every request."""
        self.paths.append(request.path)
        query = dict(request.query)
        if query.get("watch"):
            self.watches.append(query)
            return await (self.next_watch.popleft() if self.next_watch else self._watch)(request)
        self.lists.append(query)
        return await (self.next_list.popleft() if self.next_list else self._list)(request)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        namespace = request.match_info.get("namespace")
        found = [one for one in self.pods.values() if namespace in (None, one["metadata"]["namespace"])]
        start, limit = int(request.query.get("continue", 0)), int(request.query.get("limit", 0)) or len(found) or 1
        meta: dict[str, Any] = {"resourceVersion": str(self.version)}
        if start + limit < len(found):
            meta["continue"] = str(start + limit)
        page = {"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": found[start : start + limit] or None}
        return web.Response(body=json.dumps(page, separators=(",", ":")), content_type="application/json")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        seen = int(request.query["resourceVersion"])
        if seen < self.oldest:
            return await refuses(410, "too old resource version")(request)
        namespace = request.match_info.get("namespace")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            for version, event in tuple(self.history):
                if version > seen and namespace in (None, event["object"]["metadata"]["namespace"]):
                    await response.write(json.dumps(event).encode() + b"\n")
                seen = max(seen, version)
            async with self._news:
                while not self.history or self.history[-1][0] <= seen:
                    await self._news.wait()


@asynccontextmanager
async def on_a_port(api: FakeApi, app: web.Application) -> AsyncIterator[int]:
    """The fake behind a real socket; ``api.stop`` and ``api.start`` are those of the whole server."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()

    api.stop, api.start = runner.cleanup, start
    try:
        yield port
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(api: FakeApi) -> AsyncIterator[ApiServer]:
    """The fake, and our client of it."""
    app = web.Application()
    app.router.add_route("*", "/api/v1/pods", api.handle)
    app.router.add_route("*", "/api/v1/namespaces/{namespace}/pods", api.handle)
    app.router.add_route("*", "/api/v1/namespaces/{name}", api.handle)
    async with on_a_port(api, app) as port:
        server = ApiServer(Connection(f"http://127.0.0.1:{port}"))
        try:
            yield server
        finally:
            await server.close()
