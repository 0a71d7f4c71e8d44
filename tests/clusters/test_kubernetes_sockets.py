"""Websockets to an API server that is hostile or breaks: no redirect is followed, and a part is never the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from clusters.drivers.base import LogSource
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.connection import Connection
from clusters.drivers.kubernetes.errors import Busy
from clusters.drivers.kubernetes.exec import open_exec
from clusters.drivers.kubernetes.port_forward import PROTOCOL, KubernetesWire
from clusters.errors import Missing, Unreachable, Unsupported
from clusters.kinds.kubernetes.base import Metadata
from clusters.kinds.kubernetes.pod_model import Pod

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(**handlers: Handler) -> AsyncIterator[ApiServer]:
    app = web.Application()
    for name, handler in handlers.items():
        app.router.add_get(f"/{name}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = ApiServer(Connection(f"http://127.0.0.1:{runner.addresses[0][1]}"))
    try:
        yield server
    finally:
        await server.close()
        await runner.cleanup()


async def test_a_websocket_is_never_sent_elsewhere() -> None:
    reached = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        reached.append(request.path)
        return web.Response()

    async def away(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("/elsewhere")

    async with serving(away=away, elsewhere=elsewhere) as server:
        with pytest.raises(Unsupported, match="sends us elsewhere"):
            await server.websocket(("away",), [], (PROTOCOL,))
    assert not reached


@pytest.mark.parametrize("said", [True, False])
async def test_a_wire_is_whole_only_when_the_other_side_says_that_it_is_through(said: bool) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(PROTOCOL,))
        await socket.prepare(request)
        for frame in (b"\0PP", b"\0some"):
            await socket.send_bytes(frame)
        if said:
            await socket.close()
        assert request.transport is not None
        request.transport.close()
        return socket

    async with serving(half=half) as server:
        wire = KubernetesWire(await server.websocket(("half",), [], (PROTOCOL,)), "web", 80)
        came = wire.received()
        assert await anext(came) == b"some"
        if said:
            assert await anext(came, b"") == b""
        else:
            with pytest.raises(Unreachable, match="was cut"):
                await anext(came)
        await wire.close()


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ({"waiting": {"reason": "CrashLoopBackOff"}}, Missing, "The container does not run"),
        ({"terminated": {"reason": "OOMKilled", "exitCode": 137}}, Missing, "The container does not run"),
        ({"running": {"startedAt": "2026-01-01T00:00:00Z"}}, Busy, "The node that it runs on does not answer"),
    ],
)
async def test_a_container_that_does_not_run_is_not_told_as_a_lost_node(
    state: dict[str, object], error: type[Exception], words: str
) -> None:
    async def fails(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text='container not found ("main")')

    async def pod(request: web.Request) -> web.StreamResponse:
        beside = {"name": "side", "state": {"running": {}}}
        return web.json_response({"status": {"containerStatuses": [beside, {"name": "main", "state": state}]}})

    at = "api/v1/namespaces/shop/pods/web"
    async with serving(**{at: pod, f"{at}/exec": fails}) as server:
        source = LogSource(Pod(metadata=Metadata(name="web", namespace="shop")), "pod", "main")
        with pytest.raises(error, match=words):
            await open_exec(server, source, ["sh"])
