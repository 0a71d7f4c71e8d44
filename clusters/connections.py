"""What the gateway needs of the live engine, and no more: tests give it something smaller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from clusters.access import Actor, scope
from clusters.drivers.base import Driver
from clusters.kinds.base import Kind
from clusters.live.resource import Resource


class ClusterLike(Protocol):
    """What we must know of a cluster."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def slug(self) -> str:
        """How it is named in an address."""

    @property
    def read_only(self) -> bool:
        """Nobody acts on it, whatever their role."""

    @property
    def namespaces(self) -> frozenset[str] | None:
        """The only ones that the connection is about; None: all."""


class StoreLike(Protocol):
    """The live resources of one kind of one cluster."""

    @property
    def cluster_id(self) -> int:
        """The cluster they are in."""

    @property
    def kind(self) -> Kind[Any]:
        """What they are."""

    @property
    def resources(self) -> Mapping[str, Any]:
        """By uid."""


class Connections(Protocol):
    """What we need of the live engine. All of these raise Missing for a cluster that is not connected."""

    def driver(self, cluster_id: int) -> Driver:
        """The means to reach it."""

    def cluster(self, cluster_id: int) -> ClusterLike:
        """What is kept about it."""

    def resource(self, cluster_id: int, kind_name: str, uid: str) -> Resource | None:
        """A live resource as last said."""

    def stores(self) -> Sequence[StoreLike]:
        """Every kind of every cluster."""


def sees(connections: Connections, actor: Actor, cluster_id: int) -> Callable[[str | None], bool]:
    """Whether this person may see what is in a namespace of that cluster (None: what has none)."""
    seen = scope(actor, [cluster_id])
    allowed, only = seen.get(cluster_id, frozenset()), connections.cluster(cluster_id).namespaces

    def may(namespace: str | None) -> bool:
        if namespace is None:
            return allowed is None
        return (allowed is None or namespace in allowed) and (only is None or namespace in only)

    return may


def elsewhere(
    connections: Connections, actor: Actor, cluster_id: int, kind_name: str
) -> Sequence[tuple[ClusterLike, Any]]:
    """The live resources of that kind of all other clusters which this person may see, each with its cluster."""
    others = {store.cluster_id for store in connections.stores()} - {cluster_id}
    return [
        (connections.cluster(other), resource)
        for other in sorted(others)
        for resource in visible(connections, actor, other, kind_name)
    ]


def visible(connections: Connections, actor: Actor, cluster_id: int, kind_name: str) -> Sequence[Any]:
    """The live resources of that kind of that cluster which this person may see."""
    seen = scope(actor, [cluster_id])
    if cluster_id not in seen:
        return ()
    allowed = seen[cluster_id]
    return [
        resource
        for store in connections.stores()
        if store.cluster_id == cluster_id and store.kind.name == kind_name
        for resource in store.resources.values()
        if allowed is None or (store.kind.namespaced and resource.namespace in allowed)
    ]
