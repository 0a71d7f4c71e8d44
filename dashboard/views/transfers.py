"""Pulling and pushing images: a short form, then a job that goes on when its page is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from clusters.access import Target, decide
from clusters.errors import ClusterError, Invalid, Refused
from clusters.models import Registry
from clusters.registries.access import may_push
from clusters.registries.transfers import NEED, begin_pull, begin_push
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.request import Request


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def pull(request: Request) -> HttpResponse:
    """Get an image onto a host."""
    given = _given(request)

    async def begin() -> str:
        return await begin_pull(engine.gateway, request.actor, given["chosen"].id, given["image"], given["platform"])

    return await _form(request, "partials/pull.html", given, begin)


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def push(request: Request) -> HttpResponse:
    """Send an image of a host to its registry, under another name if that is wanted."""
    given = _given(request)
    given["registries"] = [one async for one in Registry.objects.all() if may_push(request.actor, one)]

    async def begin() -> str:
        return await begin_push(engine.gateway, request.actor, given["chosen"].id, given["image"], given["name"])

    return await _form(request, "partials/push.html", given, begin)


async def _form(
    request: Request, template: str, given: dict[str, Any], begin: Callable[[], Awaitable[str]]
) -> HttpResponse:
    problem: ClusterError | None = None
    if request.method == "POST" and given["chosen"]:
        try:
            return HttpResponseClientRedirect(f"/jobs/{await begin()}/")
        except (Invalid, Refused) as error:
            problem = error
    return render(request, template, {**given, "error": problem}, status=422 if problem else 200)


def _given(request: Request) -> dict[str, Any]:
    """What was asked for, and where this person may have it done."""
    asked = request.POST if request.method == "POST" else request.GET
    clusters = sorted(
        (
            one.cluster
            for one in engine.supervisor.connections.values()
            if one.cluster.driver == "docker"
            and decide(request.actor, Target(one.cluster.id, None, one.cluster.read_only), NEED).allowed
        ),
        key=lambda one: one.name.casefold(),
    )
    wanted = asked.get("cluster", "")
    chosen = next((one for one in clusters if str(one.id) == wanted), None if wanted else next(iter(clusters), None))
    texts = {name: asked.get(name, "").strip()[:600] for name in ("image", "name", "platform")}
    return {"clusters": clusters, "chosen": chosen, **texts}
