"""The life of an image: built from what and by whom, pushed where, running where; and a new one to where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from clusters.access import Actor, Need, decide
from clusters.apply.difference import difference
from clusters.compose.changes import changed_copies, changed_values
from clusters.compose.deploy import NEED as COMPOSE
from clusters.compose.program import missing
from clusters.errors import ClusterError, Invalid
from clusters.kinds.base import Role
from clusters.kinds.docker.container_edit import EDIT
from clusters.live.row import Row
from clusters.live.table import status_cell
from clusters.reach import area_in
from clusters.registries.placement import Placement, of_pods
from clusters.registries.pull_secret import pull_secrets_of
from clusters.ship import rollout, texts
from clusters.ship.place import DEPLOY, Place, place_of
from clusters.ship.texts import TextUse, as_texts
from clusters.ship.uses import Use, names_in_use, uses_of
from dashboard.access import allow, row_or_none
from dashboard.engine import address, engine
from dashboard.image_life import MOST_NAMES, life_of, uses_of_image
from dashboard.page import on_to, page
from dashboard.request import Request
from dashboard.ship_targets import ShipTarget
from dashboard.views.ship_targets import pull_answer

MOST_USES = 200
ASKED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that runs it, as a page shows it. ``this``: the very same content; None where that is not known."""

    use: Use
    href: str
    status: Any
    this: bool | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A place with its box: where it is, what would be done, or why it cannot be."""

    place: Place
    href: str
    status: Any


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def life(request: Request) -> HttpResponse:
    """``?row=``: all that is known of it here; a part of its page."""
    row = await _image(request)
    found = await life_of(request.actor, row)
    context = {
        "row": row,
        "href": address(row),
        "life": found,
        "uses": [_shown(row, one) for one in found.uses[:MOST_USES]],
        "most": MOST_USES,
        "more": len(found.uses) > MOST_USES,
        "names": names_in_use(row.resource.tags[:MOST_NAMES], found.uses),
    }
    return render(request, "partials/image_life.html", context)


@allow(Role.VIEWER, scope="cluster")
@require_http_methods(["GET", "HEAD", "POST"])
async def roll_out(request: Request) -> HttpResponse:
    """``?row=&image=``: where other versions of that name run, each with a box. POST: the job for those ticked."""
    row, asked = await _image(request), request.POST if request.method == "POST" else request.GET
    names = names_in_use(row.resource.tags[:MOST_NAMES], uses_of_image(request.actor, row))
    image = asked.get("image", "") or next(iter((*names, *row.resource.tags)), "")
    if image not in row.resource.tags:
        raise Http404
    places, more = await _places(request.actor, row, image)
    error: ClusterError | None = None
    if request.method == "POST":
        wanted = set(asked.getlist("place"))
        try:
            chosen = [one for one in places if one.use.key in wanted]
            if len(chosen) < len(wanted):
                raise Invalid("Some of these are not there any more. Nothing was done.", hint="Look at the list again.")
            key = await rollout.begin(
                engine.gateway, request.actor, image, chosen, lambda one: engine.supervisor.connections.get(one)
            )
            return on_to(request, f"/jobs/{key}/")
        except ClusterError as wrong:
            error = wrong
    choices = [Choice(one, address(one.use.row), status_cell(one.use.row)) for one in places]
    possible = sum(not one.why_not for one in places)
    context = {"row": row, "href": address(row), "image": image, "choices": choices, "possible": possible}
    context |= {"others": [one for one in names if one != image], "most": MOST_USES, "more": more, "error": error}
    return page(request, "pages/roll_out.html", context, status=422 if error else 200)


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def roll_out_text(request: Request) -> HttpResponse:
    """``?row=&image=&place=``: how the text of that place would differ, and what comes of it. A part of the page."""
    image, use = await _place(request)
    if not isinstance(use, TextUse):
        raise Http404
    context: dict[str, Any] = {"use": use}
    try:
        changed = await texts.prepare(engine.gateway, request.actor, use, image)
        context["changed"], then = changed, changed.as_kept
        context["difference"] = difference(changed.kept.text, then.text)
        context["values"], context["copies"] = changed_values(changed.kept, then), changed_copies(changed.kept, then)
        context["ahead"] = await texts.look_ahead(engine.gateway, request.actor, use, changed)
    except ClusterError as error:
        asked = {"cluster": use.row.cluster.slug, "name": use.row.resource.name, "version": "last"}
        where = reverse("stack" if use.is_stack else "compose")
        context |= {"error": error, "action": {"href": f"{where}?{urlencode(asked)}", "label": "Open its text"}}
    return render(request, "partials/roll_out_text.html", context)


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def roll_out_pull(request: Request) -> HttpResponse:
    """``?row=&image=&place=``: can that place get it? A part of the page of a roll-out."""
    image, use = await _place(request)
    if use.row.kind.name in ("container", "project"):
        return await pull_answer(request, ShipTarget("container", use.row.cluster), image, "")
    if isinstance(use, TextUse):  # a stack: its services may each be placed by other rules
        return await pull_answer(request, ShipTarget("swarm-service", use.row.cluster), image, "")
    if use.row.kind.name == "swarm-service":
        asked = use.row.resource.template.placement
        placement = Placement(constraints=(asked.constraints if asked else None) or ())
        return await pull_answer(request, ShipTarget("swarm-service", use.row.cluster), image, "", placement=placement)
    target, spec = ShipTarget("deployment", use.row.cluster), await _pod_spec(request.actor, use)
    account = str(spec.get("serviceAccountName") or "")
    where = (target, image, use.row.namespace or "", pull_secrets_of(spec), account, of_pods(spec))
    return await pull_answer(request, *where, _pull_policy(spec))


def _pull_policy(spec: Mapping[str, Any]) -> str:
    """ "Always" where one of its containers says so: nodes that have the image ask for it all the same."""
    said = [str(one.get("imagePullPolicy") or "") for one in spec.get("containers") or () if isinstance(one, dict)]
    return "Always" if "Always" in said else next(iter(said), "")


async def _pod_spec(actor: Actor, use: Use) -> Mapping[str, Any]:
    """What a workload of Kubernetes asks for its copies; nothing where the cluster does not say."""
    try:
        found = await engine.gateway.raw(actor, use.row.cluster.id, use.row.kind, use.row.resource)
    except ClusterError:
        return {}  # it is judged by its namespace then
    return ((found.get("spec") or {}).get("template") or {}).get("spec") or {}


async def _image(request: Request) -> Row:
    asked = request.POST if request.method == "POST" else request.GET
    row = await row_or_none(request, asked.get("row", ""))
    if row is None or row.kind.name != "image":
        raise Http404
    return row


async def _place(request: Request) -> tuple[str, Use]:
    """The image and the place that are asked about."""
    row, image = await _image(request), request.GET.get("image", "")
    if image not in row.resource.tags:
        raise Http404
    connections = engine.supervisor.connections
    found = uses_of(engine.gateway, request.actor, connections.values(), image)
    uses = await as_texts(engine.gateway, request.actor, found, connections)
    use = next((one for one in uses if one.key == request.GET.get("place")), None)
    if use is None:
        raise Http404
    return image, use


def _shown(row: Row, use: Use) -> Shown:
    this: bool | None = None
    if use.image_id:
        this = use.image_id == row.resource.uid
    elif "@" in (exact := _exact(use)):
        this = exact.rpartition("@")[2] in {one.rpartition("@")[2] for one in row.resource.digests}
    elif use.image not in row.resource.tags:
        this = False
    return Shown(use, address(use.row), status_cell(use.row), this)


def _exact(use: Use) -> str:
    """With its digest, where what keeps it pinned one."""
    if use.row.kind.name == "swarm-service":
        return str(use.row.resource.template.container.image or "")
    return use.image


async def _places(actor: Actor, row: Row, image: str) -> tuple[list[Place], bool]:
    """How each is changed; and whether there are more than are told."""
    connections = engine.supervisor.connections
    found = uses_of(engine.gateway, actor, connections.values(), image)
    uses = await as_texts(engine.gateway, actor, found, connections)
    turn = asyncio.Semaphore(ASKED_AT_ONCE)

    async def allowed(place: Place) -> Place:
        async with turn:
            return await _allowed(actor, place)

    places = [place_of(one, image, _ids(row, one)) for one in uses[:MOST_USES]]
    return await asyncio.gather(*map(allowed, places)), len(uses) > MOST_USES


def _ids(row: Row, use: Use) -> list[str]:
    """What the name leads to on the engine where that runs, as far as it is known."""
    return [row.resource.uid] if use.row.cluster.id == row.cluster.id else []


async def _allowed(actor: Actor, place: Place) -> Place:
    """Doing it is decided again, by the gateway."""
    row = place.use.row
    if place.verb == "edit":
        decision = decide(actor, area_in(row.cluster, row.namespace), Need(EDIT.role, EDIT.right))
        return place if decision.allowed else replace(place, why_not=decision.reason)
    if place.verb == DEPLOY:
        decision = decide(actor, area_in(row.cluster, row.resource.name), COMPOSE)
        why = missing() if decision.allowed else decision.reason
        return replace(place, why_not=why) if why else place
    action = row.kind.action(place.verb)
    if action is None:
        return place
    decision = engine.gateway.decide_action(actor, row, action)
    if not decision.allowed:
        return replace(place, why_not=decision.reason)
    try:
        why = await engine.gateway.beyond(actor, row.cluster.id, row.kind, row.resource, action)
    except ClusterError as error:
        why = error.message
    return replace(place, why_not=why) if why else place
