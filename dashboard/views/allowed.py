"""What may not be done to rows that are selected in a list, so that its buttons say so before anybody tries."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from django.http import Http404, JsonResponse
from django.views.decorators.http import require_safe

from clusters.kinds.base import Role
from clusters.live.row import Row
from dashboard.access import allow, row_or_none
from dashboard.request import Request
from dashboard.why_not import not_allowed

MOST = 40  # rows that stand for all that are selected


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
    asked = [(action, row) for row in rows for action in row.kind.actions if action.bulk]
    answers = await asyncio.gather(*(not_allowed(request.actor, row, action) for action, row in asked))
    reasons: dict[str, list[str]] = defaultdict(list)
    for (action, _), why in zip(asked, answers, strict=True):
        reasons[action.verb].append(why)
    return {verb: whys[0] for verb, whys in reasons.items() if all(whys)}
