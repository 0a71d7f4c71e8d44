"""Where somebody may create and change things by YAML: for what a page offers; doing it is decided again."""

from __future__ import annotations

from clusters.access import Actor, Decision, decide
from clusters.apply.served import ServedKind
from clusters.apply.step import LEAST, need
from clusters.kinds.permission import CHANGES
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.permissions import HINT, refusal
from clusters.reach import area_in
from dashboard import nowhere
from dashboard.engine import engine
from dashboard.nowhere import seen, somewhere

ASK_US = "Ask an administrator of Pilothouse."


def may_apply(actor: Actor, connection: Connection, row: Row | None = None) -> Decision:
    """May this person apply YAML there: to that object, or to anything at all?"""
    cluster = connection.cluster
    if row is not None:
        version, _, plural = row.kind.api.rpartition("/")
        served = ServedKind(version, plural, row.kind.label, row.kind.namespaced)
        return decide(actor, area_in(cluster, row.namespace), need(served))
    return somewhere(actor, cluster, LEAST)


async def why_not_edited(actor: Actor, connection: Connection, row: Row) -> tuple[str, str]:
    """Why its YAML may not be changed, and what to do: not by this person, or not by the account that we sign in with.

    "" when it may be, or when the cluster does not say in time.
    """
    decision = may_apply(actor, connection, row)
    if not decision.allowed:
        return decision.reason, ASK_US
    driver = engine.gateway.driver(actor, connection.cluster.id)
    return await refusal(driver, row.kind, row.resource, CHANGES), HINT


def why_nowhere(actor: Actor, only: str = "") -> str:
    """Why this person may apply nothing on the clusters of Kubernetes that they see; "" where they may, or see none."""
    places = (one for one in seen(actor, only) if one.driver.platform == "kubernetes")
    return nowhere.why_nowhere(may_apply(actor, one) for one in places)


def yaml_clusters(actor: Actor, only: str = "") -> list[Connection]:
    """The clusters of Kubernetes on which this person may apply anything, as far as we are asked; real ones first."""
    found = [
        one
        for one in engine.supervisor.connections.values()
        if one.driver.platform == "kubernetes" and only in ("", one.cluster.slug) and may_apply(actor, one).allowed
    ]
    return sorted(found, key=lambda one: (one.cluster.driver == "demo", one.cluster.name.casefold()))
