"""Everything that the connected clusters know, by their own word: each kind leads to its list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from clusters.drivers.base import Found
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Role
from clusters.live.connection import Connection
from clusters.live.discovered import NEVER_PRINTED
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import chosen_cluster


@dataclass(slots=True)
class Known:
    """One kind, with the clusters that have it. ``words``: what it is, where a file of ours says so."""

    found: Found
    href: str  # "" where it has no list
    words: str
    clusters: list[str] = field(default_factory=list)


@allow(Role.VIEWER, scope="signed-in")
@require_safe
async def kinds(request: Request) -> HttpResponse:
    """All kinds by API group; ``?q=`` narrows them, ``cluster=`` to those of one."""
    only, text = chosen_cluster(request.GET), request.GET.get("q", "").strip().casefold()[:100]
    connections = [engine.supervisor.connections[one] for one in engine.scope(request.actor, only)]
    known = [one for one in _known(connections, only) if _fits(one, text)]
    groups = [(group or "Core", list(inside)) for group, inside in groupby(known, key=lambda one: one.found.group)]
    context = {
        "groups": groups,
        "count": len(known),
        "text": text,
        "only": only,
        "there": any(one.discovered.found for one in connections),
    }
    return page(request, "pages/kinds.html", context)


def _known(connections: Iterable[Connection], only: str) -> Sequence[Known]:
    kinds: dict[str, Known] = {}
    for connection in connections:
        for name, found in connection.discovered.found.items():
            one = kinds.setdefault(name, Known(found, _address(name, only), _words(name)))
            one.clusters.append(connection.cluster.name)
    return sorted(kinds.values(), key=lambda one: (one.found.group, one.found.label))


def _address(name: str, only: str) -> str:
    if name in NEVER_PRINTED and name not in DESCRIBED:
        return ""
    table = DESCRIBED[name].name if name in DESCRIBED else name
    return f"/list/{table}/{f'?cluster={only}' if only else ''}"


def _words(name: str) -> str:
    return DESCRIBED[name].words if name in DESCRIBED else ""


def _fits(one: Known, text: str) -> bool:
    beside = f"{one.found.name}\0{one.found.label}\0{' '.join(one.found.short)}\0{one.words}".casefold()
    return all(word in beside for word in text.split())
