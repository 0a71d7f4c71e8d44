"""Cleaning up a cluster: what nothing needs, one by one with the room it takes; then a job that removes just that."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from clusters.access import Need
from clusters.cleaning import clean_up, total
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Invalid
from clusters.gateway import Denied
from clusters.kinds.base import Role, Says
from clusters.kinds.cleaners import Cleaner, Leftover
from clusters.live.row import Row
from clusters.long_work import LongWork
from dashboard.access import allow, refusal, resource_or_404
from dashboard.engine import engine
from dashboard.request import Request

MOST = 2000  # leftovers of one job


@allow(Role.VIEWER, scope="cluster")
@require_http_methods(["GET", "HEAD", "POST"])
async def clean(request: Request, cluster: str, kind: str, what: str, key: str) -> HttpResponse:
    """GET: the list. POST: what the chosen ones take together (``check=1``), or begin the job and go to it."""
    row = await resource_or_404(request, cluster, kind, key)
    cleaner = next((one for one in row.kind.cleaners if one.key == what), None)
    if cleaner is None:
        raise Http404
    context: dict[str, object] = {"row": row, "cleaner": cleaner, "address": request.path}
    try:
        found = await engine.gateway.leftovers(request.actor, row, cleaner)
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        return render(request, "partials/clean.html", {**context, "error": error, "found": []})
    chosen = set(request.POST.getlist("uid"))
    picked = [one for one in found or () if (one.uid in chosen if request.method == "POST" else one.chosen)]
    context |= {"counting": found is None, "found": found or (), "count": len(picked), "total": total(picked)}
    if request.method != "POST":
        return render(request, "partials/clean.html", context)
    if "check" in request.POST:
        return render(request, "partials/clean_total.html", context)
    if not picked or len(picked) > MOST:
        wrong = Invalid("Choose what is to be removed." if not picked else f"More than {MOST:,} at once are too many.")
        return render(request, "partials/clean.html", {**context, "error": wrong}, status=422)
    return await _begin(request, row, cleaner, picked)


async def _begin(request: Request, row: Row, cleaner: Cleaner, picked: list[Leftover]) -> HttpResponse:
    chosen = [one.uid for one in picked]

    async def work(driver: Driver, says: Says) -> str:
        return await clean_up(driver, cleaner, chosen, says)

    cleaning = LongWork(
        need=Need(cleaner.role, cleaner.right),
        verb="clean",
        title=f"Clean up {cleaner.label.lower()} on {row.resource.name}",
        run=work,
        detail={"what": cleaner.key, "names": [one.name[:100] for one in picked[:200]], "count": len(picked)},
    )
    key = await engine.gateway.begin(request.actor, row.cluster.id, cleaning)
    return HttpResponseClientRedirect(f"/jobs/{key}/")
