"""Compose projects: the text with its values, what would happen, deploying it, and the versions that were."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from clusters.audit import Unrecorded
from clusters.compose import deploy
from clusters.compose.check import NAME, Checked, check_name, secret_values
from clusters.compose.check import check as check_text
from clusters.compose.copies import check_copies
from clusters.compose.problem import Wrong
from clusters.compose.program import find_program
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.live.cluster import ClusterInfo
from dashboard.access import allow
from dashboard.compose_rights import compose_hosts, kept_version, taken_down
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
      - "8080:8080"
    restart: unless-stopped
"""
MOST_COPIES = 100  # services whose copies are said


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def project(request: Request) -> HttpResponse:
    """``?cluster=&name=&version=``: the text of that version, or a new one. POST: look ahead, or deploy (``do=``)."""
    hosts = compose_hosts(request.actor)
    if request.method == "POST":
        return await _answer(request, hosts)
    asked = request.GET
    host, name = meant(hosts, asked.get("cluster", "")), asked.get("name", "")[:63]
    kept = await kept_version(request.actor, host, name, asked["version"]) if asked.get("version") else None
    if asked.get("version") and kept is None:
        raise Http404
    text = kept.text if kept else FIRST
    stored = secret_values(kept.text, kept.values) if kept else {}
    context = {
        "hosts": hosts,
        "host": host or next(iter(hosts), None),
        "name": name,
        "kept": kept,
        "text": text,
        "program": await find_program(),
        "values": await value_fields(text, kept.values if kept else {}, stored),
        "copies": sorted(kept.scale.items()) if kept else [],
        "gone": [] if kept else await taken_down(request.actor),
    }
    return page(request, "pages/compose.html", context)


@allow(scope="signed-in")
@require_POST
async def check(request: Request) -> HttpResponse:
    """What is wrong with the text as it is typed, by line."""
    if not compose_hosts(request.actor):
        raise Http404
    try:
        name = request.POST.get("name", "").strip()
        if NAME.fullmatch(name):
            await _checked(request, name)
        else:  # what is wrong with the name is said at its field
            await _checked(request, "project", named=False)
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
    hosts = compose_hosts(request.actor)
    if not hosts:
        raise Http404
    stored = await _stored(request, hosts)
    try:
        given = given_values(request)
    except Invalid:
        given = {}  # the fields stay as they are filled in; the look ahead says what is wrong
    found = await value_fields(request.POST.get("text", ""), given, stored)
    return render(request, "partials/compose_values.html", {"values": found})


async def _answer(request: Request, hosts: list[ClusterInfo]) -> HttpResponse:
    given, context = request.POST, dict[str, Any]()
    try:
        host = meant(hosts, given.get("cluster", ""))
        if host is None:
            raise Missing("There is no such Docker host on which you may deploy.")
        stored = await _stored(request, hosts)
        asked = await _checked(request, check_name(given.get("name", "").strip()), stored)
        seal = seal_of("compose", host, asked)
        if given.get("do") == "deploy":
            if not hmac.compare_digest(seal, given.get("seal", "")[:64]):
                raise Conflict("The text, the values or the host were changed since you looked.", hint="Look again.")
            key = await deploy.begin(engine.gateway, request.actor, host.id, asked)
            return HttpResponseClientRedirect(reverse("job", args=[key]))
        context["ahead"] = await deploy.look_ahead(engine.gateway, request.actor, host.id, asked)
        context |= {"seal": seal, "asked": asked, "host": host}
    except ClusterError as error:
        context = {"error": error, "problems": error.problems if isinstance(error, Wrong) else ()}
        status = 503 if isinstance(error, Unrecorded) else 422
        return render(request, "partials/compose_result.html", context, status=status)
    return render(request, "partials/compose_result.html", context)


async def _checked(
    request: Request, name: str, stored: Mapping[str, str] | None = None, *, named: bool = True
) -> Checked:
    if stored is None:
        stored = await _stored(request, compose_hosts(request.actor))
    text, given = request.POST.get("text", ""), {**stored, **given_values(request)}
    return await check_text(text, name, given, _copies(request), named=named)


def _copies(request: Request) -> dict[str, int]:
    """How many copies of a service were asked for; an empty field is as the text says. Raises Invalid."""
    posted = [(name, text.strip()) for name, text in request.POST.dict().items() if name.startswith("copies-")]
    return {name.removeprefix("copies-")[:200]: check_copies(text) for name, text in posted[:MOST_COPIES] if text}


async def _stored(request: Request, hosts: list[ClusterInfo]) -> dict[str, str]:
    """The secret values of the version that the page was opened with: a page never has them."""
    given = request.POST
    host, number = meant(hosts, given.get("of", "")), given.get("version", "")
    if host is None or not number:
        return {}
    kept = await kept_version(request.actor, host, given.get("name", "")[:63], number)
    return secret_values(kept.text, kept.values) if kept else {}
