"""A row: one resource as a list shows it, and the id that finds it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clusters.errors import Invalid
from clusters.kinds.base import Health, Kind
from clusters.live.cluster import ClusterInfo


@dataclass(slots=True)  # not frozen: a view makes one per row it judges, and frozen costs three times as much
class Row:
    """One resource, with the cluster and the kind it belongs to. ``resource`` is of the kind's model."""

    cluster: ClusterInfo
    kind: Kind[Any]
    resource: Any
    health: Health

    @property
    def id(self) -> str:
        """``cluster~kind~uid``: unique over everything, the same in the page, the frames and the actions."""
        return f"{self.cluster.id}~{self.kind.name}~{self.resource.uid}"

    @property
    def key(self) -> str:
        """How it is named in an address."""
        return self.kind.key(self.resource)


def parse_id(text: str) -> tuple[int, str, str]:
    """``cluster~kind~uid`` taken apart. Raises Invalid."""
    parts = text.split("~", 2)
    if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdigit() or len(text) > 400 or not all(parts):
        raise Invalid("That is not a row of a list.")
    return int(parts[0]), parts[1], parts[2]
