"""A cluster that is connected more than once tells of the same things each time: they are told once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from clusters.live.connection import Connection
from clusters.live.contact import State

_ORDER: dict[State, int] = {"live": 0, "connecting": 1, "stale": 2, "down": 3, "refused": 4}


def best_heard(connections: Iterable[Connection]) -> list[Connection]:
    """Those that know best first; what several tell of is then taken from the first of them."""
    now = time.time()
    return sorted(connections, key=lambda one: (_ORDER[one.contact.state(now)], one.cluster.id))


def told_by(connections: Iterable[Connection], kind: str, thing: Any) -> list[Connection]:
    """Those that tell of that very thing now.

    An engine can report ids of another one: so they must agree on what it belongs to.
    """
    found = [(one, store.resources.get(thing.uid)) for one in connections if (store := one.stores.get(kind))]
    return [one for one, there in found if there is not None and there.namespace == thing.namespace]


class Once:
    """What was told of so far. Ids of engines, Swarms and clusters are unique over all of them."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def is_new(self, kind: str, resource: Any) -> bool:
        """Was nobody told of it yet? From now on, somebody was."""
        about = (kind, resource.uid)
        is_new = about not in self._told
        self._told.add(about)
        return is_new

    def __contains__(self, about: object) -> bool:
        return about in self._told
