"""Whether whoever opened a websocket is still signed in: sockets outlive the request that opened them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.utils import timezone

from clusters import actors
from clusters.access import Actor


async def still_here(scope: Mapping[str, Any], actor: Actor) -> Actor | None:
    """Who they are now, with what is granted to them now; None when signed out, switched off, or the session ran out.

    A changed password ends other sessions, too: Django's own check of the session's hash says so.
    """
    session = scope["session"]
    kept = Session.objects.filter(session_key=session.session_key, expire_date__gt=timezone.now())
    if not await kept.aexists():
        return None
    user = await sync_to_async(get_user)(SimpleNamespace(session=session))  # type: ignore[arg-type]
    return await actors.actor_for(user.pk) if user.pk == actor.user_id else None
