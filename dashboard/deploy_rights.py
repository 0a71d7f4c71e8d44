"""Where somebody may deploy a workload from the form: for what a page offers; doing it is decided again."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from clusters.access import Actor
from clusters.deploy.form import PLURALS
from clusters.deploy.where import Where, where
from clusters.live.connection import Connection
from clusters.permissions import SOON
from dashboard.engine import engine
from dashboard.nowhere import Offered
from dashboard.yaml_rights import why_nowhere, yaml_clusters


async def allowed_in(actor: Actor, connection: Connection, kind: str, within: float = 3.0) -> Where:
    """The namespaces there in which a workload of that kind may be made."""
    cluster = connection.cluster
    return await where(engine.gateway, actor, cluster.id, PLURALS[kind], cluster.namespaces or (), within=within)


async def offered(actor: Actor, kinds: Iterable[str], only: str = "", **given: str) -> Offered | None:
    """The button of a page; None where there is nothing to deploy to. Without the right, or where a cluster says no,
    it is off.

    ``given`` is filled in already: ``namespace``, ``image``.
    """
    kind = next((name for name in kinds if name in PLURALS), "")
    why_not = why_nowhere(actor, only) if kind else ""
    for one in yaml_clusters(actor, only) if kind else ():
        found = await allowed_in(actor, one, kind, SOON)
        asked = {"cluster": one.cluster.slug, "kind": kind, **{name: text for name, text in given.items() if text}}
        if not found.why_not:
            return Offered(f"/deploy/?{urlencode(asked)}")
        why_not = why_not or found.why_not
    return Offered("", why_not) if why_not else None
