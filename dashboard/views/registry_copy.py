"""An image of one registry to another: a short form, then a job."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from clusters.errors import Conflict, Invalid, Refused
from clusters.models import Registry
from clusters.registries.access import may_copy_to
from clusters.registries.copying import End, begin_copy
from clusters.registries.reference import is_digest, is_repository, is_tag
from dashboard.access import allow
from dashboard.request import Request
from dashboard.views.registries import registry_or_404


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def copy(request: Request, slug: str, name: str) -> HttpResponse:
    """What is under ``tag`` to another registry, repository or tag."""
    source = await registry_or_404(request, slug)
    asked = request.POST if request.method == "POST" else request.GET
    version = asked.get("tag", "")
    if not is_repository(name) or not (is_tag(version) or is_digest(version)):
        raise Http404
    registries = await targets(request)
    if not registries:
        raise PermissionDenied("Copying an image takes what pushing takes.")
    wanted = asked.get("to", "")
    others = [one for one in registries if one.pk != source.pk]
    chosen = next((one for one in registries if one.slug == wanted), None) or (others or registries)[0]
    repository, tag = (
        asked.get("repository", name).strip(),
        asked.get("as", "" if is_digest(version) else version).strip(),
    )
    context: dict[str, Any] = {"registry": source, "repository": name, "tag": version, "registries": registries}
    context |= {"chosen": chosen, "to_repository": repository[:300], "to_tag": tag[:200], "error": None}
    if request.method == "POST":
        try:
            target = End(chosen, repository.removeprefix(f"{chosen.host}/"), tag)
            key = await begin_copy(request.actor, End(source, name, version), target)
            return HttpResponseClientRedirect(f"/jobs/{key}/")
        except (Invalid, Refused, Conflict) as error:
            context["error"] = error
    status = 422 if context["error"] else 200
    return render(request, "partials/registry_copy.html", context, status=status)


async def targets(request: Request) -> list[Registry]:
    """The registries to which this person may copy."""
    return [one async for one in Registry.objects.all() if await may_copy_to(request.actor, one)]
