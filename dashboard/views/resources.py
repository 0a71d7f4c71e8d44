"""A resource's page: its head, its tabs, and the quick look that slides in beside a list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from clusters.access import Need, decide
from clusters.errors import ClusterError
from clusters.kinds.base import Panel, Role
from clusters.live.row import Row
from clusters.live.table import status_cell
from clusters.live.usage import asked, measurable, usage_cells, usage_history
from clusters.reach import area_in
from dashboard import confirm
from dashboard.access import allow, resource_or_404
from dashboard.compose_rights import links_of
from dashboard.engine import address, engine
from dashboard.layers import first_sheet
from dashboard.page import asks_for, page
from dashboard.request import Request
from dashboard.scope import chosen_cluster
from dashboard.ship_targets import offered
from dashboard.views import convert, ports
from dashboard.views.build import build_of
from dashboard.yaml_rights import why_not_edited


@allow(Role.VIEWER, scope="cluster")
async def resource(request: Request, cluster: str, kind: str, key: str) -> HttpResponse:
    """The page; or a part of it: the quick look, its head, its tabs with a panel, a panel alone."""
    row = await resource_or_404(request, cluster, kind, key)
    panels = [panel for panel in row.kind.panels if panel.when is None or panel.when(row.resource)]
    chosen = next((panel for panel in panels if panel.key == request.GET.get("panel")), panels[0])
    # What the cluster is asked about rights is asked together: the page waits for the slowest answer alone.
    actions, edit = await asyncio.gather(_offered(request, row), _edit(request, row))
    context = {
        "row": row,
        "status": status_cell(row),
        "health": row.health,
        "href": address(row),
        "scope": f"&cluster={only}" if (only := chosen_cluster(request.GET)) else "",
        "panels": [panel for panel in panels if panel.tab or panel is chosen],
        "panel": chosen,
        "actions": actions,
        "edit": edit,
        "convert": (converts := convert.offered(request, row)),
        "more": edit is not None or converts is not None or any(one["more"] for one in actions),
        "account": dict.fromkeys(one["there"] for one in actions if one.get("there")),
        "usage": _usage(row),
        "measured": measurable(engine.supervisor.connections[row.cluster.id], row),
        "compose": (compose := await links_of(request.actor, row)),
        "ship": offered(request.actor, row=row.id) if row.kind.name == "image" and row.resource.tags else None,
        "build": await build_of(request.actor, row.cluster.id, row.resource.uid) if row.kind.name == "image" else None,
    }
    if asks_for(request, "head"):
        return render(request, "partials/resource_head.html", context)
    if chosen.right == "reveal" and (question := await sync_to_async(confirm.unless_recent)(request)):
        return question
    context["panel_html"] = await _shown(request, row, chosen, edit, compose)
    for part in ("panel", "panels", "look"):
        if asks_for(request, part):
            return render(request, f"partials/{part}.html", context)
    return page(request, "pages/resource.html", context)


async def _shown(
    request: Request,
    row: Row,
    panel: Panel[Any],
    edit: Mapping[str, str] | None,
    compose: Mapping[str, str] | None,
) -> SafeString:
    """The panel as HTML; a fault of the cluster is shown in its place, and the rest of the page stays."""
    about = request.GET.get(panel.asks, "")[:253] if panel.asks else ""
    try:
        data = await engine.gateway.read(request.actor, row.cluster.id, row.kind, row.resource, panel, about)
    except ClusterError as error:
        return render_to_string("components/error.html", {"error": error}, request)
    context: dict[str, Any] = {"data": data, "row": row, "panel": panel, "href": address(row), "edit": edit}
    context |= {"about": about, "compose": compose}
    if panel is row.kind.panels[0]:
        context["gauges"] = _gauges(row)
    if panel.template == "usage":
        context["history"] = usage_history(engine.sampler.history(row.id))
    if panel.template == "layers":
        context["sheet"] = await first_sheet(request.actor, row)
    return render_to_string(f"panels/{panel.template}.html", context, request)


async def _offered(request: Request, row: Row) -> list[dict[str, Any]]:
    opening, actions = await asyncio.gather(ports.offered(request, row), _actions(request, row))
    return [*opening, *actions, *_remakes(request, row)]


async def _actions(request: Request, row: Row) -> list[dict[str, Any]]:
    """What can be done, each with the reason why not where it cannot be done now, not by this person, or not by the
    account that we sign in with."""
    area = area_in(row.cluster, row.namespace)
    undos = [action.undo(row.resource, {}) for action in row.kind.actions if action.undo and not action.fields]
    undone_by = {undo[0] for undo in undos if undo}
    there = [
        engine.gateway.refused_there(request.actor, row.cluster.id, row.kind, row.resource, action)
        for action in row.kind.actions
    ]
    actions = []
    for action, refused_there in zip(row.kind.actions, await asyncio.gather(*there), strict=True):
        decision = decide(request.actor, area, Need(action.role, action.right))
        refused = action.refuse(row.resource) if action.refuse else ""
        if refused and action.verb in undone_by:
            continue  # of two that undo each other (start and stop) only the one that makes sense now is shown
        why = (refused_there or refused) if decision.allowed else decision.reason
        href = f"/act/?{urlencode({'verb': action.verb, 'rows': row.id})}"
        there_why = refused_there if decision.allowed else ""
        actions.append({"action": action, "why": why, "href": href, "more": action.more, "there": there_why})
    return actions


def _remakes(request: Request, row: Row) -> list[dict[str, Any]]:
    """What can be made from it: a form of its own opens for each."""
    area = area_in(row.cluster, row.namespace)
    found = []
    for maker in row.kind.remake:
        decision = decide(request.actor, area, Need(maker.role, maker.right))
        refused = maker.like.refuse(row.resource) if maker.like and maker.like.refuse else ""
        href = f"/run/{row.kind.name}/?{urlencode({'like': row.id, 'verb': maker.verb})}"
        why = refused if decision.allowed else decision.reason
        found.append({"action": maker, "why": why, "href": href, "more": True, "page": maker.long})
    return found


async def _edit(request: Request, row: Row) -> Mapping[str, str] | None:
    """Where its YAML is edited, and why it cannot be ("" when it can); None for what is no object of Kubernetes."""
    if row.kind.platform != "kubernetes" or not row.kind.api:
        return None
    why, _ = await why_not_edited(request.actor, engine.supervisor.connections[row.cluster.id], row)
    asked = urlencode({"kind": row.kind.name, "key": row.key})
    return {"href": f"/clusters/{row.cluster.slug}/yaml/?{asked}", "why": why}


def _gauges(row: Row) -> Mapping[str, object] | None:
    """What it uses beside what it requested and may use; the latter also where nothing is measured."""
    said = asked(engine.supervisor.connections[row.cluster.id], row) if row.kind.measured else None
    return usage_cells(engine.sampler.last(row.id) or said) if said else None


def _usage(row: Row) -> Mapping[str, object]:
    sample = engine.sampler.last(row.id)
    return usage_cells(sample) if sample else {"cpu": None, "memory": None}
