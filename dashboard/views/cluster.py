"""A cluster's own page: what it is, how well it is heard, what it holds, and what is wrong in it."""

from __future__ import annotations

import asyncio
import time

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from clusters.errors import ClusterError, InPart
from clusters.kinds.base import Level, Role
from clusters.live.connection import Connection
from clusters.live.table import TABLES
from clusters.permissions import NotPermitted
from dashboard import compose_rights
from dashboard.access import allow, cluster_or_404
from dashboard.deploy_rights import offered
from dashboard.engine import engine
from dashboard.narrowed import acting_as, narrowed
from dashboard.navigation import list_address
from dashboard.nowhere import Offered
from dashboard.page import page
from dashboard.request import Request
from dashboard.yaml_rights import may_apply


@allow(Role.VIEWER, scope="cluster")
async def cluster(request: Request, cluster: str) -> HttpResponse:
    """The page."""
    connection = await cluster_or_404(request, cluster)
    await _learn(connection)
    return page(
        request,
        "pages/cluster.html",
        {
            "cluster": connection.cluster,
            "platform": connection.driver.platform,
            "about": connection.about,
            "state": connection.contact.state(time.time()),
            "heard": connection.contact.heard,
            "error": connection.contact.error,
            "kinds": [_kind(connection, name, request) for name in _listed(connection)],
            "yaml": _yaml(request, connection),
            "compose": compose_rights.offered(request.actor, "project", connection.cluster.slug),
            "stacks": compose_rights.offered(request.actor, "stack", connection.cluster.slug),
            "deploy": await offered(request.actor, ["deployment"], connection.cluster.slug),
            "all_kinds": len(connection.discovered.found),
            "hidden": _is_hidden(connection),
            "acts_as": acting_as(request.actor, connection.cluster.id),
            "narrowed": narrowed(request.actor, [connection.cluster.id]),
            "namespaces": sorted(connection.cluster.namespaces or ()),
        },
    )


@allow(Role.VIEWER, scope="cluster")
async def check_again(request: Request, cluster: str) -> HttpResponse:
    """Try now instead of when the back-off ends."""
    connection = await cluster_or_404(request, cluster)
    connection.retry()
    return redirect(f"/clusters/{cluster}/")


def _yaml(request: Request, connection: Connection) -> Offered | None:
    if connection.driver.platform != "kubernetes":
        return None
    decision = may_apply(request.actor, connection)
    return (
        Offered(reverse("yaml", args=[connection.cluster.slug])) if decision.allowed else Offered("", decision.reason)
    )


async def _learn(connection: Connection) -> None:
    """Ask what it is, once; a cluster that does not answer does not hold up its own page."""
    if connection.about is None:
        try:
            connection.line.about = await asyncio.wait_for(connection.driver.about(), 2)
        except (TimeoutError, ClusterError):
            return


def _is_hidden(connection: Connection) -> bool:
    """Is there anything that can only be seen when namespaces are chosen?"""
    stores = connection.stores.values()
    refused = [
        one for one in stores if one.kind.namespaced and not one.listed and isinstance(one.trouble, NotPermitted)
    ]
    return bool(refused) and connection.cluster.namespaces is None


def _listed(connection: Connection) -> list[str]:
    """The kinds that have a place in the sidebar."""
    stores = connection.stores.items()
    return [name for name, store in stores if store.kind.group and connection.discovered.has(store.kind)]


def _kind(connection: Connection, name: str, request: Request) -> dict[str, object]:
    """One kind with how many of it are visible to this person, and how they are."""
    store = connection.stores[name]
    visible = engine.gateway.visible(request.actor, connection.cluster.id, name)
    levels = [store.health[resource.uid].level for resource in visible]
    worst = min(levels, default=Level.HEALTHY)
    return {
        "kind": store.kind,
        "count": len(visible) if store.listed else None,
        "worst": worst.name.lower(),
        "bad": sum(level <= Level.AT_RISK for level in levels),
        "trouble": None if isinstance(store.trouble, InPart) and not visible else store.trouble,
        "href": f"{list_address(TABLES[name])}?cluster={connection.cluster.slug}",
    }
