"""What the engine must know of a cluster: the row that is kept about it, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """One cluster. The database row may change; this does not: a changed cluster is connected anew."""

    id: int
    name: str
    slug: str
    driver: str
    platform: str
    colour: str = "grey"
    production: bool = False
    read_only: bool = False
    namespaces: frozenset[str] | None = None  # the only ones its credential may list; None: all
    settings: dict[str, Any] = field(default_factory=dict)
