"""The command palette's answers, as options of its listbox."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from clusters.kinds.base import Role
from dashboard.access import allow
from dashboard.palette import find, gather
from dashboard.request import Request
from dashboard.scope import chosen_cluster


@allow(Role.VIEWER, scope="signed-in")
async def palette(request: Request) -> HttpResponse:
    """``?q=``: what fits, best first; ``cluster=``: of that one alone."""
    text = request.GET.get("q", "").strip()[:100]
    only = chosen_cluster(request.GET)
    if text:
        await gather(request.actor, only)
    found = await find(request.actor, text, only)
    return render(request, "partials/palette.html", {"found": found, "text": text, "only": only})
