"""What also tells when anybody last changed it: the fields that each program manages carry the time of that."""

from __future__ import annotations

from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import Metadata, Object, Part


class Change(Part, frozen=True, gc=False, rename="camel"):
    """When somebody last changed some of its fields."""

    time: str | None = None


class TracedMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """Metadata with the times of the last changes."""

    managed_fields: list[Change] | None = None


class Traced(Object, frozen=True, gc=False, rename="camel"):
    """The base of those models."""

    metadata: TracedMetadata = TracedMetadata()

    @property
    def changed(self) -> float:
        """When anybody last changed anything about it (its controller too), in epoch seconds; 0.0 when unknown."""
        return max((epoch(one.time) for one in self.metadata.managed_fields or ()), default=0.0)
