"""What a page asks for by a name that the live list does not know (yet): the cluster itself is asked."""

from __future__ import annotations

from typing import Any

from clusters.access import Actor, Need
from clusters.errors import ClusterError
from clusters.gateway import Gateway
from clusters.kinds.base import Kind, Role
from clusters.shells import in_time

SECONDS = 5.0


async def uid_of(gateway: Gateway, actor: Actor, cluster_id: int, kind: Kind[Any], name: str) -> str:
    """What has that name there, a further name of it too; "" when nothing has, or this person may not know.

    Only for kinds without namespaces: whoever sees their cluster as a whole sees all of them.
    """
    try:
        await gateway.see(actor, cluster_id, None, Need(Role.VIEWER, acts=False), kind=kind.name)
        found = await in_time(gateway.driver(actor, cluster_id).get(kind, "", name), SECONDS)
    except ClusterError:
        return ""
    uid = found.get("Id")
    return uid if isinstance(uid, str) else ""
