"""The versions of a Compose project: what was deployed from here, how two of them differ, and back to one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters.apply.difference import difference
from clusters.audit import Unrecorded
from clusters.compose import deploy
from clusters.compose.changes import changed_copies, changed_values
from clusters.compose.check import check as check_text
from clusters.compose.versions import versions_of
from clusters.errors import ClusterError
from dashboard.access import allow
from dashboard.compose_rights import compose_hosts, is_there, kept_version, may_look, project_page
from dashboard.engine import engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant


@allow(scope="signed-in")
@require_safe
async def versions(request: Request) -> HttpResponse:
    """What was deployed as ``?name=`` on ``?cluster=``, newest first."""
    host, name = meant(compose_hosts(request.actor), request.GET.get("cluster", "")), request.GET.get("name", "")[:63]
    if host is None:
        raise Http404
    await may_look(request.actor, host, name)
    found = await versions_of(host.id, name)
    if not found:
        raise Http404
    there = await is_there(request.actor, host, name)
    context = {"host": host, "name": name, "versions": found, "href": project_page(host, name) if there else ""}
    return page(request, "pages/compose_versions.html", context)


@allow(scope="signed-in")
@require_safe
async def compare(request: Request) -> HttpResponse:
    """How version ``?version=`` differs: from the one before it, or (``?back=1``) the newest from it, to go back."""
    given = request.GET
    host, name = meant(compose_hosts(request.actor), given.get("cluster", "")), given.get("name", "")[:63]
    one = await kept_version(request.actor, host, name, given.get("version", ""))
    if host is None or one is None:
        raise Http404
    back = given.get("back") == "1"
    numbers = [row.number for row in await versions_of(host.id, name)]
    before = max((number for number in numbers if number < one.number), default=0)
    other = await kept_version(request.actor, host, name, str(numbers[0] if back else before))
    old, new = (other, one) if other else (None, one)
    context = {
        "host": host,
        "name": name,
        "back": back,
        "one": one,
        "other": other,
        "difference": difference(old.text if old else "", new.text),
        "values": changed_values(old, new) if old else [],
        "copies": changed_copies(old, new) if old else [],
    }
    return render(request, "partials/compose_difference.html", context)


@allow(scope="signed-in")
@require_POST
async def back(request: Request) -> HttpResponse:
    """Deploy an earlier version as it was, with its values and copies: it becomes the newest."""
    given = request.POST
    host, name = meant(compose_hosts(request.actor), given.get("cluster", "")), given.get("name", "")[:63]
    kept = await kept_version(request.actor, host, name, given.get("version", ""))
    if host is None or kept is None:
        raise Http404
    try:
        asked = await check_text(kept.text, name, kept.values, kept.scale)
        how = deploy.How(note=f"As version {kept.number}")
        key = await deploy.begin(engine.gateway, request.actor, host.id, asked, how)
    except ClusterError as error:
        status = 503 if isinstance(error, Unrecorded) else 422
        return render(request, "components/error.html", {"error": error}, status=status)
    return HttpResponseClientRedirect(reverse("job", args=[key]))
