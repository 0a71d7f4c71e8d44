"""What happens to every request: who is asking, whether its view declares a policy, and the headers of the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

from clusters import actors
from clusters.access import Actor
from clusters.errors import ClusterError, Conflict, Invalid, Missing, NoRoom, Refused, Unrecorded
from clusters.own_disk import fault_of_ours
from dashboard.access import check, policy_of
from dashboard.page import page
from dashboard.request import Request

log = logging.getLogger(__name__)

# What a browser is told, where it matters: the more special kind of error first.
STATUS: dict[type[ClusterError], int] = {
    Unrecorded: 503,
    NoRoom: 503,
    Refused: 403,
    Missing: 404,
    Conflict: 409,
    Invalid: 400,
}

HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), browsing-topics=(), camera=(), clipboard-read=(self), "
    "clipboard-write=(self), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
}


class PagesPacked(GZipMiddleware):
    """Pages are sent compressed; what is sent piece by piece is not.

    Django would make each piece an archive of its own, and browsers end a download with the first of them, saying
    nothing. Without compression a download also says how long it is.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compressed, when it is whole and the browser takes it so."""
        return response if response.streaming else super().process_response(request, response)


@sync_and_async_middleware
def headers(get_response: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Pages are for one person and one moment: never kept by caches, never framed, with no use of the device."""

    def finish(response: HttpResponseBase) -> HttpResponseBase:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Cookie", "HX-Request"])
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request: Request) -> HttpResponseBase:
            return finish(await get_response(request))
    else:

        def middleware(request: Request) -> HttpResponseBase:  # type: ignore[misc]
            return finish(get_response(request))

    return middleware


@sync_and_async_middleware
def own_pages(get_response: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Refuses what pages of other origins ask for by themselves, those of open ports among them, as browsers tell.

    Below one domain with Pilothouse they are of one site with it, and cookies go along. A link that is followed is let
    through: nothing is changed by it, and the page that has it cannot see the answer.
    """

    def elsewhere(request: Request) -> HttpResponse | None:
        told = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
        if told and request.headers.get("Sec-Fetch-Mode") != "navigate":
            return HttpResponse("A page of another site asked for this.", status=403, content_type="text/plain")
        return None

    if iscoroutinefunction(get_response):

        async def middleware(request: Request) -> HttpResponseBase:
            return elsewhere(request) or await get_response(request)
    else:

        def middleware(request: Request) -> HttpResponseBase:  # type: ignore[misc]
            return elsewhere(request) or get_response(request)

    return middleware


@sync_and_async_middleware
def people(get_response: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Sets ``request.actor``, and refuses views that declare no policy."""
    if iscoroutinefunction(get_response):

        async def middleware(request: Request) -> HttpResponseBase:
            user = await request.auser()
            request.user = user  # read already: templates may use it on the event loop
            request.actor = await _actor(request, user.pk)
            return await get_response(request)  # type: ignore[no-any-return]
    else:

        def middleware(request: Request) -> HttpResponseBase:  # type: ignore[misc]
            request.user = user = get_user(request)
            request.actor = async_to_sync(_actor)(request, user.pk)
            return get_response(request)  # type: ignore[no-any-return]

    def process_view(request: Request, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        assert request.resolver_match is not None
        policy = policy_of(request.resolver_match)
        if policy is None:
            log.error("the view at %s declares no policy", request.path)
            raise PermissionDenied
        return check(request, policy)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    middleware.process_exception = _in_words  # type: ignore[attr-defined]
    return middleware


async def _in_words(request: Request, error: Exception) -> HttpResponseBase | None:
    """A cluster's error that no view took care of, and a database that does not take our records."""
    if ours := fault_of_ours(error):
        log.error("our own disk or database refused", exc_info=error)
        error = ours
    if not isinstance(error, ClusterError):
        return None
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 502)
    context = {"title": error.title, "message": error.message, "hint": error.hint}
    if request.method == "GET" and status >= 500:  # a moment later it may be as it should
        context |= {"action_href": request.get_full_path(), "action_label": "Try again"}
    if request.htmx or "part" in request.GET or not request.user.is_authenticated:
        return render(request, "pages/error.html", context, status=status)
    return page(request, "pages/error.html", context, status=status)


async def _actor(request: Request, user_id: int | None) -> Actor:
    """Who is asking. The address is the peer's: uvicorn takes a proxy's word for it only where it is trusted."""
    actor = await actors.actor_for(user_id) or actors.NOBODY
    return replace(actor, address=request.META.get("REMOTE_ADDR") or "")
