"""The hosts on which somebody may build images."""

from __future__ import annotations

from django.conf import settings

from clusters.access import Actor, Target, decide
from clusters.build.running import NEED
from clusters.live.cluster import ClusterInfo
from dashboard.engine import engine


def hosts_of(actor: Actor) -> list[ClusterInfo]:
    """The Docker hosts on which this person may build."""
    found = [
        one.cluster
        for one in engine.supervisor.connections.values()
        if one.driver.platform == "docker"
        and one.cluster.driver != "demo"
        and decide(actor, Target(one.cluster.id, None, settings.READ_ONLY or one.cluster.read_only), NEED).allowed
    ]
    return sorted(found, key=lambda one: one.name.casefold())
