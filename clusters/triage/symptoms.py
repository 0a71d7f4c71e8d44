"""What is seen to be wrong, one by one, before causes are looked for; and who owns what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.kinds.base import Health, Kind, Level
from clusters.live.store import Store

BAD = (Level.FAILING, Level.AT_RISK)
UNWELL = (*BAD, Level.UNKNOWN)
LONGEST_CHAIN = 8


@dataclass(frozen=True, slots=True)
class Heard:
    """One cluster as the triage needs it. Times are epoch seconds."""

    id: int
    name: str
    platform: str
    state: str  # connecting, live, stale, down, refused
    stores: Mapping[str, Store]  # by kind name
    heard: float = 0.0  # when it last answered; 0.0: never
    why: str = ""
    hint: str = ""
    about: str = ""
    noticed: Sequence[Store] = ()  # what is wrong with kinds that are not always watched, and nothing else of them


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource with its kind and how it is."""

    cluster: int
    kind: Kind[Any]
    resource: Any
    health: Health

    @property
    def row(self) -> str:
        """The id of its row."""
        return f"{self.cluster}~{self.kind.name}~{self.resource.uid}"


def thing(store: Store, uid: str) -> Thing | None:
    """The resource of a store as a thing."""
    resource, health = store.resources.get(uid), store.health.get(uid)
    return Thing(store.cluster_id, store.kind, resource, health) if resource is not None and health else None


def top_owner(stores: Mapping[str, Store], child: Thing) -> Thing:
    """Who is responsible in the end: the deployment of a pod; itself where nobody is, or the owner is not known."""
    top = child
    for _ in range(LONGEST_CHAIN):
        owner = top.kind.owner(top.resource) if top.kind.owner else None
        store = stores.get(owner[0]) if owner else None
        above = thing(store, owner[1]) if store and owner else None
        if above is None:
            return top
        top = above
    return top


def image_of(one: Thing) -> str:
    """The image it runs; "" where that makes no sense."""
    return one.kind.workload.image(one.resource) if one.kind.workload else ""


def node_of(one: Thing) -> str:
    """The machine it runs on; "" where that is not known."""
    for holder, field in ((getattr(one.resource, "spec", None), "nodeName"), (one.resource, "node")):
        for name in (field, "node_name"):
            if isinstance(found := getattr(holder, name, None), str):
                return found
    return ""
