"""What may not be done to rows that are selected in a list, so that its buttons say so before anybody tries."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.http import Http404, JsonResponse
from django.views.decorators.http import require_safe

from clusters.kinds.base import Action, Role
from clusters.live.row import Row
from dashboard.access import allow, row_or_none
from dashboard.engine import engine
from dashboard.request import Request

MOST = 500  # rows: as many as can be acted on at once


@allow(Role.VIEWER)
@require_safe
async def refused(request: Request) -> JsonResponse:
    """By verb, why it may be done to none of these; what may be done to one of them is left out."""
    ids = list(dict.fromkeys(filter(None, request.GET.get("rows", "").split(","))))[:MOST]
    rows = [row for row_id in ids if (row := await row_or_none(request, row_id))]
    if not rows:
        raise Http404
    return JsonResponse({"refused": await _refused(request, rows)})


async def _refused(request: Request, rows: Sequence[Row]) -> dict[str, str]:
    reasons: dict[str, list[str]] = defaultdict(list)
    ours: dict[tuple[int, str, str, str | None], tuple[Row, Action[Any]]] = {}  # what we allow: one for each place
    for row in rows:
        for action in row.kind.actions:
            if not action.bulk:
                continue
            decision = engine.gateway.decide_action(request.actor, row, action)
            if not decision.allowed:
                reasons[action.verb].append(decision.reason)
            else:
                ours.setdefault((row.cluster.id, row.kind.name, action.verb, row.namespace), (row, action))
    asked = [
        engine.gateway.refused_there(request.actor, row.cluster.id, row.kind, row.resource, action)
        for row, action in ours.values()
    ]
    for (_, _, verb, _), why in zip(ours, await asyncio.gather(*asked), strict=True):
        reasons[verb].append(why)
    return {verb: whys[0] for verb, whys in reasons.items() if all(whys)}
