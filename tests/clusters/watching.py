"""A reflector on a fake API server, and what it said so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.reading import Objects
from clusters.drivers.kubernetes.watch import Reflector, Timing
from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.pod import POD
from clusters.live.resource import Alive, Broken, Changed, FeedItem, Listed
from clusters.live.store import Store
from tests.clusters.fake_api import FakeApi, serving

Rest = Callable[[float], Awaitable[bool]]


class Watching:
    """A reflector, what it said so far, a store fed by it, and how long it wanted to sleep."""

    def __init__(
        self, api: FakeApi, server: ApiServer, kind: Kind[Any] = POD, *, watched: bool = True, rest: Rest | None = None
    ) -> None:
        self.api, self.server = api, server
        self.items: list[FeedItem] = []
        self.sleeps: list[float] = []
        self.store = Store(1, kind)
        timing = Timing(sleep=self._sleep, watch_for=lambda: 300.0, rest=rest)
        self.feed = Reflector(server, "v1/pods", Objects(kind.model), timing=timing, watched=watched).run()

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(0.001)

    async def until(self, wanted: Callable[[FeedItem], object]) -> FeedItem:
        """Read on until an item fits."""
        async with asyncio.timeout(5):
            async for item in self.feed:
                self.items.append(item)
                self.store.apply(item)
                if wanted(item):
                    return item
        raise AssertionError("the feed ended")

    async def listed(self) -> Listed:
        item = await self.until(lambda item: isinstance(item, Listed))
        assert isinstance(item, Listed)
        return item

    async def broken(self) -> Broken:
        item = await self.until(lambda item: isinstance(item, Broken))
        assert isinstance(item, Broken)
        return item

    async def alive(self) -> None:
        await self.until(lambda item: isinstance(item, Alive))

    async def changed(self) -> Changed:
        item = await self.until(lambda item: isinstance(item, Changed))
        assert isinstance(item, Changed)
        return item

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.store.resources.values()}


@asynccontextmanager
async def watching(
    *names: str, kind: Kind[Any] = POD, watched: bool = True, rest: Rest | None = None
) -> AsyncIterator[Watching]:
    api = FakeApi()
    for name in names:
        await api.put(name)
    async with serving(api) as server:
        watch = Watching(api, server, kind, watched=watched, rest=rest)
        async with aclosing(watch.feed):  # type: ignore[type-var]
            yield watch
