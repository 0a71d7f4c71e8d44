"""Where somebody may deploy Compose projects: for what a page offers; doing it is decided again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from clusters.access import Actor, decide, places
from clusters.compose.deploy import NEED
from clusters.compose.versions import is_ours
from clusters.drivers.base import ENGINES
from clusters.live.cluster import ClusterInfo
from clusters.live.row import Row
from clusters.reach import target_in
from clusters.stacks.deploy import versions_name
from dashboard.engine import engine

LOOKS = replace(NEED, acts=False)


def compose_hosts(actor: Actor, only: str = "") -> list[ClusterInfo]:
    """The Docker hosts on which this person may deploy a project: any, or those of names that are granted."""
    found = [
        one.cluster
        for one in engine.supervisor.connections.values()
        if one.driver.platform in ENGINES and one.cluster.driver != "demo" and only in ("", one.cluster.slug)
    ]
    allowed = [
        one
        for one in found
        if any(decide(actor, target_in(one, place), NEED).allowed for place in places(actor, one.id))
    ]
    return sorted(allowed, key=lambda one: one.name.casefold())


def stack_clusters(actor: Actor, only: str = "") -> list[ClusterInfo]:
    """The Swarms to which this person may deploy a stack: any, or those of names that are granted."""
    return [one for one in compose_hosts(actor, only) if one.platform == "swarm"]


async def links_of(actor: Actor, row: Row) -> Mapping[str, str] | None:
    """Where the text of a project or stack and its versions are, if deployed from here; ``why`` they are off."""
    name = row.resource.name
    kept = {"project": name, "stack": versions_name(name)}.get(row.kind.name)
    if kept is None or not await is_ours(row.cluster.id, kept):
        return None
    asked = urlencode({"cluster": row.cluster.slug, "name": row.resource.name})
    decision = decide(actor, target_in(row.cluster, row.resource.name), LOOKS)
    why = "" if decision.allowed else decision.reason
    if why:
        return {"edit": "", "versions": "", "why": why}
    where = "/compose/" if row.kind.name == "project" else "/stacks/"
    return {"edit": f"{where}?{asked}&version=last", "versions": f"{where}versions/?{asked}", "why": ""}
