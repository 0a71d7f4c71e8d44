"""From a signed-in user to an ``access.Actor``: who they are and what was granted to them, as of this moment.

What was read is kept until the access revision changes: one random number in the database that every change to a
user, a grant or a session replaces. Sockets that stay open compare it and notice within two seconds.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from clusters.access import Actor, Granted
from clusters.kinds.base import Role
from clusters.models import AccessRevision, Grant

NOBODY = Actor(0, "nobody")
FRESH = 1.0  # seconds that a revision is believed: other processes may have changed it
MAX_KEPT = 2000

_kept: dict[int, tuple[int, Actor | None]] = {}
_revision: tuple[int, float] | None = None  # the number, and when it was read


async def revision() -> int:
    """A number that is another one after anybody's rights, account or session changed; at most a second old."""
    global _revision
    if _revision is None or time.monotonic() - _revision[1] > FRESH:
        number = await AccessRevision.objects.filter(pk=1).values_list("number", flat=True).afirst()
        _revision = (number or 0, time.monotonic())
    return _revision[0]


async def actor_for(user_id: int | None) -> Actor | None:
    """That user with everything granted to them, and what clusters that are asked as them let them see.

    None for nobody, and for a user who was removed or switched off.
    """
    if not user_id:
        return None
    now = await revision()
    kept = _kept.get(user_id)
    if kept is None or kept[0] != now:
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        kept = _kept[user_id] = (now, await _read(user_id))
    return await narrow(kept[1]) if kept[1] else None


async def _as_granted(actor: Actor) -> Actor:
    return actor


# Set by the engine of this process. Without it nothing is narrowed, and a cluster that must be asked shows nothing.
narrow: Callable[[Actor], Awaitable[Actor]] = _as_granted


async def _read(user_id: int) -> Actor | None:
    user = await get_user_model().objects.filter(pk=user_id, is_active=True).afirst()
    if user is None:
        return None
    grants = [granted(grant) async for grant in Grant.objects.filter(user_id=user_id).order_by("id")]
    return Actor(user_id, user.get_username(), tuple(grants))


def granted(grant: Grant) -> Granted:
    """A grant as the plain data that ``access.decide`` reads."""
    return Granted(Role(grant.role), grant.cluster_id, frozenset(grant.namespaces), frozenset(grant.rights))


def bump() -> None:
    """Say that somebody's rights changed. Signals do this; only changes that bypass them have to call it."""
    number = secrets.randbits(62)  # random, not counted: two processes may change it at once, and tests empty it
    if not AccessRevision.objects.filter(pk=1).update(number=number):
        AccessRevision.objects.create(pk=1, number=number)
    _forget_revision()
    transaction.on_commit(_forget_revision)


def watch_changes() -> None:
    """Bump on every change to users, grants and sessions; called once, when the application is ready."""
    user = get_user_model()
    post_save.connect(_user_saved, sender=user, dispatch_uid="actors.user")
    user_logged_out.connect(_changed, dispatch_uid="actors.signed-out")
    post_save.connect(_changed, sender=Grant, dispatch_uid="actors.granted")
    for model in (user, Grant, Session):
        post_delete.connect(_changed, sender=model, dispatch_uid=f"actors.removed.{model.__name__}")


def _forget_revision() -> None:
    global _revision
    _revision = None


def _changed(**_: Any) -> None:
    bump()


def _user_saved(instance: AbstractBaseUser, update_fields: frozenset[str] | None, **_: Any) -> None:
    if update_fields is None or set(update_fields) != {"last_login"}:  # signing in changes nobody's rights
        bump()
