"""Stacks of a Swarm: the text with its values, what would happen, deploying it, and the versions that were."""

from __future__ import annotations

import hmac

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters.audit import Unrecorded
from clusters.compose.check import NAME, check_name, secret_values
from clusters.compose.problem import Wrong
from clusters.compose.program import find_program
from clusters.compose.versions import versions_of
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.live.cluster import ClusterInfo
from clusters.stacks import deploy
from clusters.stacks.program import find_docker
from clusters.stacks.text import StackText, check_stack
from dashboard.access import allow
from dashboard.compose_rights import (
    is_there,
    kept_as,
    kept_version,
    may_look,
    project_page,
    stack_clusters,
    taken_down,
)
from dashboard.compose_values import given_values, seal_of, value_fields
from dashboard.engine import engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant

FIRST = """services:
  web:
    image: busybox:latest
    command: httpd -f -p 8080
    ports:
      - target: 8080
        published: 8080
        mode: host
    deploy:
      replicas: 2
"""


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def stack(request: Request) -> HttpResponse:
    """``?cluster=&name=&version=``: the text of that version, or a new one. POST: look ahead, or deploy (``do=``).

    ``do=open`` opens the editor with a text that was made elsewhere.
    """
    swarms = stack_clusters(request.actor)
    if request.method == "POST" and request.POST.get("do") != "open":
        return await _answer(request, swarms)
    asked = request.POST if request.method == "POST" else request.GET
    swarm, name = meant(swarms, asked.get("cluster", "")), asked.get("name", "")[:63]
    kept = await kept_version(request.actor, swarm, name, asked["version"], "stack") if asked.get("version") else None
    if asked.get("version") and kept is None:
        raise Http404
    text = kept.text if kept else request.POST.get("text") or FIRST
    stored = secret_values(kept.text, kept.values) if kept else {}
    docker = await find_docker()
    context = {
        "swarms": swarms,
        "swarm": swarm or next(iter(swarms), None),
        "name": name,
        "kept": kept,
        "text": text,
        "program": docker if docker.why_not else await find_program(),
        "values": await value_fields(text, kept.values if kept else {}, stored),
        "gone": [] if kept else await taken_down(request.actor, "stack"),
    }
    return page(request, "pages/stack.html", context)


@allow(scope="signed-in")
@require_POST
async def check(request: Request) -> HttpResponse:
    """What is wrong with the text as it is typed, by line."""
    swarms = stack_clusters(request.actor)
    if not swarms:
        raise Http404
    try:
        name = request.POST.get("name", "").strip()
        named = NAME.fullmatch(name) is not None  # what is wrong with the name is said at its field
        await _checked(request, swarms, name if named else "stack", named=named)
    except Wrong as error:
        found = [{"line": one.line, "words": one.words, "level": one.level} for one in error.problems]
        return JsonResponse({"problems": found})
    except ClusterError:
        pass  # a help while typing; what counts is the look ahead
    return JsonResponse({"problems": []})


@allow(scope="signed-in")
@require_POST
async def values(request: Request) -> HttpResponse:
    """The fields for what the text asks for."""
    swarms = stack_clusters(request.actor)
    if not swarms:
        raise Http404
    stored = await _stored(request, swarms)
    try:
        given = given_values(request)
    except Invalid:
        given = {}  # the fields stay as they are filled in; the look ahead says what is wrong
    found = await value_fields(request.POST.get("text", ""), given, stored)
    return render(request, "partials/compose_values.html", {"values": found})


@allow(scope="signed-in")
@require_safe
async def versions(request: Request) -> HttpResponse:
    """What was deployed as ``?name=`` on ``?cluster=``, newest first."""
    swarm, name = meant(stack_clusters(request.actor), request.GET.get("cluster", "")), request.GET.get("name", "")[:63]
    if swarm is None:
        raise Http404
    await may_look(request.actor, swarm, name, "stack")
    found = await versions_of(swarm.id, kept_as(name, "stack"))
    if not found:
        raise Http404
    there = await is_there(request.actor, swarm, name, "stack")
    context = {"swarm": swarm, "name": name, "versions": found}
    context["href"] = project_page(swarm, name, "stack") if there else ""
    return page(request, "pages/stack_versions.html", context)


@allow(scope="signed-in")
@require_POST
async def back(request: Request) -> HttpResponse:
    """Deploy an earlier version as it was, with its values: it becomes the newest."""
    given = request.POST
    swarm, name = meant(stack_clusters(request.actor), given.get("cluster", "")), given.get("name", "")[:63]
    kept = await kept_version(request.actor, swarm, name, given.get("version", ""), "stack")
    if swarm is None or kept is None:
        raise Http404
    try:
        asked = await check_stack(kept.text, name, kept.values)
        key = await deploy.begin(engine.gateway, request.actor, swarm.id, asked)
    except ClusterError as error:
        return _wrong(request, error)
    return HttpResponseClientRedirect(reverse("job", args=[key]))


async def _answer(request: Request, swarms: list[ClusterInfo]) -> HttpResponse:
    given = request.POST
    try:
        swarm = meant(swarms, given.get("cluster", ""))
        if swarm is None:
            raise Missing("There is no such Swarm to which you may deploy.")
        asked = await _checked(request, swarms, check_name(given.get("name", "").strip()))
        seal = seal_of("stack", swarm, asked.checked)
        if given.get("do") == "deploy":
            if not hmac.compare_digest(seal, given.get("seal", "")[:64]):
                raise Conflict("The text, the values or the Swarm were changed since you looked.", hint="Look again.")
            key = await deploy.begin(engine.gateway, request.actor, swarm.id, asked)
            return HttpResponseClientRedirect(reverse("job", args=[key]))
        ahead = await deploy.look_ahead(engine.gateway, request.actor, swarm.id, asked)
    except ClusterError as error:
        return _wrong(request, error)
    return render(request, "partials/stack_result.html", {"ahead": ahead, "seal": seal, "swarm": swarm})


def _wrong(request: Request, error: ClusterError) -> HttpResponse:
    context = {"error": error, "problems": error.problems if isinstance(error, Wrong) else ()}
    return render(request, "partials/stack_result.html", context, status=503 if isinstance(error, Unrecorded) else 422)


async def _checked(request: Request, swarms: list[ClusterInfo], name: str, *, named: bool = True) -> StackText:
    stored = await _stored(request, swarms)
    return await check_stack(request.POST.get("text", ""), name, {**stored, **given_values(request)}, named=named)


async def _stored(request: Request, swarms: list[ClusterInfo]) -> dict[str, str]:
    """The secret values of the version that the page was opened with: a page never has them."""
    given = request.POST
    swarm, number = meant(swarms, given.get("of", "")), given.get("version", "")
    if swarm is None or not number:
        return {}
    kept = await kept_version(request.actor, swarm, given.get("name", "")[:63], number, "stack")
    return secret_values(kept.text, kept.values) if kept else {}
