"""Images by words: Docker Hub and every registry that is kept, each in a part of the page of its own."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clusters.errors import ClusterError, Unsupported
from clusters.models import Registry
from clusters.registries import search
from clusters.registries.lately import TooOften
from clusters.registries.reference import HUB
from dashboard import pull_hosts
from dashboard.access import allow
from dashboard.page import page
from dashboard.request import Request
from dashboard.views.registries import refuse_who_sees_nothing

HUB_PART = "hub"
MOST_REGISTRIES = 20


@allow(scope="signed-in")
@require_safe
async def image_search(request: Request) -> HttpResponse:
    """``?q=``: the page, a card for each place. ``part=`` (``hub`` or a registry): what that one finds."""
    refuse_who_sees_nothing(request)
    text = " ".join(request.GET.get("q", "")[:300].split())
    kept = [one async for one in Registry.objects.all()]
    if part := request.GET.get("part", ""):
        return await _part(request, part, text, kept)
    listed = [one for one in kept if one.host != HUB][:MOST_REGISTRIES]
    return page(request, "pages/image_search.html", {"text": text, "registries": listed, "most": search.LONGEST_WORDS})


async def _part(request: Request, part: str, text: str, kept: list[Registry]) -> HttpResponse:
    number = request.GET.get("page", "1")
    at = int(number) if number.isdecimal() and len(number) < 4 else 1
    registry = next((one for one in kept if (one.host == HUB if part == HUB_PART else one.slug == part)), None)
    if part != HUB_PART and registry is None:
        raise Http404
    context: dict[str, Any] = {
        "part": part,
        "text": text,
        "registry": registry,
        "page": at,
        "run_why_not": pull_hosts.why_not(request.actor),
    }
    try:
        if part == HUB_PART:
            context["found"] = await search.search_hub(request.actor, text, at)
        elif registry is not None:
            context["found"] = await search.search_registry(request.actor, registry, text)
    except ClusterError as error:
        context |= {"error": error, "may_open": registry is not None and isinstance(error, Unsupported)}
    status = 429 if isinstance(context.get("error"), TooOften) else 200
    return render(request, "partials/image_hits.html", context, status=status)
