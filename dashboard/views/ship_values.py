"""What is filled in once for all targets of an image, as far as it was typed, and what the image says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from django.http import Http404, QueryDict

from clusters.drivers.base import ENGINES
from clusters.live.row import Row
from clusters.registries.access import may_see
from clusters.ship import carried
from clusters.ship.images import config_of, config_there, row_of
from dashboard.access import listed, row_or_none
from dashboard.engine import engine
from dashboard.request import Request

LONGEST = 100_000
PATIENCE = 0.5  # seconds for the lists of images, which are kept while somebody looks


async def typed(request: Request, given: QueryDict) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The values, and the settings of the image. ``back=``: they come from the form of a target."""
    row = await source(request, given)
    image = given.get("image", "")[:500] or (next(iter(row.resource.tags), "") if row else "")
    config = await config_of(engine.gateway, request.actor, row) if row else await _of_registry(request, image)
    values: dict[str, Any] = carried.of_image(image, config)
    if request.method == "POST":
        texts = {name: text[:LONGEST] for name, text in given.dict().items()}
        back = given.get("back", "")
        values |= carried.from_target(back, texts) if back in carried.TARGETS else texts
    return values, config


async def _of_registry(request: Request, image: str) -> Mapping[str, Any]:
    return await config_there(image) if may_see(request.actor) else {}


async def source(request: Request, given: QueryDict) -> Row | None:
    """The image on an engine that says what it is like: the one that was named, or any that this person sees."""
    if row_id := given.get("row", ""):
        row = await row_or_none(request, row_id)
        if row is None or row.kind.name != "image":
            raise Http404
        return row
    image = given.get("image", "")
    engines = [one for one in engine.supervisor.connections.values() if one.driver.platform in ENGINES]
    stores = [(one, one.stores["image"]) for one in engines if "image" in one.stores]
    await asyncio.gather(*(listed(connection, store, within=PATIENCE) for connection, store in stores))
    found = (row_of(engine.gateway, request.actor, one, image) for one in engine.supervisor.connections.values())
    return next((one for one in found if one), None)
