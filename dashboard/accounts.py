"""How people sign in: closed sign-up, limits on wrong passwords, and every sign-in in the audit."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from clusters import audit
from dashboard import confirm
from dashboard.navigation import navigation
from dashboard.passkeys import possible_at


def address_of(request: HttpRequest | None) -> str:
    """The peer's address. Headers that anybody can send are not asked; uvicorn reads those of trusted proxies."""
    return (request.META.get("REMOTE_ADDR") or "" if request else "") or "0.0.0.0"  # noqa: S104 - not a listener


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's decisions that are ours to make."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose attempts are counted together."""
        return address_of(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords count per person and address: nobody can lock somebody else out from afar."""
        return f"{address_of(request)}:{str(credentials.get('username', '')).lower()}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Too many wrong passwords: 429, even for the right one."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            raise ImmediateHttpResponse(ratelimit.respond_429(request)) from error

    def is_reauthentication_required(self, app: str) -> bool:
        """Never by allauth: our own policies ask (see ACCOUNT_VIEWS), once for all views."""
        return False

    def add_message(
        self, request: HttpRequest, level: int, *args: Any, message: str | None = None, **kwargs: Any
    ) -> None:
        """No "You have signed in": the page that opens says as much. What went wrong is said."""
        if message and level >= messages.ERROR:
            messages.add_message(request, level, message)


def frame(request: HttpRequest) -> dict[str, Any]:
    """A context processor: the account pages of somebody who is signed in have the sidebar, as all others have.

    And they know whether there can be passkeys at the address that is open, or else why not, and where there can.
    """
    match, actor = request.resolver_match, getattr(request, "actor", None)
    is_account = match is not None and str(getattr(match.func, "__module__", "")).startswith("allauth.")
    if not is_account or not actor or not actor.user_id:
        return {}
    sidebar = navigation(actor, request.path, request.GET, request.COOKIES.get("folds", ""))
    named = {"navigation": sidebar, "no_passkeys": "", "passkeys_at": ""}
    if possible_at(request.get_host()):
        return named
    port = f":{request.get_port()}"
    at = f"http://localhost{port}{request.path}" if "localhost" in settings.ALLOWED_HOSTS else ""
    return {**named, "no_passkeys": "Browsers bind passkeys to a name, and this address has none.", "passkeys_at": at}


def watch_sign_ins() -> None:
    """Record who signs in and out, and who tries; called once, when the application is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="accounts.in")
    user_logged_out.connect(_signed_out, dispatch_uid="accounts.out")
    user_login_failed.connect(_failed, dispatch_uid="accounts.failed")


def _signed_in(request: HttpRequest | None, user: Any, **_: Any) -> None:
    if request is not None:
        confirm.note(request)
    audit.record(_event(request, user.get_username(), "sign in"))


def _signed_out(request: HttpRequest | None, user: Any, **_: Any) -> None:
    if user is not None:
        audit.record(_event(request, user.get_username(), "sign out"))


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    name = str(credentials.get("username", ""))
    verb = "confirm" if request is not None and confirm.is_asked(request) else "sign in"
    audit.record_denied(_event(request, name, verb), "Wrong name or password.")


def _event(request: HttpRequest | None, name: str, verb: str) -> audit.Event:
    return audit.Event(actor=name, address=address_of(request) if request else "", verb=verb)
