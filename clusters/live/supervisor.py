"""The supervisor: one connection per cluster, started with the application and changed while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from importlib import import_module
from typing import Any

from clusters.drivers.base import ENGINES, Driver, Platform
from clusters.drivers.closed import ClosedDriver
from clusters.drivers.keeper import Keeper
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Kind
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.hub import Hub
from clusters.live.resource import Resource
from clusters.live.row import Row, parse_id
from clusters.live.store import Store
from clusters.live.table import TABLES, printed_table

LEARNED_WITHIN = 3.0  # seconds that a page waits for what a cluster says of a kind

# Imported when the first cluster needs it: a host with Docker only never pays for the Kubernetes client.
DRIVERS = {
    "docker": "clusters.drivers.docker:DockerDriver",
    "kubernetes": "clusters.drivers.kubernetes:KubernetesDriver",
    "demo": "clusters.drivers.demo:DemoDriver",
}


def make_driver(
    name: str, settings: Mapping[str, Any], secret: Mapping[str, Any], keeper: Keeper | None = None
) -> Driver:
    """The driver of that name, not connected yet. ``keeper`` keeps secrets that it renews, where it can renew any."""
    module, _, attribute = DRIVERS[name].partition(":")
    driver: Driver = getattr(import_module(module), attribute)(settings, secret)
    if keeper is not None and hasattr(driver, "keeper"):
        driver.keeper = keeper
    return driver


async def _soon(answer: Coroutine[Any, Any, bool]) -> bool:
    async with asyncio.timeout(LEARNED_WITHIN):
        return await answer


class Supervisor:
    """All connected clusters of this process."""

    def __init__(self, link: Callable[[Row], str]) -> None:
        self.connections: dict[int, Connection] = {}
        self.hub = Hub(lambda: list(self.connections.values()), link)
        self._state_listeners: dict[Callable[[Connection], None], None] = {}
        self._set_listeners: dict[Callable[[], None], None] = {}
        self._turned_listeners: dict[Callable[[int, Platform], None], None] = {}

    def add(self, cluster: ClusterInfo, secret: Mapping[str, Any], keeper: Keeper | None = None) -> Connection:
        """Connect a cluster and begin to watch it. Fails never: what is wrong shows as its state."""
        driver = make_driver(cluster.driver, cluster.settings, secret, keeper)
        if driver.platform in ENGINES and cluster.platform in ENGINES:
            driver.platform = cluster.platform  # what it was the last time
        return self._begin(cluster, driver)

    def add_closed(self, cluster: ClusterInfo, platform: Platform, why: ClusterError) -> Connection:
        """Show a cluster that cannot be connected, with the reason."""
        return self._begin(cluster, ClosedDriver(platform, why))

    def _begin(self, cluster: ClusterInfo, driver: Driver) -> Connection:
        connection = self.connections[cluster.id] = Connection(cluster, driver, self._state_changed, self._turned)
        connection.start()
        self._clusters_changed()
        return connection

    def turn(self, cluster: ClusterInfo, platform: Platform) -> None:
        """The same cluster over the same line, as another platform: it has other kinds."""
        connection = self.connections.get(cluster.id)
        if connection is not None and connection.driver.platform != platform:
            connection.become(cluster, platform)
            self._clusters_changed()

    async def remove(self, cluster_id: int) -> None:
        """Let go of a cluster and all that was known of it."""
        if connection := self.connections.pop(cluster_id, None):
            self._clusters_changed()
            await connection.close()

    async def close(self) -> None:
        """Stop everything."""
        self.hub.reset()
        connections, self.connections = list(self.connections.values()), {}
        await asyncio.gather(*(connection.close() for connection in connections), return_exceptions=True)

    def on_state(self, listener: Callable[[Connection], None]) -> Callable[[], None]:
        """Hear when a cluster's state on the screen may have changed. Returns how to stop."""
        self._state_listeners[listener] = None
        return lambda: self._state_listeners.pop(listener, None)

    def on_clusters(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear when clusters were connected or removed. Returns how to stop."""
        self._set_listeners[listener] = None
        return lambda: self._set_listeners.pop(listener, None)

    def on_turned(self, listener: Callable[[int, Platform], None]) -> Callable[[], None]:
        """Hear when a cluster is another platform than it was. Returns how to stop."""
        self._turned_listeners[listener] = None
        return lambda: self._turned_listeners.pop(listener, None)

    def clusters(self) -> Sequence[int]:
        """The numbers of those that are connected."""
        return list(self.connections)

    def driver(self, cluster_id: int) -> Driver:
        """For the gateway only."""
        return self._connection(cluster_id).driver

    def cluster(self, cluster_id: int) -> ClusterInfo:
        """What is kept about a connected cluster. Raises Missing."""
        return self._connection(cluster_id).cluster

    def by_slug(self, slug: str) -> Connection | None:
        """The connection of that address."""
        return next((one for one in self.connections.values() if one.cluster.slug == slug), None)

    def resource(self, cluster_id: int, kind_name: str, uid: str) -> Resource | None:
        """A live resource, as last said."""
        store = self._connection(cluster_id).stores.get(kind_name)
        return store.resources.get(uid) if store else None

    def row(self, row_id: str) -> Row | None:
        """The row with that id, as it is now. Raises Invalid."""
        cluster_id, kind_name, uid = parse_id(row_id)
        connection = self.connections.get(cluster_id)
        store = connection.stores.get(kind_name) if connection else None
        return connection.row(store, uid) if connection and store else None

    def kind(self, cluster_id: int, name: str) -> Kind[Any] | None:
        """The kind of that name on that cluster."""
        store = self._connection(cluster_id).stores.get(name)
        return store.kind if store else None

    async def learn(self, name: str) -> None:
        """Make a list of a kind that no file of ours describes, from what the clusters say of it.

        A cluster that does not answer soon is left out; what was learned of it before stays.
        """
        asked = [one for one in self.connections.values() if one.contact.error is None]
        answers = await asyncio.gather(*(_soon(one.discovered.learn(name)) for one in asked), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, ClusterError | TimeoutError):
                raise answer
        if any(answer is True for answer in answers) or name not in TABLES:
            stores = [one.stores[name] for one in self.connections.values() if name in one.stores]
            if kinds := [store.kind for store in stores if store.kind.printed]:
                TABLES[name] = printed_table(kinds)
                self._clusters_changed()

    def stores(self) -> Sequence[Store]:
        """Every store of every cluster."""
        return [store for connection in self.connections.values() for store in connection.stores.values()]

    def _connection(self, cluster_id: int) -> Connection:
        connection = self.connections.get(cluster_id)
        if connection is None:
            raise Missing("That cluster is not connected.")
        return connection

    def _state_changed(self, connection: Connection) -> None:
        for listener in tuple(self._state_listeners):
            listener(connection)

    def _turned(self, connection: Connection, platform: Platform) -> None:
        for listener in tuple(self._turned_listeners):
            listener(connection.cluster.id, platform)

    def _clusters_changed(self) -> None:
        self.hub.reset()
        for listener in tuple(self._set_listeners):
            listener()
