"""What whole clusters use: sampled every ten seconds while somebody looks at Home, and kept for an hour.

Cheap: one call for all nodes of a Kubernetes cluster; on a Docker host one for each running container, up to fifty.
Nobody looks: no call. What is not measured says why, and is never shown as nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import About, Usage
from clusters.errors import ClusterError
from clusters.kinds.formats import plain
from clusters.live.usage import total

if TYPE_CHECKING:
    from clusters.live.connection import Connection
    from clusters.live.store import Store
    from clusters.live.supervisor import Supervisor

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds
HOUR = 3600.0
KEPT = int(HOUR / EVERY)  # samples of a cluster
FRESH = 3 * EVERY  # seconds a sample counts as now
LIMIT = 8.0  # seconds one cluster may take to answer
FIRST_WAIT = 0.5  # seconds before a cluster that was just connected is looked at again
MOST = 50  # things that are measured one by one for one total


@dataclass(slots=True)
class _Watched:
    history: deque[Usage]
    why_not: str = ""  # "" while it is measured, or nothing is known yet


class Totals:
    """One per process, on the event loop of the stores."""

    def __init__(self, supervisor: Supervisor, sampled: Callable[[], None] = lambda: None) -> None:
        self._supervisor = supervisor
        self._sampled = sampled  # told after each round
        self._lookers: Counter[int] = Counter()
        self._watched: dict[int, _Watched] = {}
        self._wake = asyncio.Event()

    def look(self, clusters: Iterable[int]) -> Callable[[], None]:
        """Somebody looks at the totals of these. Returns how to look away."""
        mine = list(clusters)
        self._lookers.update(mine)
        self._wake.set()

        def look_away() -> None:
            self._lookers.subtract(mine)
            self._lookers = +self._lookers

        return look_away

    def history(self, cluster_id: int) -> Sequence[Usage]:
        """Up to an hour of samples, oldest first; only of times when somebody looked."""
        watched = self._watched.get(cluster_id)
        horizon = time.time() - HOUR
        return [one for one in watched.history if one.at >= horizon] if watched else []

    def last(self, cluster_id: int) -> Usage | None:
        """The newest sample, unless it is too old to be shown as now."""
        history = self.history(cluster_id)
        return history[-1] if history and time.time() - history[-1].at <= FRESH else None

    def why_not(self, cluster_id: int) -> str:
        """Why there is no sample of it; "" when there is, or none was asked for yet."""
        watched = self._watched.get(cluster_id)
        return watched.why_not if watched else ""

    async def run(self) -> None:
        """Sample for ever; at rest while nobody looks."""
        self._wake = asyncio.Event()  # of the loop that we run on
        while True:
            self._wake.clear()
            looked_at = [self._supervisor.connections[one] for one in self._lookers if self._is_there(one)]
            self._watched = {one: kept for one, kept in self._watched.items() if self._is_there(one)}
            if looked_at:
                await asyncio.gather(*(self._sample(connection) for connection in looked_at))
                self._sampled()
            try:
                async with asyncio.timeout(self._pause(looked_at)):
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0.2)  # somebody has just opened the page: its clusters may still be connecting

    def _pause(self, looked_at: Sequence[Connection]) -> float | None:
        if not self._lookers:
            return None
        return FIRST_WAIT if any(_is_loading(one) for one in looked_at) else EVERY

    def _is_there(self, cluster_id: int) -> bool:
        return cluster_id in self._supervisor.connections

    async def _sample(self, connection: Connection) -> None:
        watched = self._watched.setdefault(connection.cluster.id, _Watched(deque(maxlen=KEPT)))
        if watched.history and time.time() - watched.history[-1].at < EVERY / 2:
            return  # somebody else has just opened Home
        watched.why_not = ""
        if connection.contact.error is not None:
            watched.why_not = "does not answer"
            return
        store = next((one for one in connection.stores.values() if one.kind.makes_up_usage), None)
        if store is None or not store.listed:
            watched.why_not = _hidden(store)
            return
        if connection.about is None:
            return  # it has not said yet what it is
        parts = [one for one in store.resources.values() if getattr(one, "running", True)]
        if len(parts) > MOST and not store.kind.usage_at_once:
            watched.why_not = f"runs more than {MOST} {plain(store.kind.plural)}"
            return
        measured = await _measure(connection, connection.about, store, parts)
        if measured is None:
            watched.why_not = "tells no usage"
        else:
            watched.history.append(measured)


async def _measure(connection: Connection, about: About, store: Store, parts: Sequence[Any]) -> Usage | None:
    now = time.time()
    if not parts:  # nothing runs there, so nothing is used
        samples = [Usage(at=now, cpu=0.0, memory=0.0)]
    else:
        try:
            async with asyncio.timeout(LIMIT):
                found = await connection.driver.usage(store.kind, parts)
        except (TimeoutError, ClusterError) as error:
            log.info("the usage of %s: %s", connection.cluster.name, error)
            return None
        except Exception:
            log.exception("the usage of %s could not be measured", connection.cluster.name)
            return None
        samples = list(found.values())
    if not samples:
        return None
    whole = replace(total(samples), at=now)
    if about.cores:  # it is one machine, and its parts have limits of their own, or none
        whole = replace(whole, cpu_limit=about.cores, memory_limit=about.memory)
    return whole if whole.cpu is not None or whole.memory is not None else None


def _hidden(store: Store | None) -> str:
    if store is None:
        return "tells no usage"
    return f"does not show its {plain(store.kind.plural)}" if store.trouble is not None else ""


def _is_loading(connection: Connection) -> bool:
    stores = [one for one in connection.stores.values() if one.kind.makes_up_usage]
    return connection.contact.error is None and (
        connection.about is None or any(not one.listed and one.trouble is None for one in stores)
    )
