"""The lists: one live table each. What the page shows first is the very frame that the socket would send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse

from clusters.access import Actor, Need
from clusters.errors import Invalid
from clusters.kinds.base import Kind, Role
from clusters.live.query import Query, parse
from clusters.live.table import TABLES, Table, TableColumn
from clusters.live.window import Window
from dashboard import compose_rights
from dashboard.access import allow
from dashboard.deploy_rights import offered
from dashboard.engine import engine
from dashboard.logs import MAX_ROWS
from dashboard.make_rights import beside_list, make_offered
from dashboard.narrowed import narrowed, single
from dashboard.nowhere import Offered, somewhere
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import chosen_cluster
from dashboard.topics.table import table_snapshot

FIRST = 50  # rows of the first window: those of a screen and a few more; the page asks for what it needs beyond
MOST_IDS = 20_000  # of "select all": a megabyte
PATIENCE = 0.4  # seconds a page waits for a list that was not watched until now; then it shows that it loads


@allow(Role.VIEWER, scope="signed-in")
async def rows(request: Request, table: str = "workloads") -> HttpResponse:
    """A list page."""
    shown, query = await _asked(request, table)
    await engine.supervisor.hub.prepare(query)
    with engine.supervisor.hub.window(query, 0, FIRST) as window:
        await _listed(window, enough=FIRST)
        snapshot = table_snapshot(window.snapshot())
    return page(
        request,
        "pages/list.html",
        {
            "table": shown,
            "table_columns": [_column(column, shown.kinds, column.key in query.columns) for column in shown.columns],
            "actions": _bulk_actions(request.actor, shown),
            "snapshot": snapshot,
            "narrowed": narrowed(request.actor, engine.scope(request.actor, chosen_cluster(request.GET)), shown),
            "labelled": shown.labelled,
            "makers": [(kind, one) for kind in shown.kinds if (one := make_offered(request.actor, kind))],
            "offers": list(beside_list(request.actor, shown.kinds)),
            **_compose(request, shown),
            "deploy": await offered(
                request.actor,
                [kind.name for kind in shown.kinds],
                request.GET.get("cluster", ""),
                namespace=request.GET.get("namespace", "")[:63],
            ),
        },
    )


def _compose(request: Request, table: Table) -> dict[str, Offered | None]:
    """The button that deploys another of them, on the list of projects and on that of stacks."""
    listed, only = [kind.name for kind in table.kinds], chosen_cluster(request.GET)
    return {
        "compose": compose_rights.offered(request.actor, "project", only) if listed == ["project"] else None,
        "stacks": compose_rights.offered(request.actor, "stack", only) if listed == ["stack"] else None,
    }


@allow(Role.VIEWER, scope="signed-in")
async def ids(request: Request, table: str) -> JsonResponse:
    """The ids of all rows of a list as asked for ("select all"); of a longer one the first, and ``total`` tells."""
    _, query = await _asked(request, table)
    await engine.supervisor.hub.prepare(query)
    with engine.supervisor.hub.window(query, 0, 1) as window:
        await _listed(window)
        return JsonResponse({"ids": window.view.slice(0, MOST_IDS), "total": window.view.total})


async def _asked(request: Request, name: str) -> tuple[Table, Query]:
    await engine.learn(name)
    try:
        scope = engine.scope(request.actor, kinds=single(TABLES.get(name)))
        query = parse(name, request.META.get("QUERY_STRING", ""), scope)
    except Invalid as error:
        raise Http404(error.message) from error
    return TABLES[name], query


async def _listed(window: Window, enough: float = float("inf")) -> None:
    """Wait a moment for the first list of kinds that nobody looked at until now, or for so many rows of it."""
    for _ in range(int(PATIENCE / 0.02)):
        if window.view.listed or window.view.total >= enough:
            return
        await asyncio.sleep(0.02)


def _column(column: TableColumn, kinds: Sequence[Kind[Any]], shown: bool) -> dict[str, object]:
    return {
        "key": column.key,
        "label": column.label,
        "cell": column.cell,
        "width": column.width,
        "end": column.end,
        "sortable": column.sort is not None,
        "facet": column.facet is not None,
        "names": column.names(kinds) if column.names else {},
        "words": column.words,
        "shown": shown,
    }


def _bulk_actions(actor: Actor, table: Table) -> list[dict[str, object]]:
    """What this person can do to several at once somewhere: each verb once, with the kinds that know it."""
    actions: dict[str, dict[str, Any]] = {}
    if logged := [kind.name for kind in table.kinds if kind.panel("logs")]:
        logs = {"verb": "logs", "label": "Logs", "icon": "scroll-text", "danger": False, "kinds": logged}
        actions["logs"] = {**logs, "page": reverse("logs"), "most": MAX_ROWS}
    for kind in table.kinds:
        for action in kind.actions:
            if action.bulk and _may_somewhere(actor, Need(action.role, action.right)):
                known = actions.setdefault(
                    action.verb,
                    {
                        "verb": action.verb,
                        "label": action.label,
                        "icon": action.icon,
                        "danger": action.danger,
                        "kinds": [],
                    },
                )
                known["kinds"].append(kind.name)
    return list(actions.values())


def _may_somewhere(actor: Actor, need: Need) -> bool:
    """Is there anything at all that this may be done to? Each act is decided again, for its own resource."""
    return any(somewhere(actor, one.cluster, need).allowed for one in engine.supervisor.connections.values())
