"""Gets an image from its registry, with a line for every layer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing, Refused
from clusters.kinds.base import Says
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.formats import size

_REGISTRY_PATIENCE = 120.0  # seconds until a registry says its first word
_SAY_EVERY = 0.5  # seconds between two lines about one layer


async def pull(driver: Driver, image: str, says: Says) -> None:
    """Get an image, with a line for each layer. Raises Missing, Refused or what the registry says."""
    name, tag = split_image(image)
    call = Call("POST", ("images", "create"), query={"fromImage": name, "tag": tag}, timeout=_REGISTRY_PATIENCE)
    loop = asyncio.get_running_loop()
    said: dict[str, tuple[float, str]] = {}
    try:
        async for news in driver.stream(call):
            if problem := news.get("error"):
                raise ClusterError(str(problem)[:300], detail=str(problem))
            layer, status = str(news.get("id", ""))[:64], str(news.get("status", ""))[:200]
            if not layer or layer == tag:
                if status:
                    says.say(status)
                continue
            at, before = said.get(layer, (0.0, ""))
            if len(said) < 500 and (status != before or loop.time() - at > _SAY_EVERY):
                said[layer] = loop.time(), status
                says.progress(layer, f"{layer}: {status}{_done(news.get('progressDetail'))}")
    except ClusterError as error:
        raise _pull_error(error, image) from error


def _done(detail: Any) -> str:
    current, total = (detail.get("current"), detail.get("total")) if isinstance(detail, Mapping) else (None, None)
    if not isinstance(current, int) or not isinstance(total, int) or total <= 0:
        return ""
    return f" {size(current)} of {size(total)}"


def _pull_error(error: ClusterError, image: str) -> ClusterError:
    said = error.detail or error.message
    small = said.lower()
    if "denied" in small or "unauthorized" in small or "authentication required" in small:
        return Refused(
            f"The registry does not give out {image}.",
            hint="Check its name; if it is private, the engine needs to be signed in there.",
            detail=said,
        )
    if isinstance(error, Missing) or "not found" in small or "manifest unknown" in small or "no such image" in small:
        return Missing(f"There is no image {image}.", hint="Check its name and tag.", detail=said)
    if any(word in small for word in ("no such host", "timeout", "refused", "unreachable", "lookup", "i/o")):
        hint = "The machine of the engine needs a way to it."
        return ClusterError(f"The registry of {image} does not answer.", hint=hint, detail=said)
    return error
