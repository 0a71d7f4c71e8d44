"""A connected host joins a connected Swarm: what that means, then the job."""

from __future__ import annotations

import asyncio

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters import joining
from clusters.access import decide
from clusters.errors import ClusterError
from clusters.gateway import Denied
from clusters.kinds.base import Role
from clusters.people import is_admin
from clusters.reach import area_in
from dashboard.access import allow, listed, refusal
from dashboard.engine import engine
from dashboard.request import Request


@allow(Role.ADMIN, scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def join(request: Request) -> HttpResponse:
    """GET: ``?swarm=&host=&as=``, what would happen. POST: begin the job, and go to it."""
    given = request.POST if request.method == "POST" else request.GET
    numbers = [given.get(name, "") for name in ("swarm", "host")]
    if not all(one.isdecimal() and len(one) < 10 for one in numbers):
        raise Http404
    arguments = (engine.gateway, request.actor, int(numbers[0]), int(numbers[1]), given.get("as", "")[:20])
    context: dict[str, object] = {}
    try:
        if request.method == "POST":
            key = await joining.begin(*arguments)
            return HttpResponseClientRedirect(reverse("job", args=[key]))
        context["asked"] = await joining.asked(*arguments)
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        context["error"] = error
    return render(request, "partials/join.html", context, status=422 if "error" in context and request.POST else 200)


@allow(Role.ADMIN, scope="signed-in")
@require_safe
async def hosts(request: Request) -> HttpResponse:
    """The connected hosts that could join ``?swarm=``."""
    found = [
        one
        for one in engine.supervisor.connections.values()
        if one.driver.platform == "docker"
        and one.cluster.driver != "demo"
        and decide(request.actor, area_in(one.cluster), joining.NEED).allowed
    ]
    await asyncio.gather(*(listed(one, one.stores["host"]) for one in found if "host" in one.stores))
    pairs = [
        (one.cluster, host) for one in found for host in engine.gateway.visible(request.actor, one.cluster.id, "host")
    ]
    context = {
        "swarm": request.GET.get("swarm", "")[:9],
        "hosts": [(cluster, host) for cluster, host in pairs if not host.swarm.is_part],
        "roles": list(joining.ROLES),
        "may_connect": is_admin(request.actor),
    }
    return render(request, "partials/join_hosts.html", context)
