"""The one resource that a topic is about, when it is there and shared with whoever follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.access import Actor, Area, Need, decide
from clusters.errors import Invalid, Missing
from clusters.live.connection import Connection
from clusters.live.resource import Resource
from clusters.live.store import Store
from dashboard.absent import absent
from dashboard.engine import engine


async def found(actor: Actor, args: Mapping[str, Any], need: Need) -> tuple[Connection, Store, Resource]:
    """By ``cluster`` (slug), ``kind`` and ``key``. Raises Invalid, Missing, or NotYet while nobody can tell."""
    slug, kind_name, key = (args.get(name) for name in ("cluster", "kind", "key"))
    if not (isinstance(slug, str) and isinstance(kind_name, str) and isinstance(key, str)):
        raise Invalid("That is not a resource.")
    await engine.learn(kind_name)
    connection = engine.supervisor.by_slug(slug)
    store = connection.stores.get(kind_name) if connection else None
    resource = store.find(key) if store else None
    if connection is None or store is None or resource is None:
        raise absent(actor, connection, kind_name)
    namespace = store.kind.seen_in(resource)
    area = Area(connection.cluster.id, namespace)
    reach = engine.gateway.reach(actor, connection.cluster.id, [store.kind])
    shown = reach is None or namespace in reach
    if not (shown and decide(actor, area, need).allowed):
        raise Missing("It is not there any more.")
    return connection, store, resource
