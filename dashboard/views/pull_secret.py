"""A pull secret for Kubernetes, of what is stored about a registry: what it does is said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from clusters.access import decide, reachable
from clusters.apply.step import LEAST
from clusters.errors import ClusterError
from clusters.live.cluster import ClusterInfo
from clusters.models import Registry
from clusters.reach import area_in
from clusters.registries.access import may_give
from clusters.registries.pull_secret import Wanted, look_ahead, make, usual_name
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.views.registries import refuse_who_sees_nothing
from dashboard.yaml_rights import yaml_clusters


@dataclass(slots=True)
class Asked:
    """The form as it stands: what there is to choose from, and what was chosen."""

    registries: list[Registry]
    clusters: list[ClusterInfo]
    registry: Registry | None = None
    cluster: ClusterInfo | None = None
    namespaces: list[str] = field(default_factory=list)
    namespace: str = ""
    name: str = ""
    attach: bool = False
    stay: bool = False


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def pull_secret(request: Request) -> HttpResponse:
    """``registry``, ``cluster``, ``namespace``: filled in. ``check``: say what it would do. ``stay``: on the page."""
    refuse_who_sees_nothing(request)
    given = request.POST if request.method == "POST" else request.GET
    asked = await _asked(request, given)
    if request.method != "POST" or not asked.registry or not asked.cluster:
        return render(request, "partials/pull_secret.html", {"asked": asked})
    about = (engine.gateway, request.actor, asked.cluster.id, asked.registry)
    error: ClusterError | None = None
    effects: Sequence[str] = ()
    if "check" in given and not asked.namespace:
        return render(request, "partials/pull_secret_check.html", {"effects": effects, "error": error})
    try:
        wanted = Wanted(asked.namespace, asked.name, asked.attach)
        if "check" not in given:
            words = await make(*about, wanted)
            if given.get("stay"):  # asked from a page that goes on with it
                told = trigger_client_event(HttpResponse(status=204), "toast", {"words": words, "level": "ok"})
                return trigger_client_event(told, "pull-secret")
            messages.success(request, words)
            where = reverse("resource", args=(asked.cluster.slug, "secret", f"{wanted.namespace}/{wanted.name}"))
            return HttpResponseClientRedirect(where)
        effects = (await look_ahead(*about, wanted)).effects
    except ClusterError as problem:
        error = problem
    if "check" in given:
        return render(request, "partials/pull_secret_check.html", {"effects": effects, "error": error})
    return render(request, "partials/pull_secret.html", {"asked": asked, "error": error}, status=422)


async def _asked(request: Request, given: QueryDict) -> Asked:
    kept = [one async for one in Registry.objects.exclude(user="") if may_give(request.actor, one)]
    asked = Asked(kept, [one.cluster for one in yaml_clusters(request.actor)])
    wanted = given.get("registry", "")
    asked.registry = next((one for one in kept if one.slug == wanted), None) or next(iter(kept), None)
    asked.cluster = meant(asked.clusters, given.get("cluster", "")) or next(iter(asked.clusters), None)
    if asked.registry and asked.cluster:
        asked.namespaces = _namespaces(request, asked.cluster)
        typed, usual = given.get("name", "").strip()[:253], {usual_name(one) for one in kept}
        asked.name = usual_name(asked.registry) if not typed or typed in usual else typed
    asked.namespace = given.get("namespace", "").strip()[:63]
    asked.attach, asked.stay = bool(given.get("attach")), bool(given.get("stay"))
    return asked


def _namespaces(request: Request, cluster: ClusterInfo) -> list[str]:
    """Those whose names are known, in which this person may apply YAML."""
    seen = {one.name for one in engine.gateway.visible(request.actor, cluster.id, "namespace")}
    named = {one for one in reachable(request.actor, cluster.id) if one}
    names = seen | named | set(cluster.namespaces or ())
    return sorted(one for one in names if decide(request.actor, area_in(cluster, one), LEAST).allowed)
