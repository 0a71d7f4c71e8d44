"""The address that git servers call when something was pushed. Whoever calls shows that they know its secret."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clusters.compose.hooks import OF_ADDRESS, OF_ONE, check_signed, is_about, take_once, too_often
from clusters.compose.source import opened
from clusters.errors import ClusterError, Conflict, Invalid, Refused
from clusters.models import ComposeSource
from dashboard.access import allow
from dashboard.engine import engine
from dashboard.request import Request


@csrf_exempt
@allow(scope="anyone")
@require_POST
async def hook(request: Request, hook: str) -> HttpResponse:
    """Something was pushed: its branch is looked at soon. Nothing of what was sent is believed but its branch."""
    if too_often(f"from {request.actor.address}", OF_ADDRESS):
        return _said(429, "That is too often. Try again in a minute.")
    row = await ComposeSource.objects.filter(hook=hook).afirst()
    if row is None:
        return _said(404, "There is no such webhook.")
    try:
        source = await sync_to_async(opened)(row)
        check_signed(source, request.headers, request.body)
        if too_often(hook, OF_ONE):
            return _said(429, "That is too often. Try again in a minute.")
        if request.headers.get("X-GitHub-Event") == "ping":
            return _said(200, "It works: a push is followed by a look.")
        about_it = is_about(source, request.body)
        await take_once(row, request.headers, request.body)
    except Refused as error:
        return _said(403, error.message)
    except Conflict as error:
        return _said(409, error.message)
    except Invalid as error:
        return _said(400, error.message)
    except ClusterError:
        return _said(503, "It cannot be looked at now.")
    if not about_it:
        return _said(202, "That is about another branch.")
    engine.follower.soon(row.pk)
    return _said(202, "It is looked at now.")


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain")
