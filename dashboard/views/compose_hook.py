"""The address that git servers call when something was pushed. Whoever calls shows that they know its secret."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clusters.access import Actor
from clusters.compose.hooks import check_signed, is_about, take_once, taken, wrong
from clusters.compose.source import opened
from clusters.connect.secrets import Sealed
from clusters.errors import ClusterError, Conflict, Invalid, Refused
from clusters.models import ComposeSource
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.request import Request

OFTEN = "That is too often. Try again in a minute."


@csrf_exempt
@allow(scope="anyone")
@require_POST
async def hook(request: Request, hook: str) -> HttpResponse:
    """Something was pushed: its branch is looked at soon. Nothing of what was sent is believed but its branch."""
    row = await ComposeSource.objects.filter(hook=hook).select_related("by", "cluster").afirst()
    if row is None:
        return _wrong(request, 404, "There is no such webhook.")
    try:
        source = await sync_to_async(opened)(row)
        check_signed(source, request.headers, request.body)
        if request.headers.get("X-GitHub-Event") == "ping":
            return _said(200, "It works: a push is followed by a look.")
        about_it = is_about(source, request.body)
        if taken.full(hook):  # asked before it is remembered: sent again later, it is taken
            return _said(429, OFTEN)
        await take_once(row, request.headers, request.body)
        taken.count(hook)
        if about_it:
            await engine.follower.ask(Actor(0, "git webhook", address=request.actor.address), row)
    except Sealed:  # what about, is no business of whoever calls
        return _said(503, "It cannot be looked at now.")
    except Refused as error:
        return _wrong(request, 403, error.message)
    except Conflict as error:
        return _said(409, error.message)
    except Invalid as error:
        return _said(400, error.message)
    except ClusterError:
        return _said(503, "It cannot be looked at now.")
    return _said(202, "It is looked at now." if about_it else "That is about another branch.")


def _wrong(request: Request, status: int, words: str) -> HttpResponse:
    """Whoever tries many addresses and secrets is not told any more which of them are wrong."""
    address = request.actor.address
    if wrong.full(address):
        return _said(429, OFTEN)
    wrong.count(address)
    return _said(status, words)


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain")
