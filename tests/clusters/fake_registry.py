"""A registry that answers as it is told, and keeps what it was asked: for what no real one does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answers = dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]] | web.Response]


@dataclass
class FakeRegistry:
    """``host`` is where it is; ``asked`` are the requests that came: method, path with query, Authorization."""

    answers: Answers
    host: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path_qs, request.headers.get("Authorization", "")))
        found = self.answers.get(request.path)
        if callable(found):
            return await found(request)
        if found is None:
            return web.Response(status=404, text="{}")
        return web.Response(status=found.status, body=found.body, headers=found.headers)


@asynccontextmanager
async def fake_registry(answers: Answers) -> AsyncIterator[FakeRegistry]:
    """It listens on this machine, on a port of its own."""
    made = FakeRegistry(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made._answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.host = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


def json(body: str, status: int = 200, **headers: str) -> web.Response:
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, body=body.encode(), headers={"Content-Type": "application/json", **named})


def html(body: str) -> web.Response:
    """A page, where somebody hoped for a registry."""
    return web.Response(text=body, content_type="text/html")
