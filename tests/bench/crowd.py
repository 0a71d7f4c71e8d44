"""Many people at once, without browsers: each follows a list over a websocket and notes how late its rows are.

What changes carries the moment it was made in its restarts, as ``stamp`` says: so every frame tells how old it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from tests.server import Server

ROWS = 100  # of each window
DAY = 86_400_000
PEOPLE = """
from django.contrib.auth import get_user_model
from django.test import Client
from clusters.kinds.base import Role
from clusters.models import Grant
for number in range({size}):
    user = get_user_model().objects.create_user(username=f"crowd-{{number}}")
    Grant.objects.create(user=user, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    print("; ".join(f"{{name}}={{morsel.value}}" for name, morsel in client.cookies.items()))
"""


def stamp() -> int:
    """This moment, in milliseconds of its day: small enough for a count of restarts."""
    return int(time.time() * 1000) % DAY


class Follower:
    """One person's list of pods."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self.late: list[float] = []  # milliseconds from each change to its row
        self.snapshots: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._line = line
        self._restarts = ""
        self._reading = asyncio.create_task(self._read())

    async def follow(self, query: str) -> float:
        """Follow this list: milliseconds until its first rows were here."""
        return await self._ask({"op": "sub", "topic": "table", "args": {"table": "pod", **_window(query)}})

    async def change(self, query: str) -> float:
        """Follow another list, as after a key in the search field: milliseconds until its rows were here."""
        return await self._ask({"op": "set", "args": _window(query)})

    async def close(self) -> None:
        """Hang up."""
        self._reading.cancel()
        await self._line.close()

    async def _ask(self, frame: dict[str, Any]) -> float:
        began = time.perf_counter()
        await self._line.send_json({"id": 1, **frame})
        await asyncio.wait_for(self.snapshots.get(), 60)
        return (time.perf_counter() - began) * 1000

    async def _read(self) -> None:
        async for message in self._line:
            now = stamp()
            frame = msgspec.json.decode(message.data)
            if frame.get("op") == "ping":
                await self._line.send_json({"op": "ping"})
            elif frame.get("t") == "snap":
                self._restarts = str(frame["columns"].index("restarts"))
                self.snapshots.put_nowait(frame)
            elif frame.get("t") == "patch":
                made = (cells[self._restarts] for _, cells in frame["set"] if self._restarts in cells)
                self.late += [now - one for one in made]


@asynccontextmanager
async def crowd(server: Server, size: int) -> AsyncIterator[Sequence[Follower]]:
    """So many people, each signed in with a socket of their own."""
    people = (await asyncio.to_thread(server.manage, PEOPLE.format(size=size))).split("\n")
    followers: list[Follower] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        try:
            for cookie in filter(None, people):
                headers = {"Cookie": cookie, "Origin": server.url}
                line = await session.ws_connect(f"{server.url}/live/", headers=headers, max_msg_size=0)
                followers.append(Follower(line))
            yield followers
        finally:
            await asyncio.gather(*(one.close() for one in followers))


def lateness(followers: Sequence[Follower]) -> Iterator[float]:
    """Of every row that somebody was sent."""
    for one in followers:
        yield from one.late


def _window(query: str) -> dict[str, Any]:
    return {"query": query, "offset": 0, "limit": ROWS}
