"""The versions of a project or a stack: what was deployed from here, how two of them differ, and back to one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters.apply.difference import difference
from clusters.compose.changes import changed_copies, changed_values
from clusters.compose.versions import Kept, open_version, versions_of
from clusters.connect.secrets import Sealed
from clusters.errors import ClusterError, Unrecorded
from clusters.live.cluster import ClusterInfo
from dashboard.access import allow
from dashboard.compose_rights import is_there, kept_as, kept_version, may_look, project_page
from dashboard.compose_sorts import Sort, Typed
from dashboard.engine import engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.visible_jobs import shown_job


@allow(scope="signed-in")
@require_safe
async def versions(request: Request, sort: Sort) -> HttpResponse:
    """What was deployed as ``?name=`` on ``?cluster=``, newest first."""
    host, name = meant(sort.hosts(request.actor), request.GET.get("cluster", "")), request.GET.get("name", "")[:63]
    if host is None:
        raise Http404
    await may_look(request.actor, host, name, sort.kind)
    found = await versions_of(host.id, kept_as(name, sort.kind))
    if not found:
        raise Http404
    there = await is_there(request.actor, host, name, sort.kind)
    context = {"sort": sort, "host": host, "name": name, "versions": found}
    context["href"] = project_page(host, name, sort.kind) if there else ""
    return page(request, "pages/compose_versions.html", context)


@allow(scope="signed-in")
@require_safe
async def compare(request: Request, sort: Sort) -> HttpResponse:
    """How version ``?version=`` differs: from the one before it, or (``?back=1``) the newest from it, to go back."""
    host, name, one = await _version(request, request.GET, sort)
    back = request.GET.get("back") == "1"
    numbers = [row.number for row in await versions_of(host.id, kept_as(name, sort.kind))]
    before = max((number for number in numbers if number < one.number), default=0)
    against, lost = numbers[0] if back else before, 0
    try:
        other = await kept_version(request.actor, host, name, str(against), sort.kind)
    except Sealed:
        other, lost = None, against
    old, new = (other, one) if other else (None, one)
    if back and old:
        with suppress(ClusterError):  # going back says what is wrong; until then what is kept tells
            now, then = await sort.copies_back(request.actor, host.id, name, old, one)
            old, new = replace(old, scale=now), replace(one, scale=then)
    context = {
        "sort": sort,
        "host": host,
        "name": name,
        "back": back,
        "one": one,
        "other": other,
        "lost": lost,
        "difference": difference(old.text if old else "", new.text),
        "values": changed_values(old, new) if old else [],
        "copies": changed_copies(old, new) if old else [],
    }
    return render(request, "partials/compose_difference.html", context)


@allow(scope="signed-in")
@require_POST
async def back(request: Request, sort: Sort) -> HttpResponse:
    """Deploy an earlier version as it was, with its values and copies: it becomes the newest."""
    host, name, kept = await _version(request, request.POST, sort)
    try:
        newest = await _newest(host, name, sort)
        _, copies = await sort.copies_back(request.actor, host.id, name, newest, kept)
        as_kept = Typed(text=kept.text, name=name, values=kept.values, copies=copies, stored=kept.secrets)
        asked = await sort.check(as_kept)
        key = await asked.begin(engine.gateway, request.actor, host.id, f"As version {kept.number}")
    except ClusterError as error:
        error.shown_job = await shown_job(request.actor, error.job)
        status = 503 if isinstance(error, Unrecorded) else 422
        return render(request, "components/error.html", {"error": error}, status=status)
    return HttpResponseClientRedirect(reverse("job", args=[key]))


async def _newest(host: ClusterInfo, name: str, sort: Sort) -> Kept | None:
    """None where it cannot be opened any more: that is no reason to stay with it."""
    try:
        return await open_version(host.id, kept_as(name, sort.kind))
    except Sealed:
        return None


async def _version(request: Request, given: QueryDict, sort: Sort) -> tuple[ClusterInfo, str, Kept]:
    """Where, what and which one is asked about."""
    host, name = meant(sort.hosts(request.actor), given.get("cluster", "")), given.get("name", "")[:63]
    kept = await kept_version(request.actor, host, name, given.get("version", ""), sort.kind)
    if host is None or kept is None:
        raise Http404
    return host, name, kept
