"""What is done to a project that was deployed from here: more or fewer copies of a service, newer images."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters.compose import deploy
from clusters.compose.check import Checked
from clusters.compose.check import check as check_text
from clusters.compose.copies import check_copies, limit, wanted
from clusters.compose.newer import images_of
from clusters.errors import ClusterError, Unrecorded, Unsupported
from clusters.gateway import Denied
from clusters.kinds.base import Role
from clusters.live.cluster import ClusterInfo
from clusters.live.row import Row
from clusters.rights import label_of
from dashboard.access import allow, refusal, row_or_none
from dashboard.compose_rights import compose_hosts, kept_version
from dashboard.engine import engine
from dashboard.forms import slider_end
from dashboard.request import Request

NOT_OURS = "It was not deployed from here, so its text is not known."
NOT_OURS_HINT = "Deploy it once from here, under the same name: then this can be done."


@allow(Role.VIEWER, scope="cluster")
@require_http_methods(["GET", "HEAD", "POST"])
async def scale(request: Request) -> HttpResponse:
    """The dialog for the copies of a service (``row=``, ``service=``); POST: as many as ``copies=`` says."""
    given = request.POST if request.method == "POST" else request.GET
    row, service = await _project(request, given.get("row", "")), given.get("service", "")[:200]
    context: dict[str, Any] = {"row": row, "service": service, "copies": given.get("copies", "")}
    try:
        host, asked = await _newest(request, row)
        if service not in asked.services:
            raise Unsupported(f"There is no service {service[:60]} in the text of the newest version.")
        if request.method == "POST":
            more, how = deploy.scaling(asked, service, check_copies(given.get("copies", "").strip()))
            return await _begun(request, host, more, how)
        context["copies"] = wanted(asked.project, asked.scale)[service]
        context["most"], context["why"] = limit(service, asked.project["services"][service])
        context["slider"] = slider_end(context["most"], context["copies"])
        context["taken"] = await deploy.ports_taken(engine.gateway, request.actor, host.id, asked, service)
    except ClusterError as error:
        return _wrong(request, "partials/compose_scale.html", {**context, "error": error})
    context["running"] = len(row.resource.services.get(service, ()))
    return render(request, "partials/compose_scale.html", context)


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def images(request: Request) -> HttpResponse:
    """The images of a project (``?row=``) beside what their registries have now; ``anew=1`` asks again."""
    row = await _project(request, request.GET.get("row", ""))
    try:
        found, left = await images_of(engine.gateway, request.actor, row, anew=request.GET.get("anew") == "1")
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        return render(request, "components/error.html", {"error": error})
    newer = [one for one in found if one.compared.state == "newer"]
    context = {"row": row, "images": found, "newer": newer, "left": left}
    return render(request, "partials/compose_images.html", context)


@allow(Role.VIEWER, scope="cluster")
@require_http_methods(["GET", "HEAD", "POST"])
async def update(request: Request) -> HttpResponse:
    """The dialog that says what is made anew from newer images (``row=``); POST: of these services (``service=``)."""
    given = request.POST if request.method == "POST" else request.GET
    row = await _project(request, given.get("row", ""))
    context: dict[str, Any] = {"row": row}
    try:
        host, asked = await _newest(request, row)
        if request.method == "POST":
            return await _begun(request, host, asked, deploy.updating(asked, given.getlist("service")[:200]))
        context["images"], context["left"] = await images_of(engine.gateway, request.actor, row, anew=False)
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        return _wrong(request, "partials/compose_update.html", {**context, "error": error})
    return render(request, "partials/compose_update.html", context)


async def _project(request: Request, row_id: str) -> Row:
    row = await row_or_none(request, row_id)
    if row is None or row.kind.name != "project":
        raise Http404
    return row


async def _newest(request: Request, row: Row) -> tuple[ClusterInfo, Checked]:
    """The newest version that was deployed from here. Raises Unsupported where there is none for this person."""
    if row.cluster.driver == "demo":
        raise Unsupported("Nothing is deployed to the demonstration.", hint="Connect a Docker host.")
    host = next((one for one in compose_hosts(request.actor) if one.id == row.cluster.id), None)
    if host is None:
        raise Unsupported("You may not deploy projects there.", hint=f"It takes the right “{label_of('compose')}”.")
    name = row.resource.name
    kept = await kept_version(request.actor, host, name, "last")
    if kept is None:
        raise Unsupported(NOT_OURS, hint=NOT_OURS_HINT)
    return host, await check_text(kept.text, name, kept.values, kept.scale, stored=kept.secrets)


async def _begun(request: Request, host: ClusterInfo, asked: Checked, how: deploy.How) -> HttpResponse:
    key = await deploy.begin(engine.gateway, request.actor, host.id, asked, how)
    return HttpResponseClientRedirect(reverse("job", args=[key]))


def _wrong(request: Request, template: str, context: dict[str, Any]) -> HttpResponse:
    status = 503 if isinstance(context["error"], Unrecorded) else 422 if request.method == "POST" else 200
    return render(request, template, context, status=status)
