"""From an image to anything that runs it: one set of fields for all targets, and the form of the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from clusters.ship import carried
from dashboard.access import allow
from dashboard.engine import address
from dashboard.forms import filled, grouped
from dashboard.image_life import life_of
from dashboard.page import page
from dashboard.request import Request
from dashboard.ship_targets import NOWHERE, ShipTarget, target_named, targets_of, with_namespaces
from dashboard.views import deploy, run
from dashboard.views.ship_values import source, typed
from dashboard.yaml_rights import ASK_US


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def ship(request: Request) -> HttpResponse:
    """``?image=&row=``: the targets. POST ``to=``: the form of one, filled in; ``back=``: from such a form to here."""
    asked = request.POST if request.method == "POST" else request.GET
    row = await source(request, asked)
    values, config = await typed(request, asked)
    if to := request.POST.get("to", ""):
        target = await target_named(request.actor, to)
        if target is None:
            raise Http404
        there = {**carried.to_target(target.kind, values, config), "namespace": target.namespace(asked.dict())}
        return await _opened(request, target, there)
    context = {
        "image": values["image"],
        "row": row,
        "href": address(row) if row else "",
        "targets": await with_namespaces(request.actor, targets_of(request.actor)),
        "nowhere": f"{NOWHERE} {ASK_US}",
        "life": await life_of(request.actor, row, values["image"]),
        "groups": grouped(filled(carried.FIELDS[1:], values)),  # the image is chosen before
    }
    return page(request, "pages/ship.html", context)


async def _opened(request: Request, target: ShipTarget, values: Mapping[str, Any]) -> HttpResponse:
    if target.kind == "deployment":
        return await deploy.opened(request, target.cluster.slug, values)
    return await run.opened(request, target.kind, target.cluster, values)
