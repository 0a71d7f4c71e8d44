"""A real HTTP server behind a fake cluster's wire, and a browser's side of an open port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import WSMsgType, web
from asgiref.testing import ApplicationCommunicator
from django.test import AsyncClient

from clusters.errors import Missing, Unreachable
from clusters.kinds.forwarding import Door, Forwarding
from clusters.kinds.permission import Permission
from dashboard.asgi import application
from dashboard.forward import forwards
from dashboard.forward.headers import COOKIE
from tests.clusters.fakes import APP, FakeDriver

FORWARDING: Forwarding[Any] = Forwarding(
    doors=lambda app: [Door(80, "80 web")],
    reach=lambda app, port, pods: (app, port),
    refuse=lambda app: "" if app.copies else "It is stopped.",
    permissions=(Permission("create", "portforward"),),
    any_port=True,
)
OPENING = replace(APP, forwarding=FORWARDING)


class LocalWire:
    """A connection to a port of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, breaks: bool) -> None:
        self._reader, self._writer, self._breaks = reader, writer, breaks

    async def received(self) -> AsyncIterator[bytes]:
        while data := await self._reader.read(65536):
            yield data
        if self._breaks:
            raise Unreachable("The connection was cut.")

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()


@dataclass
class Driver(FakeDriver):
    """Its ports are those of this machine: ``at`` says which."""

    at: dict[int, int] = field(default_factory=dict)
    breaks: bool = False  # each connection in the end

    async def dial(self, resource: Any, port: int) -> LocalWire:
        await self.record("dial", (resource.name, port))
        if port not in self.at:
            raise Missing(f"Nothing answers on port {port} of {resource.name}.", hint="Its logs may tell.")
        return LocalWire(*await asyncio.open_connection("127.0.0.1", self.at[port]), self.breaks)


async def _page(request: web.Request) -> web.Response:
    return web.Response(text="<h1>Hello</h1>", content_type="text/html")


async def _kept(request: web.Request) -> web.Response:
    headers = {"Content-Disposition": 'Attachment; filename="report.html"'}
    return web.Response(text="<h1>Report</h1>", content_type="text/html", headers=headers)


async def _unchanged(request: web.Request) -> web.Response:
    return web.Response(status=304, headers={"Content-Length": "15"})


async def _told(request: web.Request) -> web.Response:
    """What reached the pod."""
    body = await request.read()
    return web.json_response({"headers": dict(request.headers), "body": len(body), "path": request.raw_path})


async def _cookies(request: web.Request) -> web.Response:
    answer = web.Response(text="ok", headers={"Clear-Site-Data": '"cookies"', "X-Own": "1"})
    answer.headers.add("Set-Cookie", "app=1; Domain=localhost; Path=/; HttpOnly")
    answer.headers.add("Set-Cookie", f"{COOKIE}=stolen")
    return answer


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("echo",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            if message.data == "bye":
                await socket.close(code=4001)
                break
            await socket.send_str(f"you said {message.data}")
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
    return socket


async def _endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b"tick\n")
        await asyncio.sleep(0.02)


async def start_pod() -> tuple[web.AppRunner, int]:
    """A pod's web server, and the port of this machine that it listens on."""
    app = web.Application(client_max_size=64 << 20)
    app.router.add_get("/", _page)
    app.router.add_route("*", "/told", _told)
    app.router.add_get("/cookies", _cookies)
    app.router.add_get("/kept", _kept)
    app.router.add_get("/unchanged", _unchanged)
    app.router.add_get("/ws", _socket)
    app.router.add_get("/endless", _endless)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, runner.addresses[0][1]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each == name), "")


@dataclass
class Browser:
    """A browser on an open port's own host name; ``cookie`` is the one it was given."""

    host: str
    cookie: str = ""

    @property
    def token(self) -> str:
        return self.host.partition(".")[0]

    def scope(self, path: str, type: str = "http", **headers: str) -> dict[str, Any]:  # noqa: A002
        path, _, query = path.partition("?")
        given = {"host": self.host, **({"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}), **headers}
        return {"type": type, "path": path, "raw_path": path.encode(), "query_string": query.encode(), "method": "GET",
                "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
                "client": ("10.1.2.3", 5), "http_version": "1.1", "subprotocols": ["echo"]}  # fmt: skip

    async def ask(self, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        """One request."""
        if body:
            headers["content_length"] = str(len(body))
        one = ApplicationCommunicator(application, self.scope(path, **headers) | {"method": method})
        for start in range(0, len(body) or 1, 65536):
            more = start + 65536 < len(body)
            await one.send_input({"type": "http.request", "body": body[start : start + 65536], "more_body": more})
        begun = await one.receive_output(5)
        came, more = b"", True
        while more:
            part = await one.receive_output(5)
            came, more = came + part.get("body", b""), part.get("more_body", False)
        await one.wait(5)
        given = [(name.decode(), value.decode("latin-1")) for name, value in begun["headers"]]
        return Answer(begun["status"], given, came)

    async def socket(self, path: str, **headers: str) -> tuple[ApplicationCommunicator, dict[str, Any]]:
        """A websocket, and the server's first message."""
        one = ApplicationCommunicator(application, self.scope(path, "websocket", **headers))
        await one.send_input({"type": "websocket.connect"})
        return one, await one.receive_output(5)


async def open_port(client: AsyncClient, row: str, port: int = 80, speaks: str = "") -> Browser:
    """Open a port as that person, and follow the link that opens it."""
    answer = await client.post("/ports/open/", {"row": row, "port": str(port), "speaks": speaks})
    assert answer.status_code == 200, answer.content
    where = answer["Refresh"].partition("url=")[2]
    host, _, path = where.removeprefix("http://").partition("/")
    browser = Browser(host)
    taken = await browser.ask(f"/{path}")
    assert taken.status == 303
    browser.cookie = taken.header("set-cookie").partition(";")[0].partition("=")[2]
    return browser


async def end_all() -> None:
    """Leave nothing open."""
    await forwards.end_all("The test is over.")
