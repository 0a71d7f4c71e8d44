"""What every page of a signed-in person is rendered with: the sidebar and the choices of looks kept in cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect

from dashboard.navigation import navigation
from dashboard.request import Request
from dashboard.room import little_room_words

LOOKS = {"theme": ("auto", "light", "dark"), "density": ("cosy", "compact", "roomy"), "explain": ("off", "on")}


def looks(request: HttpRequest) -> dict[str, str]:
    """Theme, density and Explain mode, as chosen in this browser; the first of each list until somebody chooses."""
    return {
        name: chosen if (chosen := request.COOKIES.get(name, "")) in values else values[0]
        for name, values in LOOKS.items()
    }


def page(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Render a whole page."""
    sidebar = navigation(request.actor, request.path, request.GET, request.COOKIES.get("folds", ""))  # type: ignore[attr-defined]
    frame = {"navigation": sidebar, "little_room": little_room_words()}
    return render(request, template, {**context, **frame}, status=status)


def asks_for(request: HttpRequest, part: str) -> bool:
    """Is only this part of the page wanted? The page's own script adds ``part=`` when it fetches something again."""
    return request.GET.get("part") == part


def on_to(request: Request, address: str) -> HttpResponse:
    """Go on to another page, also from a form that htmx sent."""
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address)
