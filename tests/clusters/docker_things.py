"""What the tests of Docker's kinds share: recorded objects, and the live stores of a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from clusters.drivers.base import Driver
from clusters.drivers.docker.watch import versioned
from clusters.kinds.docker.container_model import Container
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.resource import Resource
from clusters.live.row import Row

RECORDED = Path(__file__).parent.parent / "recorded" / "docker"
ENGINES = ("29", "20.10")


def recorded(name: str, engine: str) -> Any:
    """What that engine really answered."""
    return msgspec.json.decode((RECORDED / f"{name}-{engine}.json").read_bytes())


def read(tree: Any, model: type[Any]) -> Any:
    """A resource, as the driver reads it."""
    found = versioned(msgspec.json.encode(tree), model)
    assert isinstance(found, model)
    return found


def shop_web(engine: str) -> Container:
    """The container that uses what was recorded beside it."""
    found = read(recorded("project-container", engine), Container)
    assert isinstance(found, Container)
    return found


def row(kind: Any, resource: Resource) -> Row:
    """The resource as a row of a cluster."""
    return Row(ClusterInfo(1, "box", "box", "docker", "docker"), kind, resource, kind.health(resource))


@asynccontextmanager
async def connected(driver: Driver, *kinds: str, learn: bool = False) -> AsyncIterator[Connection]:
    """A connection whose stores of these kinds are kept, and have been listed."""
    connection = Connection(ClusterInfo(1, "box", "box", "docker", "docker"), driver, lambda _: None)
    connection.start()
    try:
        for kind in kinds if learn else ():
            await connection.discovered.learn(kind)
        with connection.wanted(*kinds):
            await until(lambda: all(connection.stores[kind].listed for kind in kinds))
            yield connection
    finally:
        await connection.close()


async def until(right: Callable[[], Any], within: float = 10.0) -> Any:
    """Wait until it is so; what it gave."""
    async with asyncio.timeout(within):
        while not (found := right()):
            await asyncio.sleep(0.01)
        return found
