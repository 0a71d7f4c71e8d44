"""Whether whoever opened a websocket is still signed in: sockets outlive the request that opened them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session

from clusters import actors
from clusters.access import Actor


async def signed_in_until(scope: Mapping[str, Any]) -> float:
    """When the session runs out, epoch seconds; 0.0 when gone. Running out changes no revision, so sockets ask."""
    kept = Session.objects.filter(session_key=scope["session"].session_key)
    expires = await kept.values_list("expire_date", flat=True).afirst()
    return expires.timestamp() if expires else 0.0


async def still_here(scope: Mapping[str, Any], actor: Actor) -> Actor | None:
    """Who they are now, with what is granted to them now; None when signed out, switched off, or the session ran out.

    A changed password ends other sessions, too: Django's own check of the session's hash says so.
    """
    if await signed_in_until(scope) <= time.time():
        return None
    user = await sync_to_async(get_user)(SimpleNamespace(session=scope["session"]))  # type: ignore[arg-type]
    return await actors.actor_for(user.pk) if user.pk == actor.user_id else None
