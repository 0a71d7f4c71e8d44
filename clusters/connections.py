"""What the gateway needs of the live engine, and no more: tests give it something smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from clusters.access import Actor, Scope, scope, sees_kind
from clusters.drivers.base import Driver
from clusters.errors import ClusterError
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

    @property
    def listed(self) -> bool:
        """Were they told at all? Otherwise none means nothing."""

    @property
    def trouble(self) -> ClusterError | None:
        """Why they cannot be seen."""


class Connections(Protocol):
    """What we need of the live engine. All of these raise Missing for a cluster that is not connected."""

    def clusters(self) -> Sequence[int]:
        """The numbers of those that are connected."""

    def driver(self, cluster_id: int) -> Driver:
        """The means to reach it, with the account of its connection. What a person asks, ``Gateway.driver`` sends."""

    def cluster(self, cluster_id: int) -> ClusterLike:
        """What is kept about it."""

    def resource(self, cluster_id: int, kind_name: str, uid: str) -> Resource | None:
        """A live resource as last said."""

    def stores(self) -> Sequence[StoreLike]:
        """Every kind of every cluster."""


def seen(connections: Connections, actor: Actor, clusters: Iterable[int], kinds: Iterable[Kind[Any]] = ()) -> Scope:
    """What of these clusters this person may look at; nothing of one that is asked as them and was not asked yet."""
    kinds = tuple(kinds)
    found = scope(actor, clusters, kinds)
    return {one: frozenset() if _unasked(connections, actor, one) else namespaces for one, namespaces in found.items()}


def _unasked(connections: Connections, actor: Actor, cluster_id: int) -> bool:
    line = connections.driver(cluster_id)
    return actor.limits_on(cluster_id) is None and line.as_person(actor.name) is not line


def sees(connections: Connections, actor: Actor, cluster_id: int) -> Callable[[str | None], bool]:
    """Whether this person may see what is in a namespace of that cluster (None: what has none)."""
    reach = seen(connections, actor, [cluster_id])
    allowed, only = reach.get(cluster_id, frozenset()), connections.cluster(cluster_id).namespaces

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
    store = next(
        (one for one in connections.stores() if one.cluster_id == cluster_id and one.kind.name == kind_name), None
    )
    reach = seen(connections, actor, [cluster_id], [store.kind] if store else ())
    if store is None or cluster_id not in reach:
        return ()
    allowed = reach[cluster_id]
    return [
        resource for resource in store.resources.values() if allowed is None or store.kind.seen_in(resource) in allowed
    ]


def shows(connections: Connections, actor: Actor, cluster_id: int, kind_name: str, namespace: str | None) -> bool:
    """Does the cluster itself show that kind there to this person, where it is asked as them?"""
    stores = (one for one in connections.stores() if one.cluster_id == cluster_id and one.kind.name == kind_name)
    kind = next((one.kind for one in stores), None)
    return kind is None or sees_kind(actor, cluster_id, kind, namespace)
