"""Ten thousand events in two seconds, and an engine that tells half of them wrongly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

from clusters.live.frame import Frame
from clusters.live.hub import TICK
from tests.faults.proxy import soon
from tests.faults.scene import docker, scene

EVENTS, CONTAINERS = 10_000, 60


class Engine:
    """As much of an engine as a watch needs, kept in memory."""

    def __init__(self) -> None:
        self.containers: dict[str, int] = {f"{number:064x}": 0 for number in range(CONTAINERS)}  # id: restarts
        self.asked: Counter[str] = Counter()
        self.listeners: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode().partition("?")[0]
                self.asked["inspect" if path.endswith("/json") and path.count("/") == 4 else path] += 1
                if path.endswith("/events"):
                    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    self.listeners.add(writer)
                    await writer.drain()
                    await asyncio.sleep(3600)
                body = self.answer(path)
                code = "404 Not Found" if body is None else "200 OK"
                data = b"{}" if body is None else json.dumps(body).encode()
                writer.write(
                    f"HTTP/1.1 {code}\r\nApi-Version: 1.47\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
                )
                await writer.drain()

    def answer(self, path: str) -> Any:
        if path.endswith("/_ping"):
            return "OK"
        if path.endswith("/info"):
            return {"ServerVersion": "28.0", "ID": "x"}
        if path.endswith("/containers/json"):
            return [{"Id": uid, "State": "running", "Status": "Up"} for uid in self.containers]
        uid = path.split("/")[-2]
        if uid not in self.containers:
            return None
        state = {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"}
        return {"Id": uid, "Name": f"/{uid[-6:]}", "State": state, "RestartCount": self.containers[uid]}

    def tell(self, action: str, uid: str) -> None:
        event = json.dumps({"Type": "container", "Action": action, "Actor": {"ID": uid}}).encode() + b"\n"
        for writer in self.listeners:
            writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")


class Tab:
    """A follower that counts what it is sent."""

    def __init__(self) -> None:
        self.frames: list[float] = []

    def deliver(self, frame: Frame) -> None:
        self.frames.append(time.monotonic())


async def test_after_ten_thousand_events_the_screen_equals_a_new_list_and_memory_stays(tmp_path: Path) -> None:
    engine, tab = Engine(), Tab()
    server = await asyncio.start_unix_server(engine.serve, tmp_path / "engine.sock")
    async with scene(("one", docker(tmp_path / "engine.sock"))) as [one]:
        await soon(lambda: one.state == "live" and len(one.shown) == CONTAINERS and engine.listeners)
        one.rows()
        one.sampler.window.followers.add(tab)
        tracemalloc.start()
        began = time.monotonic()
        ids = list(engine.containers)
        for number in range(EVENTS):
            uid = ids[number % CONTAINERS]
            if number % 997 == 996 and uid in engine.containers and len(engine.containers) > 40:
                del engine.containers[uid]
                engine.tell("destroy", uid)
            elif number % 1499 == 1498:
                engine.containers[new := f"{number:064x}"] = 0
                engine.tell("create", new)
            elif uid in engine.containers:
                engine.containers[uid] += 1
                engine.tell("restart", uid)
            if number % 50 == 49:
                await asyncio.sleep(max(0.0, began + 2 * number / EVENTS - time.monotonic()))
        stores = one.connection.stores["container"].resources
        await soon(lambda: {uid: getattr(one, "restart_count") for uid, one in stores.items()} == engine.containers, 15)  # noqa: B009
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await soon(lambda: one.rows() == set(engine.containers), 2)
        assert peak < 50 << 20
        assert engine.asked["inspect"] < EVENTS, "each event was asked about by itself"
        seconds = tab.frames[-1] - tab.frames[0]
        assert len(tab.frames) <= seconds / TICK + 2, "tabs are told once in a tick at most"
    server.close()
