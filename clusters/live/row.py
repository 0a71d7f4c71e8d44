"""A row: one resource as a list shows it, and the id that finds it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.errors import Invalid
from clusters.kinds.base import Copy, Health, Kind
from clusters.live.cluster import ClusterInfo


@dataclass(slots=True)  # not frozen: a view makes one per row it judges, and frozen costs three times as much
class Row:
    """One resource, with the cluster and the kind it belongs to. ``resource`` is of the kind's model."""

    cluster: ClusterInfo
    kind: Kind[Any]
    resource: Any
    health: Health
    copies_of: Callable[[Any], Sequence[Copy] | None] | None = None  # its store's; None for what has no copies

    @property
    def id(self) -> str:
        """``cluster~kind~uid``: unique over everything, the same in the page, the frames and the actions."""
        return f"{self.cluster.id}~{self.kind.name}~{self.resource.uid}"

    @property
    def key(self) -> str:
        """How it is named in an address."""
        return self.kind.key(self.resource)

    @property
    def namespace(self) -> str | None:
        """The namespace in which rights to act on it are decided; None: it belongs to the whole cluster."""
        return self.kind.namespace_of(self.resource)

    @property
    def seen_in(self) -> str | None:
        """The namespace in which rights to look at it are decided; None: it belongs to the whole cluster."""
        return self.kind.seen_in(self.resource)

    @property
    def restarts(self) -> int | None:
        """How often it, or any of its copies, was started again; None when that is not known."""
        if self.copies_of is None:
            return self.kind.workload.restarts(self.resource) if self.kind.workload else None
        copies = self.copies_of(self.resource)
        return None if copies is None else sum(one.restarts for one in copies)


def parse_id(text: str) -> tuple[int, str, str]:
    """``cluster~kind~uid`` taken apart. Raises Invalid."""
    parts = text.split("~", 2)
    if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdigit() or len(text) > 400 or not all(parts):
        raise Invalid("That is not a row of a list.")
    return int(parts[0]), parts[1], parts[2]
