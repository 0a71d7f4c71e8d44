"""Jobs: what takes long, found again after it was left, with all its lines and its truthful end."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from clusters import audit
from clusters import jobs as domain
from clusters.access import Actor
from clusters.job_lines import Line
from clusters.models import Build, Job
from clusters.people import is_admin
from dashboard.access import allow, listed
from dashboard.engine import engine, page_of
from dashboard.page import page
from dashboard.request import Request
from dashboard.ship_targets import targets_of
from dashboard.visible_jobs import shown_job, visible_jobs

EACH = 50
ENDED = "It had ended already."
REMOVES = {"remove", "down", "down-volumes"}  # verbs after which there is nothing to open


@allow(scope="signed-in")
@require_safe
async def jobs(request: Request) -> HttpResponse:
    """Newest first."""
    before = request.GET.get("before", "")
    found = visible_jobs(request.actor)
    if before.isdecimal() and len(before) < 16:
        found = found.filter(pk__lt=int(before))
    rows = [domain.as_known(job) async for job in found[: EACH + 1]]
    older = rows[EACH - 1].pk if len(rows) > EACH else None
    return page(request, "pages/jobs.html", {"jobs": rows[:EACH], "older": older})


@allow(scope="signed-in")
@require_safe
async def job(request: Request, key: str) -> HttpResponse:
    """One job; htmx gets its lines alone."""
    one = await job_or_404(request, key)
    if one.verb == "build" and await Build.objects.filter(job=one).aexists():
        return redirect("build", key)
    lines = await _lines(one)
    context = {
        "job": one,
        "lines": lines,
        "bars": [line for line in lines if line.total is not None],
        "said": [line for line in lines if line.total is None],
        "may_cancel": may_cancel(request, one),
        "made": await _made(request, one),
        "image": _image(request, one),
        "in_the_way": await shown_job(request.actor, str(one.result.get("job") or "")),
    }
    if request.htmx:
        return render(request, "partials/job.html", context)
    return page(request, "pages/job.html", context)


@allow(scope="signed-in")
@require_POST
async def cancel(request: Request, key: str) -> HttpResponse:
    """Ask it to stop: whoever began it may, and administrators."""
    one = await job_or_404(request, key)
    actor: Actor = request.actor
    event = audit.Event(actor=actor.name, address=actor.address, verb="cancel", kind="job", name=one.title, uid=one.key)
    if _concerns(request, one) and one.state != "running":  # it ended while the page that was pressed stood open
        messages.info(request, ENDED)
        return redirect("job", key)
    if not may_cancel(request, one):
        await audit.denied(event, "Only who began a job, and administrators, may cancel it.")
        raise Http404
    request_id = await audit.intent(event)
    stopped = domain.cancel(key)
    await audit.outcome(request_id, event, "done" if stopped else "failed", "" if stopped else ENDED)
    if not stopped:
        messages.info(request, ENDED)
    return redirect("job", key)


async def _lines(one: Job) -> list[Line]:
    """What it said so far: of a running one also what is not yet in the database."""
    async for news in domain.follow(one.key):
        return list(news.lines)
    return []


async def _made(request: Request, one: Job) -> dict[str, str] | None:
    """What it made or is about, with where its page is: while it is there, and for who may see it."""
    if one.state == "done" and one.verb in REMOVES:
        return None  # it is gone, also where the list does not say so yet
    name, key = one.result.get("name"), one.result.get("key") or ""
    connection = engine.supervisor.connections.get(one.cluster_id or 0)
    store = connection.stores.get(one.result.get("kind", "")) if connection else None
    if connection is None or store is None or not name:
        return None
    await listed(connection, store, within=1.0)  # what nobody watched may be gone: a link would lead nowhere
    seen = engine.gateway.visible(request.actor, connection.cluster.id, store.kind.name)
    keys = (store.kind.key(each) for each in seen if each.name == name)
    found = next((each for each in keys if key in ("", each)), None)
    if found is None:
        return None
    return {"name": name, "icon": store.kind.icon, "href": page_of(connection.cluster, store.kind, found)}


def _image(request: Request, one: Job) -> str:
    """What a registry has now because of it, for who can run or deploy that anywhere."""
    image = str(one.result.get("image") or "") if one.state == "done" else ""
    return image if image and targets_of(request.actor) else ""


async def job_or_404(request: Request, key: str) -> Job:
    """The job, when this person may see it."""
    one = await visible_jobs(request.actor).filter(key=key).afirst()
    if one is None:
        raise Http404
    return domain.as_known(one)


def may_cancel(request: Request, one: Job) -> bool:
    """Whoever began it may, and administrators, while it runs."""
    return one.state == "running" and _concerns(request, one)


def _concerns(request: Request, one: Job) -> bool:
    actor: Actor = request.actor
    return one.actor_id == actor.user_id or is_admin(actor)
