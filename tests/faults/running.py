"""A real server process, as its visitors meet it: signed in, over HTTP and websockets, without a browser."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

from tests.server import Server


def sign_in(server: Server, name: str) -> str:
    """The Cookie header of that person."""
    return f"pilothouse_session={server.session_of(name)}"


def rows(server: Server, question: str) -> list[tuple[Any, ...]]:
    """What the database file says, asked from outside."""
    with closing(sqlite3.connect(server.data / "pilothouse.sqlite3", timeout=5)) as database:
        return database.execute(question).fetchall()


@asynccontextmanager
async def tab(server: Server, cookie: str, **more: Any) -> AsyncIterator[ClientConnection]:
    """The live socket of one tab."""
    address = server.url.replace("http", "ws") + "/live/"
    headers = {"Cookie": cookie}
    async with connect(address, additional_headers=headers, origin=server.url, compression=None, **more) as socket:
        yield socket


async def follow(socket: ClientConnection, topic: str = "table", **args: Any) -> dict[str, Any]:
    """Subscribe as number 1; the snapshot."""
    args = args or ({"table": "workloads", "query": ""} if topic == "table" else {})
    await socket.send(json.dumps({"op": "sub", "id": 1, "topic": topic, "args": args}))
    async with asyncio.timeout(20):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame.get("t") in ("snap", "end"):
                return frame


async def post(server: Server, cookie: str, path: str, /, **values: str) -> tuple[int, str]:
    """What a page's form would send."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        token = "x" * 32
        headers = {"Cookie": f"{cookie}; pilothouse_csrf={token}", "X-CSRFToken": token, "HX-Request": "true",
                   "Origin": server.url}  # fmt: skip
        async with session.post(server.url + path, data=values, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()


async def get(server: Server, cookie: str, path: str) -> tuple[int, str]:
    """A page."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        headers = {"Cookie": cookie} if cookie else {}
        async with session.get(server.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(errors="replace")
