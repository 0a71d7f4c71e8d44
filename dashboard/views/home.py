"""Home: the answer first, then what to do about it; and the page of everything that changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clusters.access import Actor, Scope
from clusters.kinds import kind_named
from clusters.kinds.base import Level
from clusters.live.connection import Connection
from clusters.models import Moment
from clusters.people import is_admin
from clusters.triage import moments
from clusters.triage.finding import Finding, FirstAction
from clusters.triage.numbers import Measured, share_of
from clusters.triage.overview import Overview, overview
from dashboard.access import allow
from dashboard.engine import address, engine, page_of
from dashboard.narrowed import closed, narrowed
from dashboard.page import asks_for, page
from dashboard.project_back import Back, ways_back
from dashboard.request import Request
from dashboard.scope import scope_or_404
from dashboard.topics.shell import cluster_state
from dashboard.why_not import why_not

NEWEST = 8
MOST_FINDINGS = 15  # on Home; beyond that somebody reads a list, which can be searched and filtered
EACH = 50
RANGES = {"1h": ("1 h", timedelta(hours=1)), "24h": ("24 h", timedelta(hours=24)), "7d": ("7 d", timedelta(days=7))}
LEGEND = {
    Level.HEALTHY: "Healthy",
    Level.CHANGING: "Changing",
    Level.AT_RISK: "At risk",
    Level.FAILING: "Failing",
    Level.UNKNOWN: "Unknown",
    Level.PAUSED: "Paused",
    Level.STOPPED: "Stopped",
}
ALWAYS_EXPLAINED = {Level.HEALTHY, Level.CHANGING, Level.AT_RISK, Level.FAILING, Level.STOPPED}
ICONS = {
    "appeared": "plus",
    "removed": "trash-2",
    "new version": "rocket",
    "rolled out": "circle-check",
    "scaled": "scaling",
    "failing": "octagon-x",
    "at risk": "triangle-alert",
    "recovered": "circle-check",
    "restarted": "rotate-cw",
}


@allow(scope="signed-in")
@require_safe
async def home(request: Request) -> HttpResponse:
    """The page, or (``?part=home``) what moves of it alone, fetched when something changed."""
    scope = scope_or_404(request)
    may_connect = is_admin(request.actor)
    if asks_for(request, "numbers"):
        return render(request, "partials/home_numbers.html", {"overview": look(request.actor, scope)})
    if asks_for(request, "clusters"):
        shown = {"clusters": _clusters(request.actor, scope), "may_connect": may_connect}
        return render(request, "partials/home_clusters.html", shown)
    context = await _context(request.actor, scope)
    context["may_connect"] = may_connect
    if asks_for(request, "home"):
        return render(request, "partials/home_body.html", context)
    return page(request, "pages/home.html", context)


@allow(scope="signed-in")
@require_safe
async def activity(request: Request) -> HttpResponse:
    """What changed, newest first."""
    chosen = request.GET.get("range", "7d")
    if chosen not in RANGES:
        raise Http404
    since, hidden = datetime.now(UTC) - RANGES[chosen][1], engine.hidden_kinds(request.actor)
    found = moments.visible(scope_or_404(request), since, hidden).order_by("-id")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        found = found.filter(pk__lt=int(before))
    rows = [one async for one in found[: EACH + 1]]
    return page(
        request,
        "pages/activity.html",
        {
            "feed": [_moment(one) for one in rows[:EACH]],
            "older": rows[EACH - 1].pk if len(rows) > EACH else None,
            "range": chosen,
            "ranges": [(key, label) for key, (label, _) in RANGES.items()],
        },
    )


async def _context(actor: Actor, scope: Scope) -> dict[str, Any]:
    shown, there = look(actor, scope), engine.supervisor.connections
    first = shown.findings[:MOST_FINDINGS]
    ways = await ways_back(actor, first)
    newest = await moments.newest(scope, NEWEST, engine.hidden_kinds(actor))
    told = [_finding(actor, there[one.cluster], one, ways.get(one.id)) for one in first if one.cluster in there]
    findings = await asyncio.gather(*told)
    scope = {one: namespaces for one, namespaces in scope.items() if one in there}  # some may be gone by now
    return {
        "overview": shown,
        "findings": findings,
        "more": max(0, len(shown.findings) - MOST_FINDINGS),
        "hive": [_comb(one) for one in shown.hive if one.cluster in scope],
        "feed": [_moment(one) for one in newest if one.cluster_id in scope],
        "clusters": _clusters(actor, scope),
        "narrowed": narrowed(actor, scope),
        "anything": bool(engine.supervisor.connections),
        "legend": [(level.name.lower(), LEGEND[level]) for level in LEGEND if _is_in_legend(level, shown)],
    }


def _is_in_legend(level: Level, shown: Overview) -> bool:
    return level in ALWAYS_EXPLAINED or bool(shown.levels.get(level))


def look(actor: Actor, scope: Scope) -> Overview:
    """Home as data, for somebody with these rights. The usage of a cluster is for those who see all of it."""
    triage, totals = engine.triage, engine.totals
    measured = [
        Measured(_name(one), totals.last(one), totals.history(one), totals.why_not(one))
        for one in engine.whole(actor, scope)
    ]
    found, hidden = engine.findings(actor, scope), closed(actor, scope)
    return overview(triage.heard(), scope, found, triage.restarts(scope), measured, time.time(), hidden)


def _clusters(actor: Actor, scope: Scope) -> list[dict[str, Any]]:
    usage = {one: engine.totals.last(one) for one in engine.whole(actor, scope)}
    shares = {"Processor": share_of(usage, "cpu"), "Memory": share_of(usage, "memory")}
    ids = sorted(scope, key=lambda one: _name(one).casefold())
    shown = [_cluster(one) for one in ids]
    return [one | {"fuller": _fuller(one["cluster"].id, shares) if one["state"] == "live" else None} for one in shown]


def _fuller(cluster_id: int, shares: Mapping[str, Mapping[int, float]]) -> tuple[str, int] | None:
    """What is nearer to its end, processor or memory, and how much of it is in use in percent."""
    known = [(share[cluster_id], label) for label, share in shares.items() if cluster_id in share]
    most, label = max(known, default=(0.0, ""))
    return (label, round(100 * most)) if label else None


def _name(cluster_id: int) -> str:
    return engine.supervisor.connections[cluster_id].cluster.name


async def _finding(actor: Actor, connection: Connection, one: Finding, back: Back | None) -> dict[str, Any]:
    row, logs = (engine.supervisor.row(row_id) if row_id else None for row_id in (one.row, one.logs))
    return {
        "finding": one,
        "level": one.level.name.lower(),
        "cause": back.cause if back else one.cause,
        "href": address(row) if row else _page(connection, one),
        "logs": f"{address(logs)}?panel=logs" if logs and logs.kind.panel("logs") else "",
        "platform": connection.driver.platform,
        "places": one.places or (" / ".join(filter(None, (connection.cluster.name, one.namespace))),),
        **(await _first(actor, connection, one.action) if back is None else _back(back)),
    }


async def _first(actor: Actor, connection: Connection, action: FirstAction | None) -> dict[str, str]:
    """The first thing to do: what opens its dialog (``act``), or asks the cluster again (``check``)."""
    if action is None:
        return {}
    act = f"/act/?verb={quote(action.verb)}&rows={quote(action.row)}" if action.row else ""
    check = "" if action.row else f"/clusters/{connection.cluster.slug}/check/"
    why_not = await _why_not(actor, action)
    return {"icon": action.icon, "label": action.label, "why_not": why_not, "act": act, "check": check}


def _back(back: Back) -> dict[str, str]:
    return {"icon": "undo-2", "label": back.label, "why_not": back.why_not, "act": back.href}


def _page(connection: Connection, one: Finding) -> str:
    """Where to read on: the page of its resource, also of a kind that is not watched; else that of the cluster."""
    store = connection.stores.get(one.kind)
    return page_of(connection.cluster, store.kind, one.key) if store else f"/clusters/{connection.cluster.slug}/"


async def _why_not(actor: Actor, first: FirstAction) -> str:
    """Why the first thing to do cannot be done by this person, or there."""
    row = engine.supervisor.row(first.row) if first.row else None
    action = row.kind.action(first.verb) if row else None
    return await why_not(actor, row, action) if row and action else ""


def _comb(comb: Any) -> dict[str, Any]:
    slug = engine.supervisor.connections[comb.cluster].cluster.slug
    squares = [{"square": one, "href": f"/clusters/{slug}/{one.kind}/{quote(one.key)}/"} for one in comb.squares]
    return {"comb": comb, "squares": squares, "href": f"/clusters/{slug}/"}


def _cluster(cluster_id: int) -> dict[str, Any]:
    connection = engine.supervisor.connections[cluster_id]
    about, platform = connection.about, connection.driver.platform
    words = " ".join(filter(None, (platform.title(), about.version if about else "")))
    made_up = "Demonstration" if connection.cluster.driver == "demo" else ""
    some = "Chosen namespaces only" if connection.cluster.namespaces else ""  # unnamed: not all may be shared
    return {
        "cluster": connection.cluster,
        "platform": platform,
        "state": cluster_state(connection)["state"],
        "words": " · ".join(filter(None, (made_up, some, words, about.words if about else ""))),
        "href": f"/clusters/{connection.cluster.slug}/",
    }


def _moment(one: Moment) -> dict[str, Any]:
    platform = engine.supervisor.connections[one.cluster_id].driver.platform
    kind = kind_named(platform, one.kind)
    key = f"{one.namespace}/{one.name}" if kind and kind.namespaced else one.name
    there = kind is not None and one.what != "removed"
    return {
        "moment": one,
        "icon": ICONS.get(one.what, "history"),
        "level": Level(one.level).name.lower(),
        "at": one.at.timestamp(),
        "rest": one.words.removeprefix(one.name),
        "named": one.words.startswith(one.name),
        "href": f"/clusters/{one.cluster.slug}/{one.kind}/{quote(key)}/" if there else "",
        "where": " / ".join(filter(None, (one.cluster.name, one.namespace))),
    }
