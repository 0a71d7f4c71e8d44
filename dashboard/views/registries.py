"""Registries: which there are, how each is reached, and whether it lets us in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clusters.errors import ClusterError
from clusters.fields import NotFilledIn
from clusters.kinds.base import Role
from clusters.models import Registry
from clusters.registries import access, kept
from clusters.registries.fields import FIELDS
from dashboard.access import allow
from dashboard.forms import beside, filled
from dashboard.page import on_to, page
from dashboard.request import Request


@allow(scope="signed-in")
@require_safe
async def registries(request: Request) -> HttpResponse:
    """All of them, by name."""
    refuse_who_sees_nothing(request)
    rows = [one async for one in Registry.objects.all()]
    context = {"registries": rows, "may_manage": access.may_manage(request.actor)}
    return page(request, "pages/registries.html", context)


@allow(scope="signed-in")
@require_safe
async def state(request: Request, slug: str) -> HttpResponse:
    """Whether it answers and lets us in: asked when somebody looks."""
    one = await registry_or_404(request, slug)
    error: ClusterError | None = None
    try:
        await kept.test(kept.way_to(one))
    except ClusterError as problem:
        error = problem
    return render(request, "partials/registry_state.html", {"registry": one, "asked": True, "error": error})


@allow(Role.ADMIN, scope="site")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
async def add(request: Request) -> HttpResponse:
    """A new one: tested before it is kept."""
    return await _form(request, None)


@allow(Role.ADMIN, scope="site")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
async def edit(request: Request, slug: str) -> HttpResponse:
    """How it is reached."""
    return await _form(request, await registry_or_404(request, slug))


@allow(Role.ADMIN, scope="site")
@require_POST
async def remove(request: Request, slug: str) -> HttpResponse:
    """Forget it."""
    await sync_to_async(kept.remove)(request.actor, await registry_or_404(request, slug))
    return redirect("registries")


async def registry_or_404(request: Request, slug: str) -> Registry:
    """The registry of that address, for who may look at registries at all."""
    refuse_who_sees_nothing(request)
    one = await Registry.objects.filter(slug=slug).afirst()
    if one is None:
        raise Http404
    return one


def refuse_who_sees_nothing(request: Request) -> None:
    """Without any role nothing is visible, registries neither."""
    if not access.may_see(request.actor):
        raise PermissionDenied("Registries are shown to whoever may see a cluster.")


async def _form(request: Request, before: Registry | None) -> HttpResponse:
    if request.method != "POST":
        return _show(request, before, kept.shown(before) if before else {"host": request.GET.get("host", "")[:255]})
    given = request.POST.dict()
    answers, error, problems = False, None, {}
    try:
        wanted = kept.read_form(given, before)
        await kept.test(wanted.way)
        answers = True
        if "test" not in request.POST:
            made = await sync_to_async(_keep)(request, wanted, before)
            return on_to(request, reverse("registry", args=(made.slug,)))
    except NotFilledIn as problem:
        problems = problem.problems
    except ClusterError as problem:
        error = problem
    status = 200 if answers and error is None else 422
    return _show(request, before, given, problems, status=status, answers=answers and error is None, error=error)


def _keep(request: Request, wanted: kept.Wanted, before: Registry | None) -> Registry:
    if before is None:
        return kept.add(request.actor, wanted)
    kept.change(request.actor, before, wanted)
    return before


def _show(
    request: Request,
    before: Registry | None,
    given: Mapping[str, Any],
    problems: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    stored = ["password"] if before and before.secret else []
    form, error = beside(filled(FIELDS, given, problems, stored), context.pop("error", None))
    context |= {"registry": before, "fields": {one.field.name: one for one in form}, "error": error}
    return page(request, "pages/registry_form.html", context, status=status)
