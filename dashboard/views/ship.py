"""From an image to anything that runs it: the targets, whether each can pull it, and one set of fields for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clusters.access import Need, decide
from clusters.errors import ClusterError, Invalid
from clusters.kinds.docker.image_name import split_image
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.reach import target_in
from clusters.registries.pull_secret import ACCOUNT
from clusters.registries.pullable import can_pull
from clusters.ship import carried, moving
from clusters.ship.images import config_of, row_of, was_pulled, whole_of
from dashboard.access import allow, row_or_none
from dashboard.engine import address, engine
from dashboard.forms import filled, grouped
from dashboard.page import on_to, page
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.views import deploy, run
from dashboard.yaml_rights import yaml_clusters

LONGEST = 100_000
MAKES: Mapping[str, tuple[str, str, str]] = {
    "container": ("Run on", "a container, one copy", "container"),
    "swarm-service": ("Deploy to", "a service, its copies spread over the nodes of the Swarm", "layers"),
    "deployment": ("Deploy to", "a deployment, with a service that leads to its copies", "boxes"),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """One target: a kind on a cluster, and what it makes there."""

    kind: str
    cluster: ClusterInfo

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.kind}~{self.cluster.id}"

    @property
    def does(self) -> str:
        """The words of its button."""
        return f"{MAKES[self.kind][0]} {self.cluster.name}"

    @property
    def makes(self) -> str:
        """What comes of it there."""
        return MAKES[self.kind][1]

    @property
    def icon(self) -> str:
        """Its sign."""
        return MAKES[self.kind][2]


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def ship(request: Request) -> HttpResponse:
    """``?image=&row=``: the targets. POST ``to=``: the form of one, filled in; ``back=``: from such a form to here."""
    asked = request.POST if request.method == "POST" else request.GET
    goals = _goals(request)
    row = await _source(request, asked.get("row", ""), asked.get("image", ""))
    config = await config_of(engine.gateway, request.actor, row) if row else {}
    image = asked.get("image", "")[:500] or (next(iter(row.resource.tags), "") if row else "")
    values: dict[str, Any] = carried.of_image(image, config)
    if request.method == "POST":
        given = {name: text[:LONGEST] for name, text in asked.dict().items()}
        back = asked.get("back", "")
        values |= carried.from_target(back, given) if back in carried.TARGETS else given
        if to := asked.get("to", ""):
            goal = next((one for one in goals if one.key == to), None)
            if goal is None:
                raise Http404
            return await _opened(request, goal, carried.to_target(goal.kind, values, config))
    context = {
        "image": image,
        "row": row,
        "href": address(row) if row else "",
        "goals": goals,
        "groups": grouped(filled(carried.FIELDS[1:], values)),  # the image is chosen before
    }
    return page(request, "pages/ship.html", context)


@allow(scope="signed-in")
@require_safe
async def pullable(request: Request) -> HttpResponse:
    """``?image=&to=&row=``: can that target get it, and which way there is when it cannot."""
    asked = request.GET
    goal = next((one for one in _goals(request) if one.key == asked.get("to")), None)
    if goal is None:
        raise Http404
    namespace = asked.get("namespace", "") or ("default" if goal.kind == "deployment" else "")
    return await pull_answer(request, goal, asked.get("image", "")[:500], namespace)


async def pull_answer(
    request: Request, goal: Goal, image: str, namespace: str, secrets: Sequence[str] = (), account: str = ""
) -> HttpResponse:
    """The answer as a part of a page. ``secrets`` and ``account``: of what is there already, on Kubernetes."""
    context: dict[str, Any] = {"goal": goal, "image": image}
    try:
        split_image(image)
        found = await can_pull(
            engine.gateway,
            request.actor,
            goal.cluster.id,
            image,
            namespace=namespace,
            on_all_nodes=goal.kind == "swarm-service",
            secrets=secrets,
            account=account or ACCOUNT,
        )
        holders = [engine.supervisor.connections[one] for one in found.holders if one in engine.supervisor.connections]
        may_load = goal in _goals(request)
        others = [one.cluster for one in holders if may_load and one.cluster.id != goal.cluster.id]
        context |= {
            "found": found,
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
async def load(request: Request) -> HttpResponse:
    """``image``, ``from`` (an engine that has it), ``to``: put it onto the engine of that target."""
    given = request.POST
    goal = next((one for one in _goals(request) if one.key == given.get("to")), None)
    holder = meant([one.cluster for one in engine.supervisor.connections.values()], given.get("from", ""))
    if goal is None or holder is None or goal.kind == "deployment":
        raise Http404
    image = given.get("image", "")[:500]
    row = row_of(engine.gateway, request.actor, engine.supervisor.connections[holder.id], image)
    try:
        if row is None:
            raise Invalid(f"{image} is not on {holder.name} any more.")
        key = await moving.begin(engine.gateway, request.actor, row, image, goal.cluster.id)
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


async def _opened(request: Request, goal: Goal, values: Mapping[str, Any]) -> HttpResponse:
    if goal.kind == "deployment":
        return await deploy.opened(request, goal.cluster.slug, values)
    return await run.opened(request, goal.kind, goal.cluster, values)


def _goals(request: Request) -> list[Goal]:
    """Where this person may run or deploy it; hosts first, demonstrations last."""
    found = []
    for one in engine.supervisor.connections.values():
        for name in ("container", "swarm-service"):
            store = one.stores.get(name)
            maker = store.kind.make if store else None
            if maker and decide(request.actor, target_in(one.cluster), Need(maker.role, maker.right)).allowed:
                found.append(Goal(name, one.cluster))
    found += [Goal("deployment", one.cluster) for one in yaml_clusters(request.actor)]
    order = {name: number for number, name in enumerate(carried.TARGETS)}
    return sorted(found, key=lambda one: (one.cluster.driver == "demo", order[one.kind], one.cluster.name.casefold()))


async def _source(request: Request, row_id: str, image: str) -> Row | None:
    """The image on an engine that says what it is like: the one that was named, or any that this person sees."""
    if row_id:
        row = await row_or_none(request, row_id)
        if row is None or row.kind.name != "image":
            raise Http404
        return row
    found = (row_of(engine.gateway, request.actor, one, image) for one in engine.supervisor.connections.values())
    return next((one for one in found if one), None)
