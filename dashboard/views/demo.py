"""The demonstration's switches: what can be made to go wrong, to see how it shows and how it is put right."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from clusters import demo as domain
from clusters.errors import Invalid, Missing
from clusters.gateway import Denied
from clusters.kinds.base import Role
from dashboard.access import allow, cluster_or_404, refusal
from dashboard.engine import engine
from dashboard.page import page
from dashboard.request import Request


@allow(scope="signed-in")
@require_safe
async def demo(request: Request) -> HttpResponse:
    """Every demonstration that is shared with this person, with its faults."""
    return page(
        request,
        "pages/demo.html",
        {
            "demos": [
                one
                for one in [
                    await _switches(request, cluster_id)
                    for cluster_id in engine.scope(request.actor)
                    if engine.supervisor.cluster(cluster_id).driver == "demo"
                ]
                if one
            ]
        },
    )


@allow(Role.OPERATOR)
@require_POST
async def fault(request: Request) -> HttpResponse:
    """Begin a fault or end it; htmx gets the demonstration's switches back."""
    connection = await cluster_or_404(request, request.POST.get("cluster", "")[:80])
    on = request.POST.get("on") == "1"
    try:
        await domain.switch(engine.gateway, request.actor, connection.cluster.id, request.POST.get("fault", ""), on)
    except Denied as error:
        raise refusal(error) from error
    except (Missing, Invalid) as error:
        raise Http404(error.message) from error
    if request.htmx:
        return render(request, "partials/home_faults.html", {"demo": await _switches(request, connection.cluster.id)})
    return redirect("demo")


async def _switches(request: Request, cluster_id: int) -> dict[str, Any] | None:
    try:
        faults = await domain.switches(engine.gateway, request.actor, cluster_id)
    except Denied:
        return None
    cluster = engine.supervisor.cluster(cluster_id)
    return {"cluster": cluster, "platform": engine.supervisor.connections[cluster_id].driver.platform, "faults": faults}
