"""The hosts onto which somebody may get images: from a registry, or from a file."""

from __future__ import annotations

from clusters.access import Actor
from clusters.live.cluster import ClusterInfo
from clusters.registries.access import RUN
from clusters.rights import label_of
from dashboard.nowhere import as_a_whole, seen, why_nowhere

NO_HOST = f"There is no Docker host on which you may do this. It takes the right “{label_of('run')}” on one."


def hosts_of(actor: Actor) -> list[ClusterInfo]:
    """The Docker hosts, by name. In the demonstration there is nothing to get an image from."""
    found = [one for one in _hosts(actor) if as_a_whole(actor, one, RUN).allowed]
    return sorted(found, key=lambda one: one.name.casefold())


def why_not(actor: Actor) -> str:
    """Why they may do it nowhere; "" where they may."""
    decisions = [as_a_whole(actor, one, RUN) for one in _hosts(actor)]
    return "" if any(one.allowed for one in decisions) else why_nowhere(decisions) or NO_HOST


def _hosts(actor: Actor) -> list[ClusterInfo]:
    return [one.cluster for one in seen(actor) if one.cluster.driver == "docker"]
