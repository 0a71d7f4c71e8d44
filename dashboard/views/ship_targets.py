"""One target of an image: can it get that, would it take what is filled in, and the image put onto its engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from clusters.errors import ClusterError, Invalid
from clusters.kinds.docker.image_name import split_image
from clusters.live.connection import Connection
from clusters.registries.access import may_manage
from clusters.registries.placement import Placement
from clusters.registries.pull_secret import ACCOUNT
from clusters.registries.pullable import ANYWHERE, can_pull
from clusters.registries.reference import read_reference
from clusters.ship import carried, moving
from clusters.ship.images import row_of, was_pulled, whole_of
from dashboard.access import allow
from dashboard.dry_run import DryRun
from dashboard.engine import engine
from dashboard.page import on_to
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.ship_targets import ShipTarget, target_named, targets_of
from dashboard.views import deploy, run
from dashboard.views.ship_values import typed


@allow(scope="signed-in")
@require_safe
async def pullable(request: Request) -> HttpResponse:
    """``?image=&to=&namespace-N=``: can that target get it, and which way there is when it cannot."""
    asked = request.GET
    target = await target_named(request.actor, asked.get("to"))
    if target is None:
        raise Http404
    where = (target, asked.get("image", "")[:500], target.namespace(asked.dict()))
    return await pull_answer(request, *where, stays=True)


async def pull_answer(
    request: Request,
    target: ShipTarget,
    image: str,
    namespace: str,
    secrets: Sequence[str] = (),
    account: str = "",
    placement: Placement = ANYWHERE,
    policy: str = "",
    *,
    stays: bool = False,
) -> HttpResponse:
    """The answer as a part of a page. ``secrets``, ``account``, ``placement``, ``policy``: of what is there already.

    ``stays``: the page asks again when a pull secret was made from it, and is not left for that.
    """
    context: dict[str, Any] = {"target": target, "image": image, "stays": stays}
    try:
        split_image(image)
        found = await can_pull(
            engine.gateway,
            request.actor,
            target.cluster.id,
            image,
            namespace=namespace,
            on_all_nodes=target.kind == "swarm-service",
            secrets=secrets,
            account=account or ACCOUNT,
            placement=placement,
            policy=policy,
        )
        holders = [engine.supervisor.connections[one] for one in found.holders if one in engine.supervisor.connections]
        may_load = target in targets_of(request.actor)
        others = [one.cluster for one in holders if may_load and one.cluster.id != target.cluster.id]
        context |= {
            "found": found,
            "host": read_reference(image).host,
            "may_manage": may_manage(request.actor),
            "namespace": namespace,
            "holder": next((one.cluster for one in holders), None),
            "other": next(iter(others), None),
            "only": await _only_on(request, holders, image) if found.answer == "unknown" else "",
        }
    except ClusterError as error:
        context["error"] = error
    return render(request, "partials/ship_pull.html", context)


@allow(scope="signed-in")
@require_POST
async def dry_run(request: Request) -> HttpResponse:
    """A dry run on the target ``to`` of what is filled in: what would come of it, or what is in the way."""
    target = await target_named(request.actor, request.POST.get("to"))
    if target is None:
        raise Http404
    try:
        context: dict[str, Any] = {"dry_run": await _dry_run(request, target)}
    except ClusterError as error:
        context = {"error": error}
    return render(request, "partials/ship_dry_run.html", context)


async def _dry_run(request: Request, target: ShipTarget) -> DryRun:
    values, config = await typed(request, request.POST)
    given = carried.to_target(target.kind, values, config)
    if target.kind == "deployment":
        connection = engine.supervisor.connections[target.cluster.id]
        return await deploy.dry_run(request, connection, {**given, "namespace": target.namespace(request.POST.dict())})
    return await run.dry_run(request, target.kind, target.cluster, given)


@allow(scope="signed-in")
@require_POST
async def load(request: Request) -> HttpResponse:
    """``image``, ``from`` (an engine that has it), ``to``: put it onto the engine of that target."""
    given = request.POST
    target = next((one for one in targets_of(request.actor) if one.key == given.get("to")), None)
    holder = meant([one.cluster for one in engine.supervisor.connections.values()], given.get("from", ""))
    if target is None or holder is None or target.kind == "deployment":
        raise Http404
    image = given.get("image", "")[:500]
    row = row_of(engine.gateway, request.actor, engine.supervisor.connections[holder.id], image)
    try:
        if row is None:
            raise Invalid(f"{image} is not on {holder.name} any more.")
        key = await moving.begin(engine.gateway, request.actor, row, image, target.cluster.id)
    except ClusterError as error:
        return render(request, "components/error.html", {"error": error}, status=422)
    return on_to(request, f"/jobs/{key}/")


async def _only_on(request: Request, holders: Sequence[Connection], image: str) -> str:
    """The engine that has it from no registry, as far as that says; "" where one has it from there."""
    for one in holders:
        row = row_of(engine.gateway, request.actor, one, image)
        if row is None or was_pulled(await whole_of(engine.gateway, request.actor, row), image):
            return ""
    return holders[0].cluster.name if holders else ""
