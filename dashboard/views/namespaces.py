"""Choosing the namespaces that a cluster is looked at in, where its account may not list all of it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from clusters.connect import namespaces as domain
from clusters.errors import ClusterError
from clusters.fields import NotFilledIn
from clusters.kinds.base import Role
from clusters.models import Cluster
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.forms import filled
from dashboard.page import page
from dashboard.request import Request


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_http_methods(["GET", "HEAD", "POST"])
async def choose(request: Request, slug: str) -> HttpResponse:
    """GET: the form. POST: look into these alone, and begin anew."""
    cluster = await Cluster.objects.filter(slug=slug).afirst()
    field = domain.field_of(cluster) if cluster else None
    if cluster is None or field is None:
        raise Http404
    given, problems, error = cluster.settings, {}, None
    if request.method == "POST":
        given = request.POST.dict()
        try:
            await domain.choose(request.actor, cluster, given.get(domain.NAME, ""))
        except NotFilledIn as wrong:
            problems = wrong.problems
        except ClusterError as wrong:
            error = wrong
        else:
            await engine.connect(cluster)
            return redirect("cluster", cluster.slug)
    known = _known(request, cluster)
    return page(
        request,
        "pages/namespaces.html",
        {"cluster": cluster, "error": error, "fields": filled((field,), given, problems), "known": known},
        status=422 if problems or error else 200,
    )


def _known(request: Request, cluster: Cluster) -> list[str]:
    """The namespaces whose names we may know."""
    return sorted(one.name for one in engine.gateway.visible(request.actor, cluster.pk, "namespace"))
