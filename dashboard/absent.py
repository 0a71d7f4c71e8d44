"""What is not found is not always gone: right after a start, or a new connection, nobody knows yet."""

from __future__ import annotations

from clusters.access import Actor
from clusters.errors import Missing, NotYet
from clusters.live.connection import Connection
from dashboard.engine import engine


def absent(actor: Actor, connection: Connection | None, kind_name: str) -> Missing:
    """What to raise for a resource of that kind that is not found; its list is asked for where it is still to come."""
    gone = Missing("It is not there any more.")
    if connection is None or connection.cluster.id not in engine.scope(actor):
        return gone
    store = connection.stores.get(kind_name)
    if store is None:
        return gone if connection.discovered.found else NotYet()
    if store.is_known:
        return gone
    with connection.wanted(kind_name):
        return NotYet()
