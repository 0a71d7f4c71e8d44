"""What of a cluster somebody is not shown, by their grants or by the cluster itself: nothing pretends to be empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clusters.access import Actor, Scope, scope
from clusters.errors import ClusterError
from clusters.kinds.base import Kind
from clusters.kinds.formats import listed, plain
from clusters.live.connection import Connection
from clusters.live.table import Table
from dashboard.engine import engine

MOST_NAMES = 5


def closed(actor: Actor, scope: Scope) -> list[int]:
    """The clusters of which they see nothing at all, because the cluster itself shows them nothing."""
    return [one for one, namespaces in scope.items() if namespaces == frozenset() and actor.limits_on(one)]


def acting_as(actor: Actor, cluster_id: int) -> str:
    """Their name in that cluster; "" where it is asked as the account of its connection."""
    try:
        return engine.gateway.driver(actor, cluster_id).acts_as
    except ClusterError:
        return actor.name


def narrowed(actor: Actor, clusters: Iterable[int], table: Table | None = None) -> list[str]:
    """A sentence for each of these clusters that does not show this list, or its apps, everywhere."""
    return [words for one in clusters if (words := _words(actor, one, table))]


def _words(actor: Actor, cluster_id: int, table: Table | None) -> str:
    limits, connection = actor.limits_on(cluster_id), engine.supervisor.connections.get(cluster_id)
    if connection is None:
        return ""
    if limits is None:
        return _beyond_grants(actor, connection, table)
    name, who = connection.cluster.name, acting_as(actor, cluster_id)
    if limits.why:
        return f"{name}: {limits.why}"
    kinds = [kind for kind in single(table) if kind.platform == "kubernetes"]
    if table is not None and single(table) and not kinds:
        return ""  # a list of what only other platforms have
    shown = engine.gateway.reach(actor, cluster_id, kinds)
    if shown is None:
        return ""
    what = plain(kinds[0].plural) if kinds else "what runs there"
    if not shown:
        return f"{name} itself does not let “{who}” list {what}{'' if kinds else ', in any namespace'}."
    where = listed(sorted(shown)) if len(shown) <= MOST_NAMES else f"{len(shown)} namespaces"
    return f"{name} itself lets “{who}” list {what} in {where} only."


def _beyond_grants(actor: Actor, connection: Connection, table: Table | None) -> str:
    """What has no namespace is seen by those only with whom no namespace, but all of it is shared."""
    kinds = [kind for kind in single(table) if kind.platform == connection.driver.platform]
    mine = scope(actor, [connection.cluster.id]).get(connection.cluster.id)
    if not kinds or mine is None or any(kind.namespaced or kind.own_namespace for kind in kinds):
        return ""
    where = listed(sorted(mine)) if len(mine) <= MOST_NAMES else f"{len(mine)} namespaces"
    verb = "is" if len(mine) == 1 else "are"
    return f"{kinds[0].plural} belong to the whole of {connection.cluster.name}; only {where} {verb} shared with you."


def single(table: Table | None) -> Sequence[Kind[Any]]:
    """The kinds of a list of one kind. A namespace is only seen by who may list all that runs there (Workloads)."""
    return table.kinds if table is not None and table.name != "workloads" else ()
