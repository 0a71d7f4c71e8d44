"""The audit page: who did what and how it ended, with a check that nobody changed it."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clusters.audit import verify
from clusters.kinds.base import Role
from clusters.models import AuditEntry
from dashboard.access import allow
from dashboard.page import page
from dashboard.request import Request

EACH = 100  # rows of one page
FILTERS = ("actor", "cluster", "verb", "kind")
RESULTS = ("done", "failed", "unknown", "denied")


@allow(Role.ADMIN, scope="site")
@require_safe
async def audit(request: Request) -> HttpResponse:
    """Newest first: one row for each act, with its outcome as soon as there is one."""
    before = request.GET.get("before", "")
    entries = _filtered(request)
    if before.isdecimal() and len(before) < 16:
        entries = entries.filter(pk__lt=int(before))
    rows = [entry async for entry in entries[: EACH + 1]]
    asked = request.GET.copy()
    asked.pop("before", None)
    return page(
        request,
        "pages/audit.html",
        {
            "entries": rows[:EACH],
            "older": rows[EACH - 1].pk if len(rows) > EACH else None,
            "asked": asked,
            "query": asked.urlencode(),
            "results": RESULTS,
            "text": request.GET.get("q", "")[:200],
        },
    )


@allow(Role.ADMIN, scope="site")
@require_safe
async def check(request: Request) -> HttpResponse:
    """Read the whole chain now, and say whether it is as it was written."""
    return render(request, "partials/audit_check.html", {"verdict": await sync_to_async(verify)()})


def _filtered(request: Request) -> QuerySet[AuditEntry]:
    outcome = AuditEntry.objects.filter(request=OuterRef("request"), stage="outcome")
    entries = AuditEntry.objects.filter(~Q(stage="intent") | ~Exists(outcome)).order_by("-id")
    for name in FILTERS:
        if value := request.GET.get(name, "")[:253]:
            entries = entries.filter(**{name: value})
    result = request.GET.get("result")
    if result == "denied":
        entries = entries.filter(stage="denied")
    elif result in RESULTS:
        entries = entries.filter(result=result)
    for word in request.GET.get("q", "")[:200].split()[:6]:
        entries = entries.filter(
            Q(actor__icontains=word)
            | Q(name__icontains=word)
            | Q(cluster__icontains=word)
            | Q(namespace__icontains=word)
            | Q(verb__icontains=word)
            | Q(kind__icontains=word)
        )
    return entries
