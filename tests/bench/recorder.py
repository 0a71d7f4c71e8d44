"""A proxy that keeps the line of each request: in front of an engine's socket or of an API server."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

HOP = {"host", "connection", "transfer-encoding", "content-length", "keep-alive", "upgrade"}


class Recorder:
    """Started by ``with``; ``address`` is where to connect instead, ``requests`` what was asked, ``events`` what was told."""

    def __init__(self, target: str, path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self.events = 0  # lines of event streams
        self._target, self._path, self._tls = target, path, tls
        self.address = str(path or "")
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Recorder:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _open(self) -> None:
        is_socket = self._target.startswith("unix://")
        connector = aiohttp.UnixConnector(self._target.removeprefix("unix://"), limit=0) if is_socket else \
            aiohttp.TCPConnector(limit=0, ssl=self._tls or True)  # fmt: skip
        timeout = aiohttp.ClientTimeout(total=None)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)
        self._base = "http://engine" if is_socket else self._target
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        if self._path:
            await web.UnixSite(self._runner, str(self._path)).start()
        else:
            await web.TCPSite(self._runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _close(self) -> None:
        await self._session.close()
        await self._runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        body = await request.read() or None
        async with self._session.request(
            request.method, self._base + request.path_qs, headers=headers, data=body
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                self.events += chunk.count(b"\n") if "/events" in request.path else 0
                await response.write(chunk)
            await response.write_eof()
            return response
