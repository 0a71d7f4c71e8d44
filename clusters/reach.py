"""Where somebody wants to do something, and whether anything may be done there at all."""

from __future__ import annotations

from django.conf import settings

from clusters.access import Area
from clusters.connections import ClusterLike


def area_in(cluster: ClusterLike, namespace: str | None = None) -> Area:
    """What is asked about; ``namespace`` None is the whole cluster. Read-only by its own setting, or all of us are."""
    return Area(cluster.id, namespace, settings.READ_ONLY or cluster.read_only)
