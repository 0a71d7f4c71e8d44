"""What each cluster that is asked as the signed-in person shows them: asked as them, and believed for a minute.

The stores are filled with the account of the connection; an ``Actor`` carries what a cluster lets the person list, and
``access`` lets nobody see more. Where a cluster does not say it, nothing is seen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from clusters.access import Actor, Limits, Namespaces
from clusters.connections import Connections
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Refused, Unreachable
from clusters.kinds.base import Kind

KEPT = 60.0  # seconds that an answer is believed
SILENT = 10.0  # until a cluster that did not say is asked again
PATIENCE = 3.0  # that a page waits for it
LAST_WORD = 600.0  # that the last answer counts while the cluster is silent: its rows do not change then, either
MOST = 5000  # answers that are kept
LOOK = 0.05  # seconds between two looks for the list of namespaces
LISTING = 1.0  # seconds that it is waited for, and that an answer without it is believed


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is shown, and why (``Limits``)."""

    why: str
    namespaces: Namespaces = frozenset()

    def of(self, kind: Kind[Any]) -> Namespaces:
        """Nowhere."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Early:
    """What is known before the namespaces are listed: the cluster was not asked about all of them (``Limits``)."""

    so_far: Limits
    why: str = "Which namespaces it has is not known yet, so less is shown than it lets you see."

    @property
    def namespaces(self) -> Namespaces:
        """Those that it was asked about."""
        return self.so_far.namespaces

    def of(self, kind: Kind[Any]) -> Namespaces:
        """The same for one kind."""
        return self.so_far.of(kind)


@dataclass(slots=True)
class _Answer:
    driver: Driver  # that gave it: a cluster that is connected anew is asked anew
    limits: Limits
    until: float
    heard: float


class Narrowing:
    """The answers of this process. Whoever asks what is being asked already waits for that answer."""

    def __init__(self, connections: Connections, clock: Callable[[], float] = time.monotonic) -> None:
        self._connections, self._clock = connections, clock
        self._answers: dict[tuple[int, str], _Answer] = {}
        self._asking: dict[tuple[int, str, Driver], asyncio.Task[Limits]] = {}

    async def of(self, actor: Actor) -> Actor:
        """The same person, with what each of these clusters lets them list."""
        drivers = {one: self._driver(one, actor) for one in self._connections.clusters() if actor.grants}
        asked = {one: driver for one, driver in drivers.items() if driver is not None}
        if not asked:
            return replace(actor, limits=()) if actor.limits else actor
        found = await asyncio.gather(*(self._limits(one, driver, actor) for one, driver in asked.items()))
        return replace(actor, limits=tuple(zip(asked, found, strict=True)))

    def _driver(self, cluster_id: int, actor: Actor) -> Driver | None:
        """The driver that acts as them; None where the cluster is asked as the account of its connection."""
        line = self._connections.driver(cluster_id)
        personal = line.as_person(actor.name)
        return None if personal is line else personal

    async def _limits(self, cluster_id: int, driver: Driver, actor: Actor) -> Limits:
        key = cluster_id, actor.name
        known = self._answers.get(key)
        if known is not None and known.driver is driver and self._clock() < known.until:
            return known.limits
        task = self._asking.get((*key, driver))
        if task is None:
            task = asyncio.create_task(self._ask(cluster_id, driver, actor), name="what a cluster shows somebody")
            self._asking[*key, driver] = task
            task.add_done_callback(lambda _: self._asking.pop((*key, driver), None))
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(task)
        except TimeoutError:
            return self._last_word(key, driver, "The cluster does not say what it lets you see.")

    async def _ask(self, cluster_id: int, driver: Driver, actor: Actor) -> Limits:
        key, kept = (cluster_id, actor.name), KEPT
        limits: Limits
        try:
            named = self._named(cluster_id, actor)
            listed = named if named is not None else await self._listed(cluster_id)
            asked = await driver.limits((listed or frozenset()) | self._granted(cluster_id, actor))
            limits, heard = asked or Nothing("The cluster does not say what it lets you see."), self._clock()
            if listed is None and limits.namespaces is not None:
                limits, kept = Early(limits), LISTING
        except Unreachable as error:
            limits, heard, kept = self._last_word(key, driver, error.message), self._heard(key, driver), SILENT
        except ClusterError as error:
            limits, heard, kept = Nothing(f"{error.message} {error.hint}".strip()), 0.0, SILENT
        if len(self._answers) >= MOST:
            self._answers.clear()
        self._answers[key] = _Answer(driver, limits, self._clock() + kept, heard)
        return limits

    def _named(self, cluster_id: int, actor: Actor) -> frozenset[str] | None:
        """The only ones it can be about, as granted or by the connection; None where it is about whatever there is."""
        grants = [grant for grant in actor.grants if grant.cluster in (None, cluster_id)]
        if all(grant.namespaces for grant in grants):
            return self._granted(cluster_id, actor)
        return self._connections.cluster(cluster_id).namespaces

    def _granted(self, cluster_id: int, actor: Actor) -> frozenset[str]:
        grants = [grant for grant in actor.grants if grant.cluster in (None, cluster_id)]
        return frozenset().union(*(grant.namespaces for grant in grants))

    async def _listed(self, cluster_id: int) -> frozenset[str] | None:
        """Those that are there; None while nobody knows, as in the first moments of a connection."""
        for _ in range(int(LISTING / LOOK)):
            stores = (one for one in self._connections.stores() if one.cluster_id == cluster_id)
            store = next((one for one in stores if one.kind.name == "namespace"), None)
            if store is None or isinstance(store.trouble, Refused):
                return frozenset()  # there is no more to know: the account may not list them
            if store.listed:
                return frozenset(one.name for one in store.resources.values())
            if store.trouble is not None:
                return None
            await asyncio.sleep(LOOK)
        return None

    def _heard(self, key: tuple[int, str], driver: Driver) -> float:
        known = self._answers.get(key)
        return known.heard if known is not None and known.driver is driver else 0.0

    def _last_word(self, key: tuple[int, str], driver: Driver, why: str) -> Limits:
        known = self._answers.get(key)
        if known is not None and known.driver is driver and self._clock() - known.heard < LAST_WORD:
            return known.limits
        return Nothing(why)
