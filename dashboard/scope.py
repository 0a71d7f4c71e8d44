"""The cluster chosen in the switcher: ``?cluster=prod-eu`` in the address of any page. Without it, all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404

from clusters.access import Actor, Scope
from clusters.errors import Invalid
from clusters.live.cluster import ClusterInfo
from dashboard.engine import engine
from dashboard.request import Request

ONE = re.compile(r"[a-z0-9][a-z0-9_-]*\Z", re.IGNORECASE)  # a list may be filtered by several, or by all but one


def chosen_cluster(query: Mapping[str, Any]) -> str:
    """The address of the cluster that was chosen; "" for all, and for a filter by several."""
    text = str(query.get("cluster", ""))
    return text if ONE.match(text) else ""


def meant(clusters: Sequence[ClusterInfo], text: str) -> ClusterInfo | None:
    """The one of these that a form is about: by its number, or by its address where it is the chosen one."""
    by_number = next((one for one in clusters if str(one.id) == text), None)
    return by_number or next((one for one in clusters if one.slug == text), None)


def scope_or_404(request: Request) -> Scope:
    """What this person may see of the chosen cluster, or of all."""
    only = chosen_cluster(request.GET)
    scope = engine.scope(request.actor, only)
    if only and not scope:
        raise Http404
    return scope


def chosen_scope(actor: Actor, args: Mapping[str, Any]) -> Scope:
    """The same for a topic. A cluster that is not shared, or went away, leaves nothing to see."""
    only = args.get("cluster", "")
    if not isinstance(only, str):
        raise Invalid("That is not the address of a cluster.")
    return engine.scope(actor, only)
