"""Which kinds a cluster has, by its own word; and stores for those that no file of ours describes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from clusters.drivers.base import Driver, Found, full_name
from clusters.errors import ClusterError
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Kind
from clusters.live.cluster import ClusterInfo
from clusters.live.store import Store

LOOK_EVERY = 60.0  # seconds between two looks at which kinds there are, while somebody looks at the cluster
LEARN_EVERY = 30.0  # seconds for which the columns of a kind are taken for the same
LONGEST = 20.0  # seconds that a look may take
NEVER_PRINTED = {"secrets"}  # their values are read one at a time, by those who may, and are never kept


class Discovered:
    """The kinds of one cluster, as it tells them. ``found`` is empty as long as it has not."""

    def __init__(
        self,
        cluster: ClusterInfo,
        driver: Driver,
        stores: dict[str, Store],
        stop_watching: Callable[[str], None],
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        self.found: dict[str, Found] = {}  # by full name
        self._cluster, self._driver, self._stores, self._stop_watching = cluster, driver, stores, stop_watching
        self._looked = looked  # told when the cluster has said anew which kinds it has
        self._looked_at = float("-inf")
        self._learned_at: dict[str, float] = {}
        self._learning = asyncio.Lock()

    @property
    def age(self) -> float:
        """Seconds since the last look."""
        return time.monotonic() - self._looked_at

    def has(self, kind: Kind[Any]) -> bool:
        """Does the cluster know that kind? As long as it has not told, those of its platform are taken for known."""
        return not self.found or not kind.api or full_name(kind.api) in self.found

    async def look_again(self) -> None:
        """Ask which kinds there are now. What cannot be told is taken to be as it was."""
        with contextlib.suppress(ClusterError, TimeoutError):
            async with asyncio.timeout(LONGEST):
                await self._look()

    async def learn(self, name: str) -> bool:
        """Have a store for that kind, if the cluster has it. True when it is another than before.

        Raises what the cluster answers.
        """
        async with self._learning:
            if not self.found:
                await self._look()
            if name not in self.found or name in DESCRIBED or name in NEVER_PRINTED:
                return False
            if time.monotonic() - self._learned_at.get(name, float("-inf")) < LEARN_EVERY:
                return False
            kind = await self._driver.describe(self.found[name], self._cluster.namespaces)
            self._learned_at[name] = time.monotonic()
            if name in self._stores and _looks_alike(self._stores[name].kind, kind):
                return False
            self._stop_watching(name)
            self._stores[name] = Store(self._cluster.id, kind)
            return True

    async def _look(self) -> None:
        self._looked_at = time.monotonic()
        self.found = {one.name: one for one in await self._driver.discover()}
        for name, store in self._stores.items():
            if store.kind.printed and name not in self.found:
                self._stop_watching(name)  # its definition is gone, and all of it with it
        self._looked()


def _looks_alike(one: Kind[Any], other: Kind[Any]) -> bool:
    """The same API with the same columns: as far as anybody can see, the same kind."""
    return one.api == other.api and _shape(one) == _shape(other)


def _shape(kind: Kind[Any]) -> list[tuple[str, str, bool, bool]]:
    return [(column.key, column.label, column.end, column.hidden) for column in kind.columns]
