"""What the command palette finds: pages, resources of all clusters, and what can be done to them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from clusters.access import Actor, Need, Target, decide
from clusters.live.row import Row
from dashboard.engine import address, engine
from dashboard.navigation import navigation

MOST = 12  # resources shown


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette. ``dialog``: opens as a dialog instead of a page."""

    group: str
    label: str
    detail: str
    icon: str
    href: str
    level: str = ""
    dialog: bool = False


def find(actor: Actor, text: str) -> list[Found]:
    """What fits the words, best first. ``restart web`` finds the action; without words, the pages."""
    words = text.casefold().split()[:6]
    pages = [
        Found("Go to", entry.label, group.label, entry.icon, entry.href)
        for group in navigation(actor, "").groups
        for entry in group.entries
        if all(word in entry.label.casefold() for word in words)
    ]
    if not words:
        return pages
    rows = _best(actor, words)
    resources = [_resource(row) for row in rows]
    return [*pages[:5], *resources, *_actions(actor, words)]


def _best(actor: Actor, words: list[str]) -> list[Row]:
    def rank(row: Row) -> tuple[int, int, str]:
        name = row.resource.name.casefold()
        exact = 0 if name == words[0] else 1 if name.startswith(words[0]) else 2
        return exact, len(name), row.id

    return heapq.nsmallest(MOST, _matching(actor, words), key=rank)


def _matching(actor: Actor, words: list[str]) -> Iterator[Row]:
    """All visible resources whose name, namespace and kind hold every word."""
    seen = engine.scope(actor)
    for cluster_id, namespaces in seen.items():
        connection = engine.supervisor.connections[cluster_id]
        for store in connection.stores.values():
            beside = f"\0{store.kind.label}\0{connection.cluster.name}".casefold()
            for uid, resource in store.resources.items():
                if namespaces is not None and (not store.kind.namespaced or resource.namespace not in namespaces):
                    continue
                own = f"{resource.name}\0{resource.namespace}".casefold()
                if any(word in own for word in words) and all(word in own or word in beside for word in words):
                    yield Row(connection.cluster, store.kind, resource, store.health[uid])


def _resource(row: Row) -> Found:
    where = " / ".join(filter(None, [row.cluster.name, row.resource.namespace]))
    return Found(row.kind.plural, row.resource.name, where, row.kind.icon, address(row), row.health.level.name.lower())


def _actions(actor: Actor, words: list[str]) -> list[Found]:
    """``restart web``: the verb first, then what it is for."""
    if len(words) < 2:
        return []
    found = []
    for row in _best(actor, words[1:])[:MOST]:
        namespace = row.resource.namespace if row.kind.namespaced else None
        target = Target(row.cluster.id, namespace, row.cluster.read_only)
        for action in row.kind.actions:
            wanted = action.label.casefold().startswith(words[0]) or action.verb.startswith(words[0])
            if not wanted or not decide(actor, target, Need(action.role, action.right)).allowed:
                continue
            href = f"/act/?{urlencode({'verb': action.verb, 'rows': row.id})}"
            found.append(
                Found("Do", f"{action.label} {row.resource.name}", row.cluster.name, action.icon, href, dialog=True)
            )
    return found[:6]
