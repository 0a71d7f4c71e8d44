"""The first account: made once, with the token that the console printed. Afterwards this page does not exist."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from asgiref.sync import sync_to_async
from django.contrib.auth import login
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clusters import setup
from clusters.errors import Refused
from dashboard.access import allow
from dashboard.accounts import address_of
from dashboard.engine import engine
from dashboard.forms import SetupForm
from dashboard.request import Request

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@allow(scope="anyone")
@sensitive_post_parameters("token", "password")
@require_http_methods(["GET", "HEAD", "POST"])
async def first_account(request: Request) -> HttpResponse:
    """The form, and who sent it first with the right token becomes administrator."""
    return await sync_to_async(_first_account)(request)


def _first_account(request: Request) -> HttpResponse:
    if not setup.is_open():
        engine.somebody = True
        raise Http404
    form = SetupForm(request.POST or None)
    if not form.is_valid():
        return render(request, "pages/setup.html", {"form": form}, status=422 if form.is_bound else 200)
    given = form.cleaned_data
    try:
        user = setup.redeem(given["token"], given["name"], given["password"], address_of(request))
    except Refused as error:
        form.add_error("token", error.message)
        return render(request, "pages/setup.html", {"form": form, "error": error}, status=403)
    engine.somebody = True
    login(request, user, backend=BACKEND)
    UserSession.objects.create_from_request(request)
    return redirect("/")
