"""Is it still you? Before a sensitive change, whoever signed in a while ago shows again who they are.

A page's form is answered with the question, and carries what was filled in: nothing that was typed is kept here, and
nothing is lost. Scripts get 403 with ``X-Confirm``, the address of the question, and send their request again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from clusters import audit
from dashboard.page import page
from dashboard.passkeys import ConfirmForm as PasskeyForm
from dashboard.passkeys import possible_at

if TYPE_CHECKING:
    from dashboard.request import Request

KEY = "confirmed"  # in the session: when they signed in or confirmed, epoch seconds
PASSWORD, PASSKEY = "confirm-password", "confirm-passkey"  # names of fields
OWN = {PASSWORD, PASSKEY, "csrfmiddlewaretoken"}


def note(request: HttpRequest) -> None:
    """It was them, just now."""
    request.session[KEY] = time.time()


def is_recent(request: HttpRequest) -> bool:
    """Did they sign in, or confirm, a short while ago?"""
    try:
        return 0 <= time.time() - float(request.session.get(KEY, 0)) < settings.CONFIRM_SECONDS
    except (TypeError, ValueError):
        return False


def is_asked(request: HttpRequest) -> bool:
    """Is this request an answer to our question, and not a sign-in?"""
    return PASSWORD in request.POST or PASSKEY in request.POST


def unless_recent(request: Request) -> HttpResponse | None:
    """None when it may go on; otherwise the question."""
    if is_recent(request):
        return None
    if request.method in {"GET", "HEAD"} and not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': request.get_full_path()})}")
    if request.headers.get("HX-Request") or "application/json" in request.headers.get("Accept", ""):
        words = "<p data-error>Confirm that it is you first.</p>"
        return HttpResponse(words, status=403, headers={"X-Confirm": reverse("confirm")})
    kept = [(name, value) for name, values in request.POST.lists() if name not in OWN for value in values]
    return answer(request, {"action": request.get_full_path(), "kept": kept})


def answer(request: Request, context: dict[str, Any], template: str = "pages/confirm.html") -> HttpResponse | None:
    """None when the password or the passkey that was sent is theirs; otherwise the question, with what is wrong."""
    user, problem = request.user, ""
    assert isinstance(user, User)
    if is_asked(request):
        try:
            problem = _problem(request, user)
        except ImmediateHttpResponse as error:  # too many wrong ones
            return error.response  # type: ignore[no-any-return]
        if not problem:
            note(request)
            audit.record(audit.Event(actor=user.get_username(), address=request.actor.address, verb="confirm"))
            return None
    asked = {
        "has_password": user.has_usable_password(),
        "passkey": _passkey_options(request, user),
        "problem": problem,
        "names": {"password": PASSWORD, "passkey": PASSKEY},
        **context,
    }
    return page(request, template, asked, status=422 if problem else 403 if request.method == "POST" else 200)


def _problem(request: Request, user: User) -> str:
    if PASSKEY in request.POST:
        form = PasskeyForm({"credential": request.POST[PASSKEY]}, user=user)
        if form.is_valid():
            return ""
        event = audit.Event(actor=user.get_username(), address=request.actor.address, verb="confirm")
        audit.record_denied(event, "Its passkey was not accepted.")
        return str(form.errors.get("credential", forms.utils.ErrorList(["This passkey was not accepted."]))[0])
    if get_adapter(request).reauthenticate(user, request.POST[PASSWORD][:200]):
        return ""
    return "This is not your password."


def _passkey_options(request: Request, user: User) -> dict[str, Any] | None:
    """What the browser asks a passkey for; None where there is none."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return begin_authentication(user) if possible_at(request.get_host()) and kept.exists() else None
