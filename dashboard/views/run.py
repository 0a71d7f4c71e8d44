"""Making something new from a form: checked while it is filled in, shown as the line it equals, done as a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from clusters.access import Need, Target, decide
from clusters.drivers.base import Driver
from clusters.errors import Invalid
from clusters.fields import NotFilledIn, clean
from clusters.kinds import all_kinds
from clusters.kinds.base import Kind, Maker, Says
from clusters.live.cluster import ClusterInfo
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.forms import filled
from dashboard.request import Request


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def run(request: Request, kind: str) -> HttpResponse:
    """GET: the form. POST: check it (``check=1``), or begin the job and go to it."""
    made, maker = _maker_or_404(kind)
    clusters = _where(request, made, maker)
    asked = request.POST if request.method == "POST" else request.GET
    chosen = next((one for one in clusters if str(one.id) == asked.get("cluster")), clusters[0] if clusters else None)
    initial = {field.name: field.initial(None) if field.initial else "" for field in maker.fields}
    values: Mapping[str, Any] = asked.dict() if request.method == "POST" else initial
    context = {"kind": made, "maker": maker, "clusters": clusters, "chosen": chosen}
    problems: Mapping[str, str] = {}
    error, line = "", ""
    if request.method == "POST" and chosen:
        try:
            form = maker.read(clean(maker.fields, values))
            line = maker.line(form)
            if "check" not in asked:
                return await _begin(request, maker, chosen, form)
        except NotFilledIn as wrong:
            problems = wrong.problems
        except Invalid as wrong:
            error = f"{wrong.message} {wrong.hint}".strip()
    if "check" in asked:
        return render(request, "partials/run_check.html", {"line": line, "error": error or " ".join(problems.values())})
    context |= {"fields": filled(maker.fields, values, problems), "error": error, "line": line}
    return render(request, "partials/run.html", context, status=422 if error or problems else 200)


async def _begin(request: Request, maker: Maker, cluster: ClusterInfo, form: Any) -> HttpResponse:
    async def work(driver: Driver, says: Says) -> str:
        return maker.ended.format(name=await maker.run(driver, form, says))

    need = Need(maker.role, maker.right)
    detail = {"line": maker.record(form)}
    verb, title = maker.button.lower(), maker.title(form)
    key = await engine.gateway.begin(request.actor, cluster.id, need, verb, title, work, detail=detail)
    return HttpResponseClientRedirect(f"/jobs/{key}/")


def _maker_or_404(name: str) -> tuple[Kind[Any], Maker]:
    for kind in all_kinds():
        if kind.name == name and kind.make:
            return kind, kind.make
    raise Http404


def _where(request: Request, kind: Kind[Any], maker: Maker) -> list[ClusterInfo]:
    """The clusters on which this person may make one."""
    need = Need(maker.role, maker.right)
    found = [
        one.cluster
        for one in engine.supervisor.connections.values()
        if kind.name in one.stores
        and decide(request.actor, Target(one.cluster.id, None, one.cluster.read_only), need).allowed
    ]
    return sorted(found, key=lambda one: (one.driver == "demo", one.name.casefold()))
