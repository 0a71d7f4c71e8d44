"""Git as the source of a Compose project: where its text is, when it is looked at, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clusters.compose.check import NAME, check_name
from clusters.compose.deploy import NEED
from clusters.compose.program import find_program
from clusters.compose.source import FIELDS, Source, forget_source, keep_source, let_go, opened, read_source, source_of
from clusters.compose.versions import is_ours
from clusters.connect.secrets import Sealed
from clusters.errors import ClusterError, Missing
from clusters.fields import NotFilledIn, clean
from clusters.live.cluster import ClusterInfo
from clusters.models import ComposeSource
from dashboard.access import allow
from dashboard.compose_rights import compose_hosts, is_there, may_look, project_page
from dashboard.engine import engine
from dashboard.forms import beside, filled
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def source(request: Request) -> HttpResponse:
    """``?cluster=&name=``: the git address of that project, or of a new one. POST: keep it, and look at once."""
    hosts = compose_hosts(request.actor)
    asked = request.POST if request.method == "POST" else request.GET
    host, name = meant(hosts, asked.get("cluster", "")), asked.get("name", "").strip()[:63]
    row = await _row(request, host, name) if host and NAME.fullmatch(name) else None
    context: dict[str, Any] = {"hosts": hosts, "host": host or next(iter(hosts), None), "name": name, "row": row}
    values: Mapping[str, Any] = request.POST.dict() if request.method == "POST" else _shown(row)
    problems: Mapping[str, str] = {}
    error: ClusterError | None = None
    if request.method == "POST":
        try:
            row, source, old = await _kept(request, host, name)
            context |= {"row": row, "saved": True, "let_go": let_go(old, source), **_secret(source, old)}
            values = _shown(row)
        except ClusterError as wrong:
            error, problems = wrong, wrong.problems if isinstance(wrong, NotFilledIn) else {}
    status = 422 if error else 200
    kept = await _stored(request, row)
    fields, error = beside(filled(FIELDS, values, problems, kept), None if problems else error)
    context |= {"fields": {one.field.name: one for one in fields}, "error": error, "program": await find_program()}
    context |= await _state(request, row) if row else {}
    context["versions"] = row is not None and await is_ours(row.cluster_id, row.project)
    context["href"] = project_page(host, name) if row and host and await is_there(request.actor, host, name) else ""
    return page(request, "pages/compose_source.html", context, status=status)


@allow(scope="signed-in")
@require_safe
async def state(request: Request) -> HttpResponse:
    """What came of it the last time."""
    _, row = await _found(request, request.GET)
    return render(request, "partials/compose_source_state.html", await _state(request, row))


@allow(scope="signed-in")
@require_POST
async def check(request: Request) -> HttpResponse:
    """Look now, and deploy what is there, also when it was tried already."""
    host, row = await _found(request, request.POST)
    await engine.gateway.see(request.actor, host.id, row.project, NEED, verb="deploy", kind="project", name=row.project)
    await engine.follower.ask(request.actor, row, forced=True)
    return render(request, "partials/compose_source_state.html", await _state(request, row))


@allow(scope="signed-in")
@require_POST
async def remove(request: Request) -> HttpResponse:
    """Look no more; the project stays as it is."""
    host, row = await _found(request, request.POST)
    name = row.project
    await engine.gateway.see(request.actor, host.id, name, NEED, verb="stop following git", kind="project", name=name)
    await forget_source(request.actor, host.id, name)
    there = await is_there(request.actor, host, name)
    return redirect(project_page(host, name) if there else reverse("compose"))


async def _kept(request: Request, host: ClusterInfo | None, name: str) -> tuple[ComposeSource, Source, Source | None]:
    """What is kept now, and what was before. Raises what is wrong."""
    if host is None:
        raise Missing("There is no such Docker host on which you may deploy.")
    check_name(name)
    await engine.gateway.see(request.actor, host.id, name, NEED, verb="follow git", kind="project", name=name)
    before = await source_of(host.id, name)
    old = await _opened(before) if before else None
    mine = before is not None and before.by_id == request.actor.user_id
    new = read_source(clean(FIELDS, request.POST), old, same_person=mine)
    row = await keep_source(request.actor, host.id, name, new)
    engine.follower.soon(row.pk)
    return await source_of(host.id, name) or row, new, old


def _secret(source: Source, old: Source | None) -> dict[str, str]:
    """The webhook's address; its secret once, when it was made."""
    is_new = old is None or old.signs != source.signs
    address = f"{settings.URL}{reverse('compose_hook', args=[source.hook])}" if source.hook else ""
    return {"hook": address, "signs": source.signs if is_new else ""}


async def _found(request: Request, given: Mapping[str, str]) -> tuple[ClusterInfo, ComposeSource]:
    host, name = meant(compose_hosts(request.actor), given.get("cluster", "")), given.get("name", "")[:63]
    row = await _row(request, host, name) if host else None
    if host is None or row is None:
        raise Http404
    return host, row


async def _stored(request: Request, row: ComposeSource | None) -> list[str]:
    """Which of what is secret stays for this person."""
    if row is None or row.by_id != request.actor.user_id:
        return []
    source = await _opened(row)
    return [name for name in ("token", "values") if getattr(source, name, "")]


async def _opened(row: ComposeSource) -> Source | None:
    """With its secrets; None where they were sealed with another master key: then all is filled in again."""
    try:
        return await sync_to_async(opened)(row)
    except Sealed:
        return None


async def _row(request: Request, host: ClusterInfo, name: str) -> ComposeSource | None:
    await may_look(request.actor, host, name)
    return await source_of(host.id, name)


async def _state(request: Request, row: ComposeSource) -> dict[str, Any]:
    now = {"looking": engine.follower.looks_at(row.pk), "rest": engine.follower.rest_of(row)}
    return {"row": row, "slug": row.cluster.slug, **now}


def _shown(row: ComposeSource | None) -> Mapping[str, Any]:
    """What is not secret of it, for the form."""
    if row is None:
        return {}
    given = {name: getattr(row, name) for name in ("url", "branch", "path", "ca")}
    return {**given, "minutes": row.minutes or "", "hook": bool(row.hook)}
