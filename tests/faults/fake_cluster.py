"""As much of a Kubernetes cluster around the fake's pods as a connection asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.clusters.fake_api import FakeApi, on_a_port

AROUND = {"/api": {"kind": "APIVersions"}, "/version": {"gitVersion": "v1.30.0"}}


@asynccontextmanager
async def cluster(api: FakeApi) -> AsyncIterator[str]:
    """Its address. ``api.stop`` and ``api.start`` are those of the whole server."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/api/v1/pods":
            return await api.handle(request)
        found = {**AROUND, "/api/v1/namespaces/kube-system": {"metadata": {"uid": api.identity}}}.get(request.path)
        return web.json_response(found or {"kind": "Status", "code": 404}, status=200 if found else 404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with on_a_port(api, app) as port:
        yield f"http://127.0.0.1:{port}"
