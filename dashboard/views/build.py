"""Building images: the form, a build's page with its steps, and the builds that were."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters.access import Actor, Area, decide
from clusters.build import beforehand, running, uploads
from clusters.build.compare import cached_of, compare
from clusters.build.form import FIELDS, GIT_FIELDS, BuildForm, docker_line, mask_line, read_form
from clusters.build.git_address import read_git_address
from clusters.build.sent import Sent
from clusters.errors import Conflict, Invalid, Missing
from clusters.fields import NotFilledIn, clean, typed_wrong
from clusters.kinds.makers import Remark
from clusters.live.cluster import ClusterInfo
from clusters.models import Build
from clusters.reach import area_in
from clusters.registries.access import RUN
from dashboard.access import allow
from dashboard.build_hosts import hosts_of
from dashboard.engine import engine
from dashboard.forms import filled
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.views.jobs import job_or_404, may_cancel
from dashboard.visible_jobs import visible_jobs

EACH = 50
FIRST_DOCKERFILE = 'FROM busybox:latest\nRUN echo hello > /hello\nCMD ["cat", "/hello"]\n'


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def new(request: Request) -> HttpResponse:
    """GET: the form (``?repeat=`` as an earlier build had it). POST: check it (``check=1``), or begin."""
    hosts = hosts_of(request.actor)
    if request.method != "POST":
        values, dockerfile, host, wrong_lines = await _initial(request)
        context = _context(hosts, values, dockerfile, host, {}) | {"wrong": wrong_lines}
        return page(request, "pages/build_new.html", context)
    values, dockerfile, problems, error, line = request.POST.dict(), request.POST.get("dockerfile", ""), {}, "", ""
    noted: Sequence[Remark] = ()
    chosen = meant(hosts, values.get("cluster", ""))
    try:
        form, upload = _read(request, values, dockerfile)
        line = docker_line(form)
        if chosen and "check" not in values:
            return await _begin(request, chosen, form, upload)
        noted = await beforehand.remarks(engine.gateway, request.actor, chosen.id, form) if chosen else ()
    except NotFilledIn as wrong:
        problems = wrong.problems
    except (Invalid, Conflict, Missing) as wrong:
        error = f"{wrong.message} {wrong.hint}".strip()
    if "check" in values:
        checked = {"line": line, "error": error or typed_wrong(problems, values), "remarks": noted}
        return render(request, "partials/run_check.html", checked)
    context = _context(hosts, values, dockerfile, str(values.get("cluster")), problems) | {"error": error, "line": line}
    return render(request, "partials/build_form.html", context, status=422)


@allow(scope="signed-in")
@require_safe
async def builds(request: Request) -> HttpResponse:
    """Newest first; ``?tag=`` those of one image."""
    found = Build.objects.select_related("job__cluster", "job__actor").filter(job__in=visible_jobs(request.actor))
    if tag := request.GET.get("tag", ""):
        found = found.filter(tag=tag[:300])
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        found = found.filter(pk__lt=int(before))
    rows = [one async for one in found.defer("output", "dockerfile")[: EACH + 1]]
    older = rows[EACH - 1].pk if len(rows) > EACH else None
    may = bool(hosts_of(request.actor))
    return page(request, "pages/builds.html", {"builds": rows[:EACH], "older": older, "tag": tag, "may_build": may})


@allow(scope="signed-in")
@require_safe
async def build(request: Request, key: str) -> HttpResponse:
    """One build; htmx gets its head alone, with the steps as they are."""
    one = await _build_or_404(request, key)
    snapshot = running.snapshot(one, running.graph_of(key))
    before = await _before(request.actor, one)
    context = {
        "build": one,
        "job": one.job,
        "snapshot": snapshot,
        "before": before,
        "compared": compare(one, before) if before else None,
        "cached": cached_of(one),
        "may_cancel": may_cancel(request, one.job),
        "may_repeat": _may_repeat(request.actor, one),
        "may_run": one.job.cluster_id is not None and _may_run(request.actor, one.job.cluster_id),
        "excerpt": _excerpt(one),
    }
    if request.htmx:
        return render(request, "partials/build_head.html", context)
    return page(request, "pages/build.html", context)


@allow(scope="signed-in")
@require_safe
async def output(request: Request, key: str) -> HttpResponse:
    """What the step ``?step=`` printed, as far as it is kept."""
    one = await _build_or_404(request, key)
    lines = running.output_of(one, running.graph_of(key), request.GET.get("step", ""))
    return JsonResponse({"lines": lines})


def _read(request: Request, values: Mapping[str, str], dockerfile: str) -> tuple[BuildForm, uploads.Upload | None]:
    """What was filled in, and the files that were sent for it. Raises Invalid and Missing."""
    if values.get("from") == "git":
        given = clean((*FIELDS, *GIT_FIELDS), values)
        return read_form(given, "", git=read_git_address(str(given["git"]))), None
    upload = uploads.find(token, request.actor.user_id) if (token := values.get("upload", "")) else None
    return read_form(clean(FIELDS, values), dockerfile, "." if upload else "-"), upload


async def _begin(request: Request, host: ClusterInfo, form: BuildForm, upload: uploads.Upload | None) -> HttpResponse:
    sent = await asyncio.to_thread(Sent, upload, form.dockerfile, form.path) if upload else None
    key = await running.begin(engine.gateway, request.actor, host.id, form, sent)
    return HttpResponseClientRedirect(f"/builds/{key}/")


async def _initial(request: Request) -> tuple[Mapping[str, Any], str, str, Mapping[str, Any]]:
    """What the form holds at first: nothing, or what an earlier build was made from."""
    if key := request.GET.get("repeat", ""):
        one = await _build_or_404(request, key)
        if not _may_repeat(request.actor, one):
            raise Http404
        of_git = bool(one.settings.get("git"))  # its Dockerfile is fetched anew
        dockerfile, wrong = (FIRST_DOCKERFILE, {}) if of_git else (one.dockerfile, one.failure)
        return one.settings, dockerfile, str(one.job.cluster_id), wrong
    return {"tag": request.GET.get("tag", "")}, FIRST_DOCKERFILE, request.GET.get("cluster", ""), {}


def _context(
    hosts: list[ClusterInfo], values: Mapping[str, Any], dockerfile: str, host: str, problems: Mapping[str, str]
) -> dict[str, Any]:
    fields = filled(FIELDS, values, problems)
    # A repeated build has no files any more: they are sent anew.
    gone = values.get("source") == "."
    git = bool(values.get("git")) if "from" not in values else values["from"] == "git"
    return {
        "hosts": hosts,
        "chosen": meant(hosts, host) or next(iter(hosts), None),
        "dockerfile": dockerfile,
        "git": git,
        "git_fields": filled(GIT_FIELDS, values, problems),
        "first": fields[0],
        "fields": fields[1:],
        "upload": values.get("upload", ""),
        "files_words": "Choose the files again: those of that build are not kept." if gone else "",
        "open": any(field.value or field.problem for field in fields[1:]),
    }


async def build_of(actor: Actor, cluster_id: int, image: str) -> Build | None:
    """The newest build that made this image there, if this person may see it."""
    found = Build.objects.filter(image=image, job__cluster_id=cluster_id, job__in=visible_jobs(actor))
    return await found.select_related("job").defer("output", "dockerfile", "steps").order_by("-id").afirst()


async def _before(actor: Actor, one: Build) -> Build | None:
    """The last build of the same name on the same host that made an image."""
    found = Build.objects.filter(
        tag=one.tag, job__in=visible_jobs(actor), job__cluster_id=one.job.cluster_id, pk__lt=one.pk
    )
    return await found.exclude(image="").select_related("job").defer("output", "dockerfile").order_by("-id").afirst()


async def _build_or_404(request: Request, key: str) -> Build:
    job = await job_or_404(request, key)
    one = await Build.objects.filter(job=job).afirst()
    if one is None:
        raise Http404
    one.job = job
    return one


def _may_repeat(actor: Actor, one: Build) -> bool:
    """The whole Dockerfile is for who began it, and for who may build on that host."""
    if one.job.actor_id == actor.user_id:
        return True
    return one.job.cluster_id is not None and decide(actor, Area(one.job.cluster_id), running.NEED).allowed


def _may_run(actor: Actor, cluster_id: int) -> bool:
    connection = engine.supervisor.connections.get(cluster_id)
    return connection is not None and decide(actor, area_in(connection.cluster), RUN).allowed


def _excerpt(one: Build) -> list[tuple[int, str, bool]]:
    """The lines of the Dockerfile around the one that failed."""
    line, end = one.failure.get("line", 0), one.failure.get("end", 0)
    if not line:
        return []
    lines = one.dockerfile.splitlines()
    first, last = max(1, line - 2), min(len(lines), min(end, line + 12) + 2)
    return [(number, mask_line(lines[number - 1]), line <= number <= end) for number in range(first, last + 1)]
