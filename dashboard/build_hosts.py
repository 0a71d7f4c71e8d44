"""The hosts on which somebody may build images."""

from __future__ import annotations

from clusters.access import Actor, decide
from clusters.build.running import NEED
from clusters.drivers.base import ENGINES
from clusters.live.cluster import ClusterInfo
from clusters.reach import area_in
from dashboard.engine import engine


def hosts_of(actor: Actor) -> list[ClusterInfo]:
    """The Docker hosts on which this person may build."""
    found = [
        one.cluster
        for one in engine.supervisor.connections.values()
        if one.driver.platform in ENGINES
        and one.cluster.driver != "demo"
        and decide(actor, area_in(one.cluster), NEED).allowed
    ]
    return sorted(found, key=lambda one: one.name.casefold())
