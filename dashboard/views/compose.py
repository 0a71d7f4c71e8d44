"""A project or a stack as Compose text: its values, what is wrong as it is typed, what would happen, deploying."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Collection

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from clusters.access import Actor, decide
from clusters.compose.as_read import as_read
from clusters.compose.check import NAME, check_name
from clusters.compose.copies import check_copies
from clusters.compose.problem import Wrong
from clusters.compose.versions import once_secret
from clusters.ending import end
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Unrecorded
from clusters.live.cluster import ClusterInfo
from clusters.reach import area_in
from dashboard.access import allow
from dashboard.compose_rights import LOOKS, is_foreign, kept_as, kept_version, taken_down
from dashboard.compose_sorts import Ahead, Asked, Sort, Typed
from dashboard.compose_values import given_values, seal_of, value_fields
from dashboard.engine import engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.visible_jobs import shown_job

MOST_COPIES = 100  # services whose copies are said


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def compose(request: Request, sort: Sort) -> HttpResponse:
    """``?cluster=&name=&version=``: the text of that version, or a new one. POST: look ahead, or deploy (``do=``).

    ``do=open`` opens the editor with a text that was made elsewhere.
    """
    if request.method == "POST" and request.POST.get("do") != "open":
        return await _answer(request, sort)
    asked, hosts = request.POST if request.method == "POST" else request.GET, sort.hosts(request.actor)
    host, name, number = meant(hosts, asked.get("cluster", "")), asked.get("name", "")[:63], asked.get("version")
    kept = await kept_version(request.actor, host, name, number, sort.kind) if number else None
    if number and kept is None:
        raise Http404
    text = kept.text if kept else request.POST.get("text") or sort.first
    stored = kept.secrets if kept else {}
    context = {
        "sort": sort,
        "hosts": hosts,
        "host": host or next(iter(hosts), None),
        "name": name,
        "kept": kept,
        "text": text,
        "program": await sort.program(),
        "values": await value_fields(text, kept.values if kept else {}, stored),
        "copies": sorted(kept.scale.items()) if kept else [],
        "foreign": not kept and await is_foreign(request.actor, host, name, sort.kind),
        "gone": [] if kept else await taken_down(request.actor, sort.kind),
    }
    return page(request, "pages/compose.html", context)


@allow(scope="signed-in")
@require_POST
async def check(request: Request, sort: Sort) -> HttpResponse:
    """What is wrong with the text as it is typed, by line."""
    if not sort.hosts(request.actor):
        raise Http404
    try:
        name = request.POST.get("name", "").strip()
        named = NAME.fullmatch(name) is not None  # what is wrong with the name is said at its field
        await _checked(request, sort, name if named else sort.kind, named=named)
    except Wrong as error:
        found = [{"line": one.line, "words": one.words, "level": one.level} for one in error.problems]
        return JsonResponse({"problems": found})
    except ClusterError:
        pass  # a help while typing; what counts is the look ahead
    return JsonResponse({"problems": []})


@allow(scope="signed-in")
@require_POST
async def values(request: Request, sort: Sort) -> HttpResponse:
    """The fields for what the text asks for."""
    if not sort.hosts(request.actor):
        raise Http404
    stored = await _stored(request, sort)
    try:
        given = given_values(request)
    except Invalid:
        given = {}  # the fields stay as they are filled in; the look ahead says what is wrong
    found = await value_fields(request.POST.get("text", ""), given, stored)
    return render(request, "partials/compose_values.html", {"values": found})


async def _answer(request: Request, sort: Sort) -> HttpResponse:
    given = request.POST
    try:
        host = meant(sort.hosts(request.actor), given.get("cluster", ""))
        if host is None:
            raise Missing(f"There is no such {sort.target.lower()} on which you may deploy.")
        name, deploys = check_name(given.get("name", "").strip()), given.get("do") == "deploy"
        secret = await _once_secret(request.actor, host, name, sort.kind) if deploys else ()
        asked = await _checked(request, sort, name, secret=secret)
        seal = seal_of(sort.kind, host, asked.checked)
        if deploys:
            if not hmac.compare_digest(seal, given.get("seal", "")[:64]):
                words = f"The text, the values or the {sort.target.lower()} were changed since you looked."
                raise Conflict(words, hint="Look again.")
            key = await asked.begin(engine.gateway, request.actor, host.id, "")
            return HttpResponseClientRedirect(reverse("job", args=[key]))
        ahead, shown = await _ahead(request, asked, host.id)
    except ClusterError as error:
        error.shown_job = await shown_job(request.actor, error.job)
        context = {"error": error, "problems": error.problems if isinstance(error, Wrong) else ()}
        status = 503 if isinstance(error, Unrecorded) else 422
        return render(request, "partials/compose_result.html", context, status=status)
    found = {"sort": sort, "ahead": ahead, "seal": seal, "host": host, "as_read": shown}
    return render(request, "partials/compose_result.html", found)


async def _ahead(request: Request, asked: Asked, host: int) -> tuple[Ahead, str]:
    """What would happen, and beside it the text as the program reads it: each runs that program once."""
    reading = asyncio.create_task(as_read(asked.checked), name="text as read")
    try:
        return await asked.look_ahead(engine.gateway, request.actor, host), await reading
    finally:
        await end([reading])  # nobody waits for it where the look ahead failed, or whoever asked is gone


async def _once_secret(actor: Actor, host: ClusterInfo, name: str, kind: str) -> Collection[str]:
    """Values that whoever typed them may read, and nobody in the lines of a job. Who may not look deploys nothing."""
    may = decide(actor, area_in(host, name), LOOKS).allowed
    return await once_secret(host.id, kept_as(name, kind)) if may else ()


async def _checked(
    request: Request, sort: Sort, name: str, *, named: bool = True, secret: Collection[str] = ()
) -> Asked:
    stored, given = await _stored(request, sort), given_values(request)
    typed = Typed(
        text=request.POST.get("text", ""),
        name=name,
        values={**stored, **given},
        copies=_copies(request),
        named=named,
        stored={*(stored.keys() - given.keys()), *secret},
    )
    return await sort.check(typed)


def _copies(request: Request) -> dict[str, int]:
    """How many copies of a service were asked for; an empty field is as the text says. Raises Invalid."""
    posted = [(name, text.strip()) for name, text in request.POST.dict().items() if name.startswith("copies-")]
    return {name.removeprefix("copies-")[:200]: check_copies(text) for name, text in posted[:MOST_COPIES] if text}


async def _stored(request: Request, sort: Sort) -> dict[str, str]:
    """The secret values of the version that the page was opened with: a page never has them."""
    given = request.POST
    host, number = meant(sort.hosts(request.actor), given.get("of", "")), given.get("version", "")
    if host is None or not number:
        return {}
    kept = await kept_version(request.actor, host, given.get("name", "")[:63], number, sort.kind)
    return kept.secrets if kept else {}
