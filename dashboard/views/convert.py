"""A container or a Compose project as a Swarm's stack and as Kubernetes YAML, with what each target cannot do of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clusters.access import decide
from clusters.errors import ClusterError, Unrecorded
from clusters.gateway import Denied
from clusters.kinds.base import Role
from clusters.live.row import Row
from clusters.reach import area_in
from clusters.ship.app import App, Converted
from clusters.ship.loading import KINDS, REVEAL, load, refused, reveal
from clusters.ship.to_kubernetes import manifests
from clusters.ship.to_swarm import service_name, stack
from dashboard import confirm
from dashboard.access import allow, refusal, row_or_none
from dashboard.compose_rights import stack_clusters
from dashboard.engine import address, engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.views.files import attachment
from dashboard.yaml_rights import yaml_clusters

LONGEST = 64 << 10  # characters of a value


@dataclass(frozen=True, slots=True)
class Result:
    """One target: its text, the line that carries it out, and what it cannot do."""

    key: str
    title: str
    found: Converted
    line: str

    @property
    def gaps(self) -> list[tuple[str, str, list[str]]]:
        """Setting, words, and the parts of which the very same is said."""
        parts: dict[tuple[str, str], list[str]] = {}
        for one in self.found.gaps:
            parts.setdefault((one.setting, one.words), []).append(one.part)
        return [(setting, words, [one for one in names if one]) for (setting, words), names in parts.items()]


@allow(Role.VIEWER, scope="cluster")
@require_http_methods(["GET", "HEAD", "POST"])
async def convert(request: Request) -> HttpResponse:
    """``?row=``: both texts. POST: with values of secrets, those that are typed or (``take``) those that it has."""
    row = await _row(request)
    try:
        app = await load(engine.gateway, request.actor, row)
        given = _given(request, app)
        if request.POST.get("take"):
            if question := await sync_to_async(confirm.unless_recent)(request):
                return question
            given = await reveal(engine.gateway, request.actor, row, app)
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        status = 503 if isinstance(error, Unrecorded) else 422
        context = {"row": row, "href": address(row), "error": error}
        if request.htmx:
            return render(request, "partials/convert_wrong.html", context, status=status)
        return page(request, "pages/convert.html", context, status)
    context = _context(request, row, app, given)
    if request.htmx:
        return render(request, "partials/convert_results.html", context)
    return page(request, "pages/convert.html", context)


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def download(request: Request, target: str) -> HttpResponse:
    """One of the texts as a file, without values of secrets."""
    row = await _row(request)
    try:
        app = await load(engine.gateway, request.actor, row)
    except Denied as error:
        raise refusal(error) from error
    result = next((one for one in _results(app, {}) if one.key == target), None)
    if result is None:
        raise Http404
    response = HttpResponse(result.found.text, content_type="application/yaml")
    response["Content-Disposition"] = attachment(f"{service_name(app.name)}-{target}.yaml")
    return response


def offered(request: Request, row: Row) -> Mapping[str, str] | None:
    """Where a page leads to for it, and why it is off ("" when it is not); None for what is no app of an engine."""
    if row.kind.name not in KINDS:
        return None
    return {"href": f"/convert/?row={row.id}", "why": refused(row)}


async def _row(request: Request) -> Row:
    asked = request.POST if request.method == "POST" else request.GET
    row = await row_or_none(request, asked.get("row", ""))
    if row is None or row.kind.name not in KINDS:
        raise Http404
    return row


def _given(request: Request, app: App) -> dict[str, str]:
    names = {one.key: request.POST.get(f"secret-{one.key}", "") for one in app.asked}
    return {key: text.replace("\r\n", "\n") for key, text in names.items() if 0 < len(text) <= LONGEST}


def _context(request: Request, row: Row, app: App, given: Mapping[str, str]) -> dict[str, Any]:
    decision = decide(request.actor, area_in(row.cluster, row.namespace), REVEAL)
    return {
        "row": row,
        "href": address(row),
        "app": app,
        "results": _results(app, given),
        "clusters": [one.cluster for one in yaml_clusters(request.actor)],
        "swarms": stack_clusters(request.actor),
        "stack_name": service_name(app.name).lower(),
        "secrets": app.asked,  # a page gets their names alone
        "given": len(given),
        "may_reveal": decision.allowed,
    }


def _results(app: App, given: Mapping[str, str]) -> list[Result]:
    name = service_name(app.name)
    return [
        Result(
            "swarm", "As a stack of a Swarm", stack(app), f"docker stack deploy --compose-file {name}-swarm.yaml {name}"
        ),
        Result(
            "kubernetes",
            "As Kubernetes YAML",
            manifests(app, given),
            f"kubectl apply --server-side --field-manager=pilothouse -f {name}-kubernetes.yaml",
        ),
    ]
