"""The command palette's answers, as options of its listbox."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from clusters.kinds.base import Role
from dashboard.access import allow
from dashboard.palette import find
from dashboard.request import Request


@allow(Role.VIEWER, scope="signed-in")
async def palette(request: Request) -> HttpResponse:
    """``?q=``: what fits, best first."""
    text = request.GET.get("q", "").strip()[:100]
    return render(request, "partials/palette.html", {"found": find(request.actor, text), "text": text})
