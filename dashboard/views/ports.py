"""Open ports of pods: the dialog that asks which one, the tab it opens in, the list of those that are open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from clusters import actors
from clusters.access import decide
from clusters.errors import ClusterError, Unsupported
from clusters.forward.opening import NEED, may_open, open_port, why_not_there
from clusters.gateway import Denied
from clusters.kinds.base import Role
from clusters.live.row import Row
from clusters.reach import area_in
from dashboard.access import allow, refusal, row_or_none
from dashboard.engine import address, engine
from dashboard.forward import forwards
from dashboard.forward.hosts import OPEN, origin_of, why_not
from dashboard.forward.rights import StillMay
from dashboard.page import page
from dashboard.request import Request


@dataclass(frozen=True, slots=True)
class Button:
    """How it is offered on a resource's page, among its actions."""

    label: str = "Open port"
    icon: str = "external-link"
    danger: bool = False


async def offered(request: Request, row: Row) -> list[dict[str, Any]]:
    """The button, with the reason where it is off; nothing for what has no ports."""
    if row.kind.forwarding is None:
        return []
    area = area_in(row.cluster, row.namespace)
    decision = decide(request.actor, area, NEED)
    there = await why_not_there(engine.gateway, request.actor, row) if decision.allowed else ""
    why = decision.reason if not decision.allowed else why_not() or there or row.kind.forwarding.refuse(row.resource)
    href = f"/ports/open/?{urlencode({'row': row.id})}"
    return [{"action": Button(), "why": why, "href": href, "more": False, "there": there}]


@allow(Role.NOBODY, scope="signed-in")
@require_safe
async def ports(request: Request) -> HttpResponse:
    """Those that this person has open."""
    return page(request, "pages/ports.html", {"open": _listed(request)})


@allow(Role.OPERATOR, "exec")
@require_http_methods(["GET", "HEAD", "POST"])
async def open_one(request: Request) -> HttpResponse:
    """GET: the dialog. POST, from a form that opens a tab: open the port, and go to it there."""
    row = await row_or_none(request, (request.POST if request.method == "POST" else request.GET).get("row", ""))
    if row is None or row.kind.forwarding is None:
        raise Http404
    try:
        await may_open(engine.gateway, request.actor, row)
    except Denied as error:
        raise refusal(error) from error
    if request.method == "POST":
        return await _open(request, row)
    return await _dialog(request, row)


@allow(Role.NOBODY, scope="signed-in")
@require_POST
async def end(request: Request) -> HttpResponse:
    """End one of this person's own."""
    one = next((one for one in forwards.of(request.actor) if one.token == request.POST.get("token")), None)
    if one is not None:
        await one.end("Ended by hand.")
    if not request.htmx:
        return redirect("ports")
    response = render(request, "partials/ports.html", {"open": _listed(request)})
    words = f"{one or 'port'} is closed"
    return trigger_client_event(response, "toast", {"words": words[0].upper() + words[1:], "level": "ok"})


async def _dialog(request: Request, row: Row) -> HttpResponse:
    forwarding = row.kind.forwarding
    assert forwarding is not None
    there = await why_not_there(engine.gateway, request.actor, row)
    context = {
        "row": row,
        "doors": forwarding.doors(row.resource),
        "any_port": forwarding.any_port,
        "why": why_not() or there or forwarding.refuse(row.resource),
        "open": [one for one in _listed(request) if one["forward"].row.id == row.id],
    }
    if request.htmx:
        return render(request, "partials/open_port.html", context)
    context |= {"partial": "partials/open_port.html", "standalone": True, "action": Button()}
    return page(request, "pages/act.html", context)


async def _open(request: Request, row: Row) -> HttpResponse:
    """The tab shows for a moment where it goes: a form's own answer may lead to no other origin (form-action)."""
    port, speaks = request.POST.get("port", ""), request.POST.get("speaks", "")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0
    assert row.kind.forwarding is not None
    known = any(door.secure for door in row.kind.forwarding.doors(row.resource) if door.port == number)
    secure = speaks == "https" or (speaks != "http" and known)
    revision = await actors.revision()
    try:
        if why := why_not():
            raise Unsupported(why)
        one = await open_port(engine.gateway, forwards, request.actor, row, number, secure=secure)
    except ClusterError as error:
        context = {"title": error.title, "message": error.message, "hint": error.hint}
        context |= {"action_href": address(row), "action_label": f"Back to {row.resource.name}"}
        return page(request, "pages/error.html", context, status=422)
    one.watch(StillMay(request.session, request.actor, row, revision).why_not)
    where = f"{origin_of(one.token)}{OPEN}?{urlencode({'ticket': one.ticket})}"
    response = render(request, "pages/port_opening.html", {"one": one, "where": where})
    response["Refresh"] = f"0; url={where}"
    return response


def _listed(request: Request) -> list[dict[str, Any]]:
    return [
        {"forward": one, "href": address(one.row), "origin": origin_of(one.token)} for one in forwards.of(request.actor)
    ]
