"""What undoes an act and is too long for the header that brings it to a page: kept here for a while, sealed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.http import QueryDict

from clusters.access import Actor
from clusters.connect.secrets import bytes_of, open_sealed, seal, text_of
from clusters.errors import Missing

KEPT_FOR = 600  # seconds: its toast is gone much earlier, unless somebody points at it
NAME = "undo"  # of the value that stands for all others; no field is called so


async def keep(actor: Actor, values: Mapping[str, Any]) -> dict[str, str]:
    """What the page gets in place of these values."""
    key = secrets.token_hex(16)
    sealed = text_of(seal(json.dumps(values).encode(), _about(actor, key)))
    await cache.aset(_about(actor, key), sealed, KEPT_FOR)
    return {NAME: key}


async def with_kept(actor: Actor, asked: QueryDict) -> QueryDict:
    """With the values that are kept for it, where there are some. Raises Missing when they are forgotten."""
    if NAME not in asked:
        return asked
    about = _about(actor, asked.get(NAME, "")[:32])
    sealed = await cache.aget(about)
    if not isinstance(sealed, str):
        raise Missing("This can no longer be undone here.", hint="Open it, and change it back by hand.")
    whole = asked.copy()
    whole.update(json.loads(open_sealed(bytes_of(sealed), about)))
    return whole


def _about(actor: Actor, key: str) -> str:
    return f"undo-of-act:{actor.user_id}:{key}"
