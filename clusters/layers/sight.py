"""What somebody may see of the live stores, for the picture of the layers: nothing else gets into it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from clusters.access import Actor, Namespaces
from clusters.connections import seen
from clusters.errors import Invalid, Missing, Unsupported
from clusters.kinds.base import Health, Kind, Level
from clusters.kinds.layered import Elsewhere, Thing
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.resource import Resource
from clusters.live.store import Store
from clusters.live.supervisor import Supervisor
from clusters.registries.reference import HUB, read_reference

UNHEARD = ("stale", "down", "refused")
GONE = Health(Level.STOPPED, "Gone", "It was deleted.")
SILENT = Health(Level.UNKNOWN, "No answer", "Its cluster does not answer, so nobody knows how it is.")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things have their pages; the web knows."""

    page: Callable[[ClusterInfo, Kind[Any], str], str]
    cluster: Callable[[ClusterInfo], str]
    registries: Mapping[str, tuple[str, str]]  # by host: the name and page of those that are kept


# What a thing was made of (a resource, its health, its words), and the thing: of hundreds of copies few change at once.
Known: TypeAlias = dict[str, tuple[Any, Health | None, str, Thing]]


def short_image(name: str) -> str:
    """An image without its registry, which stands beside it: "registry.test:5000/shop/web:2" -> "shop/web:2"."""
    first, slash, rest = name.partition("/")
    return rest if slash and ("." in first or ":" in first or first == "localhost") else name


class Seen:
    """One person's sight of one cluster, and of the engines beside it; made anew for each picture.

    ``before`` are the things of the picture before, which are taken again where nothing of them changed.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        actor: Actor,
        connection: Connection,
        addresses: Addresses,
        before: Known | None = None,
    ) -> None:
        self._before = before or {}
        self.known: Known = {}
        self._supervisor = supervisor
        self._actor = actor
        self._connection = connection
        self._addresses = addresses
        self.met: set[str] = set()  # ids of containers that were asked for, told by an engine or not yet
        self._reach: dict[tuple[int, str], Namespaces] = {}
        self._at = time.time()

    def all(self, kind_name: str, namespace: str | None = None) -> Sequence[Any]:
        """The resources of that kind, in one namespace where one is given, by their names."""
        store = self._connection.stores.get(kind_name)
        if store is None:
            return ()
        found = [one for one in store.resources.values() if namespace is None or one.namespace == namespace]
        return sorted((one for one in found if self._may(store, one)), key=lambda one: (one.namespace, one.name))

    def find(self, kind_name: str, key: str) -> Any | None:
        """The resource with that key or uid."""
        store = self._connection.stores.get(kind_name)
        one = store.find(key) if store else None
        return one if one is not None and store and self._may(store, one) else None

    def below(self, one: Resource, kind_name: str) -> list[Any]:
        """What of that kind is kept by it. A hostile cluster may say that something of another namespace is."""
        store = self._connection.stores.get(kind_name)
        found = self._connection.families.below(one.uid, kind_name) if store else ()
        return [each for each in found if each.namespace == one.namespace and store and self._may(store, each)]

    def thing(self, kind_name: str, one: Any, words: str = "", name: str = "") -> Thing:
        """A resource of this cluster."""
        return self._thing(self._connection, self._connection.stores[kind_name], one, words, name)

    def elsewhere(self, uid: str) -> Elsewhere | None:
        """The container of that id on any engine that is connected, this one among them."""
        self.met.add(uid)
        for connection in self._supervisor.connections.values():
            store = connection.stores.get("container")
            one: Any = store.resources.get(uid) if store else None
            if store is not None and one is not None and self._may(store, one):
                return self._on_engine(connection, store, one)
        return None

    def _on_engine(self, connection: Connection, store: Store, one: Any) -> Elsewhere:
        cluster = connection.cluster
        images = connection.stores.get("image")
        image: Any = images.resources.get(one.image_id) if images else None
        made_from = (
            self._thing(connection, images, image, "", short_image(one.image))
            if images and image and self._may(images, image)
            else None
        )
        engine = Thing(
            f"engine {cluster.id}", cluster.name, "cpu", "Engine", "connected, too",
            SILENT if self._silent(connection) else None, self._addresses.cluster(cluster),
        )  # fmt: skip
        return Elsewhere(self._thing(connection, store, one, f"known to {cluster.name}", ""), engine, made_from)

    def image(self, name: str) -> tuple[Thing, Thing | None]:
        """An image by its name, and the registry it is kept in."""
        try:
            reference = read_reference(name)
        except Invalid:
            return Thing(f"image {name}", name, "package", "Image"), None
        image = Thing(f"image {name}", short_image(name), "package", "Image")
        label, href = self._addresses.registries.get(reference.host, ("", ""))
        host = "Docker Hub" if reference.host == HUB else reference.host
        known = Thing(
            f"registry {reference.host}", label or host, "database", "Registry", host if label else "", None, href
        )
        return image, known

    def unseen(self, kind_name: str) -> str:
        """Why these cannot be told. What a cluster does not have at all is none."""
        store = self._connection.stores.get(kind_name)
        if store is None or isinstance(store.trouble, Missing | Unsupported):
            return ""
        plural = store.kind.plural
        if store.trouble is not None and not store.listed:
            return f"{plural} cannot be told: {store.trouble.message}"
        reach = self._where(store)
        if reach is not None and not reach:
            return f"{plural} are not shown to you here."
        return "" if store.listed else f"{plural} are being asked for."

    def _thing(self, connection: Connection, store: Store, one: Any, words: str, name: str) -> Thing:
        health = store.health.get(one.uid, GONE)
        if connection is not self._connection and self._silent(connection):
            health = SILENT
        about, said = f"{store.prefix}{one.uid}", f"{words}\0{name}"
        known = self.known.get(about) or self._before.get(about)
        if known is None or known[0] is not one or known[1] is not health or known[2] != said:
            known = (one, health, said, self._made(connection, store, one, words, name, health))
        self.known[about] = known
        return known[3]

    def _made(self, connection: Connection, store: Store, one: Any, words: str, name: str, health: Health) -> Thing:
        kind, key = store.kind, store.kind.key(one)
        href = self._addresses.page(connection.cluster, kind, key) if one.uid in store.resources else ""
        return Thing(f"{store.prefix}{key}", name or one.name, kind.icon, kind.label, words, health, href)

    def _silent(self, connection: Connection) -> bool:
        return connection.contact.state(self._at) in UNHEARD

    def _may(self, store: Store, one: Any) -> bool:
        reach = self._where(store)
        return reach is None or (store.kind.namespaced and one.namespace in reach)

    def _where(self, store: Store) -> Namespaces:
        """In which namespaces this person sees that kind."""
        about = (store.cluster_id, store.kind.name)
        if about not in self._reach:
            found = seen(self._supervisor, self._actor, [store.cluster_id], [store.kind])
            self._reach[about] = found.get(store.cluster_id, frozenset())
        return self._reach[about]
