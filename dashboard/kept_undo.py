"""What undoes an act and is too long for the header that brings it to a page: kept here for a while, sealed."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError
from django.http import QueryDict

from clusters.access import Actor
from clusters.connect.secrets import open_text, seal, text_of
from clusters.errors import Missing

log = logging.getLogger(__name__)

KEPT_FOR = 600  # seconds: its toast is gone much earlier, unless somebody points at it
NAME = "undo"  # of the value that stands for all others; no field is called so


async def keep(actor: Actor, values: Mapping[str, Any]) -> dict[str, str] | None:
    """What the page gets in place of these values. None when they cannot be kept now: what was done is done."""
    key = secrets.token_hex(16)
    about = _about(actor, key)
    sealed = text_of(seal(json.dumps(values).encode(), about))
    try:
        await cache.aset(about, sealed, KEPT_FOR)
        is_kept = await cache.aget(about) == sealed  # a full disk is not told by the cache
    except DatabaseError:
        log.warning("what undoes an act could not be kept", exc_info=True)
        return None
    return {NAME: key} if is_kept else None


async def with_kept(actor: Actor, asked: QueryDict) -> QueryDict:
    """With the values that are kept for it, where there are some. Raises Missing when they are forgotten."""
    if NAME not in asked:
        return asked
    about = _about(actor, asked.get(NAME, "")[:32])
    sealed = await cache.aget(about)
    if not isinstance(sealed, str):
        raise Missing("This can no longer be undone here.", hint="Open it, and change it back by hand.")
    whole = asked.copy()
    whole.update(json.loads(open_text(sealed, about)))
    return whole


def _about(actor: Actor, key: str) -> str:
    return f"undo-of-act:{actor.user_id}:{key}"
