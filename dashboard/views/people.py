"""People: who has an account, what is granted to them where, and the links by which they set their password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clusters import people as domain
from clusters.access import Actor
from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.models import Grant
from clusters.rights import RIGHTS
from dashboard.access import allow
from dashboard.accounts import address_of
from dashboard.forms import GrantForm, NewPasswordForm, PersonForm
from dashboard.page import page
from dashboard.request import Request


@allow(Role.ADMIN, scope="site")
@require_safe
async def people(request: Request) -> HttpResponse:
    """Everybody."""
    return await _show_all(request, PersonForm())


@allow(Role.ADMIN, scope="site", confirm="changes")
@sensitive_post_parameters("password")
@require_POST
async def add(request: Request) -> HttpResponse:
    """Somebody new, without rights yet: their page opens, where rights are granted."""
    form = PersonForm(request.POST)
    if not await sync_to_async(form.is_valid)():
        return await _show_all(request, form, status=422)
    given = form.cleaned_data
    user = await sync_to_async(domain.add_person)(request.actor, given["name"], given["password"])
    return redirect("person", user.pk)


@allow(Role.ADMIN, scope="site")
@require_safe
async def person(request: Request, number: int) -> HttpResponse:
    """One person, with everything granted to them."""
    return await _show(request, number)


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_POST
async def grant(request: Request, number: int) -> HttpResponse:
    """Give them a role somewhere."""
    form = GrantForm(request.POST)
    if not await sync_to_async(form.is_valid)():
        return await _show(request, number, form=form, status=422)
    given = form.cleaned_data
    return await _change(
        request,
        number,
        lambda by, user: domain.grant(by, user, given["role"], given["cluster"], given["namespaces"], given["rights"]),
    )


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_POST
async def revoke(request: Request, number: int, grant: int) -> HttpResponse:
    """Take a grant away."""

    def change(by: Actor, user: User) -> None:
        domain.revoke(by, get_object_or_404(Grant.objects.select_related("user", "cluster"), pk=grant, user=user))

    return await _change(request, number, change)


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_POST
async def switch(request: Request, number: int) -> HttpResponse:
    """Let them sign in, or not any more."""
    return await _change(request, number, lambda by, user: domain.switch(by, user, on=request.POST.get("on") == "1"))


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_POST
async def remove(request: Request, number: int) -> HttpResponse:
    """Remove the account."""
    return await _change(request, number, domain.remove, to="people")


@allow(Role.ADMIN, scope="site", confirm="changes")
@require_POST
async def link(request: Request, number: int) -> HttpResponse:
    """A link by which they set their password; it works once, for three days."""
    user = await _person(number)
    token = await sync_to_async(default_token_generator.make_token)(user)
    address = reverse("welcome", args=[urlsafe_base64_encode(str(user.pk).encode()), token])
    return await _show(request, number, link=f"{settings.URL}{address}")


@allow(scope="anyone")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
async def welcome(request: Request, person: str, token: str) -> HttpResponse:
    """Set the password that the link is for."""
    return await sync_to_async(_welcome)(request, person, token)


def _welcome(request: Request, person: str, token: str) -> HttpResponse:
    try:
        user = User.objects.get(pk=int(urlsafe_base64_decode(person)), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist) as error:
        raise Http404 from error
    if not default_token_generator.check_token(user, token):
        raise Http404
    form = NewPasswordForm(request.POST or None, user=user)
    if not form.is_valid():
        return render(
            request, "pages/welcome.html", {"form": form, "person": user}, status=422 if form.is_bound else 200
        )
    domain.set_password(
        Actor(user.pk, user.get_username(), address=address_of(request)), user, form.cleaned_data["password"]
    )
    return redirect("account_login")


async def _change(request: Request, number: int, change: Callable[[Actor, User], Any], to: str = "") -> HttpResponse:
    """Make the change and show the person again, with what went wrong if anything did."""
    user = await _person(number)
    try:
        await sync_to_async(change)(request.actor, user)
    except ClusterError as error:
        return await _show(request, number, error=error, status=409)
    return redirect(to) if to else redirect("person", number)


async def _person(number: int) -> User:
    return await sync_to_async(get_object_or_404)(User, pk=number)


async def _show(
    request: Request, number: int, *, form: GrantForm | None = None, status: int = 200, **context: Any
) -> HttpResponse:
    user = await _person(number)
    grants = [one async for one in user.grants.select_related("cluster").order_by("id")]
    choices = form or GrantForm()
    await sync_to_async(choices.read_clusters)()
    everything = {"person": user, "grants": grants, "form": choices, "rights": RIGHTS}
    return page(request, "pages/person.html", {**everything, **context}, status=status)


async def _show_all(request: Request, form: PersonForm, status: int = 200) -> HttpResponse:
    everybody = User.objects.prefetch_related("grants__cluster").order_by("username")
    return page(request, "pages/people.html", {"people": [one async for one in everybody], "form": form}, status=status)
