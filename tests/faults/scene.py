"""A supervisor with clusters of its own, a sampler that never looks away, and what the cluster itself would say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.drivers.kubernetes.driver import KubernetesDriver
from clusters.live import contact
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.query import parse
from clusters.live.supervisor import Supervisor
from clusters.live.window import Window


@dataclass
class Sampler:
    """Every few milliseconds: the state on the screen, its age, and the rows. ``lies`` are moments that were wrong."""

    connection: Connection
    window: Window
    moments: list[tuple[float, str, float]] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            now = time.time()
            self.moments.append((now, self.connection.contact.state(now), self.connection.contact.heard))
            await asyncio.sleep(0.01)

    def states(self, since: float = 0.0) -> list[str]:
        """The states that were shown since then, each once in a row."""
        found: list[str] = []
        for at, state, _ in self.moments:
            if at >= since and (not found or found[-1] != state):
                found.append(state)
        return found

    def first(self, states: Iterable[str], since: float) -> float:
        """When one of them was first shown after that, in seconds after it; infinite when never."""
        return next((at - since for at, state, _ in self.moments if at >= since and state in states), float("inf"))

    def live_without_word(self) -> float:
        """For how long old data was shown as live at the most: it may never be longer than silence is believed."""
        return max((at - heard for at, state, heard in self.moments if state == "live"), default=0.0)


@dataclass
class Scene:
    """What a page shows of one cluster, and what is true."""

    supervisor: Supervisor
    connection: Connection
    sampler: Sampler
    kind: str

    @property
    def state(self) -> str:
        return self.connection.contact.state(time.time())

    @property
    def shown(self) -> dict[str, str]:
        """Name and version of what the store holds, by uid."""
        return {uid: one.version for uid, one in self.connection.stores[self.kind].resources.items()}

    def rows(self) -> set[str]:
        """The uids of the rows on the screen."""
        return {row["id"].rsplit("~", 1)[1] for row in self.sampler.window.snapshot()["rows"]}


@asynccontextmanager
async def scene(*drivers: tuple[str, Any], kind: str = "container", query: str = "") -> AsyncIterator[list[Scene]]:
    """Clusters by these names and drivers, each looked at, each with a sampler."""
    supervisor = Supervisor(lambda row: f"/{row.key}")
    scenes: list[Scene] = []
    tasks: list[asyncio.Task[None]] = []
    with ExitStack() as looking:
        for number, (name, driver) in enumerate(drivers, 1):
            info = ClusterInfo(number, name, name, driver.platform, driver.platform)
            connection = Connection(info, driver, lambda _: None)
            supervisor.connections[number] = connection
            connection.start()
        for number, connection in supervisor.connections.items():
            asked = parse(kind, query, {number: None})
            window = looking.enter_context(supervisor.hub.window(asked, 0, 200))
            sampler = Sampler(connection, window)
            tasks.append(asyncio.create_task(sampler.run()))
            scenes.append(Scene(supervisor, connection, sampler, kind))
        try:
            yield scenes
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await supervisor.close()


def docker(socket: Path | str) -> DockerDriver:
    """A driver of the engine at that socket."""
    return DockerDriver({"address": f"unix://{socket}"}, {})


def kubernetes(server: str) -> KubernetesDriver:
    """A driver of the (plain HTTP) API server there."""
    return KubernetesDriver({"server": server}, {})


async def truth(driver: DockerDriver) -> set[str]:
    """The ids of all containers, as the engine says when it is asked directly."""
    return {one["Id"] for one in await driver.call(Call("GET", ("containers", "json"), {"all": "1"}))}


def hurry(monkeypatch: Any, by: float = 5.0) -> None:
    """All waits of the live state that many times shorter, in the same proportion."""
    from clusters.drivers.docker import events
    from clusters.live import line_check

    for module, name in (
        (contact, "STALE_AFTER"), (contact, "DOWN_AFTER"), (line_check, "PING_EVERY"),
        (events, "FIRST_WAIT"), (events, "LONGEST_WAIT"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, getattr(module, name) / by)
