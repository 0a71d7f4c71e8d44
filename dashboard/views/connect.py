"""Connecting clusters: what this machine offers, a form for each driver, and a test that says what is wrong."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clusters.connect import cluster as domain
from clusters.connect.offers import Offer, find_offer, offers
from clusters.connect.program import program_of
from clusters.drivers.base import About
from clusters.errors import ClusterError, Conflict, Invalid
from clusters.fields import NotFilledIn
from clusters.kinds.base import Role
from clusters.models import Cluster
from clusters.models.connected import COLOURS
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.forms import ClusterForm, beside, filled
from dashboard.page import on_to, page
from dashboard.request import Request

# In the order in which they are shown: address, words, icon.
WAYS = (
    ("docker", "Docker host", "container"),
    ("kubernetes", "Kubernetes cluster", "ship-wheel"),
    ("demo", "Demonstration", "flask-conical"),
)


@allow(Role.ADMIN, scope="site", confirm="changes")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
async def connect(request: Request) -> HttpResponse:
    """What was found, and a form for what was not."""
    driver = request.POST.get("driver") or request.GET.get("driver", "docker")
    if driver not in {way for way, _, _ in WAYS}:
        raise Http404
    if request.method == "POST":
        return await _save(request, driver, None)
    usual = {field.name: field.initial(None) for field in domain.driver_fields(driver) if field.initial}
    if (offer := await find_offer(request.GET.get("offer", ""))) and offer.driver == driver:
        return await _show(request, driver, None, ClusterForm(initial={"name": offer.name}), given=offer.settings)
    return await _show(request, driver, None, ClusterForm(), given=usual)


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_http_methods(["GET", "HEAD", "POST"])
async def take(request: Request) -> HttpResponse:
    """Connect what was found on this machine, with one click. Its address alone leads back to what was found."""
    if request.method != "POST":
        return redirect("connect")
    offer = await find_offer(request.POST.get("offer", ""))
    if offer is None or offer.missing:
        raise Http404
    return await _take(request, domain.Reach(offer.driver, offer.settings, dict(offer.secret)), offer.name)


@allow(Role.ADMIN, scope="site", confirm="changes")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
async def paste(request: Request) -> HttpResponse:
    """A pasted kubeconfig: first what is in it, then the context that was chosen is connected. It stays until then."""
    from clusters.connect import kubeconfig  # here: it brings the client of Kubernetes

    if request.method != "POST":
        return redirect("/clusters/connect/?driver=kubernetes")
    pasted = request.POST.get("kubeconfig", "")
    try:
        found = kubeconfig.read_pasted(pasted)
    except Invalid as error:
        return await _show(request, "kubernetes", None, ClusterForm(), error=error, pasted=pasted, status=422)
    shown: dict[str, Any] = {"found": found, "pasted": pasted}
    chosen = next((one for one in found.contexts if one.name == request.POST.get("context")), None)
    if chosen is None:
        return await _show(request, "kubernetes", None, ClusterForm(), **shown)
    if chosen.problem:
        wrong = Invalid(chosen.problem)
        return await _show(request, "kubernetes", None, ClusterForm(), error=wrong, status=422, **shown)
    to = domain.Reach("kubernetes", chosen.settings, dict(chosen.secret))
    return await _take(request, to, chosen.name, **shown)


@allow(Role.ADMIN, scope="site", confirm="changes")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
async def edit(request: Request, slug: str) -> HttpResponse:
    """How a cluster is reached and marked."""
    one = await _cluster(slug)
    if request.method == "POST":
        return await _save(request, one.driver, one)
    return await _show(request, one.driver, one, _marked(one), given=one.settings)


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_POST
async def remove(request: Request, slug: str) -> HttpResponse:
    """Let go of it; the name is typed first where it is marked as production."""
    one = await _cluster(slug)
    number = one.pk
    if one.production and request.POST.get("typed", "").strip() != one.name:
        error = Invalid(f"Type {one.name} to remove it.")
        return await _show(request, one.driver, one, _marked(one), given=one.settings, error=error, status=422)
    await sync_to_async(domain.remove)(request.actor, one)
    await engine.disconnect(number)
    return redirect("/")


async def _take(request: Request, to: domain.Reach, name: str, **shown: Any) -> HttpResponse:
    """Connect it as it is, when it answers; else what is wrong stands above all, for its field may be out of sight."""
    try:
        about = await domain.test(to, request.actor, None)
        await _refuse_twice(about, None)
        marks = domain.Marks(name=await _free_name(name[:80]))
        made = await sync_to_async(domain.connect)(request.actor, marks, to, about)
    except ClusterError as error:
        form = ClusterForm(initial={"name": name})
        return await _show(
            request, to.driver, None, form, given=to.settings, error=error, above=error, status=422, **shown
        )
    await engine.connect(made)
    return redirect(f"/clusters/{made.slug}/")


async def _save(request: Request, driver: str, before: Cluster | None) -> HttpResponse:
    """Test it, and keep it when it answers (or when that was asked for although it does not)."""
    form, given = ClusterForm(request.POST), request.POST.dict()
    about, error, problems = None, None, {}
    try:
        to = await sync_to_async(domain.reach)(driver, given, before)
        about = await domain.test(to, request.actor, before)
        if form.is_valid() and "test" not in request.POST:
            await _refuse_twice(about, before)
            made = await sync_to_async(_keep)(request, form, to, about, before)
            await engine.connect(made)
            return on_to(request, f"/clusters/{made.slug}/")
    except NotFilledIn as problem:
        problems = problem.problems
    except ClusterError as problem:
        error = problem
    if "test" in request.POST and not problems:
        form = ClusterForm(initial={name: request.POST.get(name) for name in form.fields})
    return await _show(
        request,
        driver,
        before,
        form,
        given=given,
        about=about,
        error=error,
        problems=problems,
        status=200 if about and "test" in request.POST else 422,
    )


def _keep(request: Request, form: ClusterForm, to: domain.Reach, about: About, before: Cluster | None) -> Cluster:
    marks = domain.Marks(**form.cleaned_data)
    if before is None:
        return domain.connect(request.actor, marks, to, about)
    domain.change(request.actor, before, marks, to, about)
    return before


def _marked(one: Cluster) -> ClusterForm:
    return ClusterForm(initial={name: getattr(one, name) for name in ClusterForm.base_fields})


async def _refuse_twice(about: About, before: Cluster | None) -> None:
    if twin := await sync_to_async(domain.same_as)(about, before):
        raise Conflict(f"This is connected already, as {twin.name}.", hint="Change that one instead.")


async def _cluster(slug: str) -> Cluster:
    one = await Cluster.objects.filter(slug=slug).afirst()
    if one is None:
        raise Http404
    return one


async def _free_name(name: str) -> str:
    names = [name, *(f"{name} {number}" for number in range(2, 100))]
    taken = {one async for one in Cluster.objects.values_list("name", flat=True)}
    return next((one for one in names if one not in taken), name)


async def _show(
    request: Request,
    driver: str,
    before: Cluster | None,
    form: ClusterForm,
    *,
    status: int = 200,
    given: Any = None,
    problems: Any = None,
    **context: Any,
) -> HttpResponse:
    found: list[Offer] = [] if before else await offers()
    declared = domain.fields_of(driver, before.settings if before else {})
    kept = [field.name for field in declared if before and before.secret and field.type == "secret"]
    fields, error = beside(filled(declared, given or {}, problems, kept), context.pop("error", None))
    error = error or context.pop("above", None)
    return page(
        request,
        "pages/connect.html",
        {
            "ways": WAYS,
            "driver": driver,
            "cluster": before,
            "form": form,
            "offers": found,
            "colours": COLOURS,
            "fields": fields,
            "expiry": await sync_to_async(domain.expiry_of)(before) if before else None,
            "program": program_of(before.settings) if before else "",
            "programs": bool(settings.EXEC_PLUGINS),
            "error": error,
            **context,
        },
        status=status,
    )
