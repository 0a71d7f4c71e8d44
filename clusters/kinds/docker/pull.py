"""Gets an image from its registry, with a line for every layer, and looks afterwards whether it is there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Says
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.layers import Layers
from clusters.kinds.docker.transfer_errors import transfer_error
from clusters.registries import seen
from clusters.registries.reference import read_reference

REGISTRY_PATIENCE = 120.0  # seconds until a registry says its first word


async def pull(driver: Driver, image: str, says: Says, *, platform: str = "") -> str:
    """Get it, signed in with what is stored about its registry; words for the end. Raises what went wrong."""
    name, tag = split_image(image)
    host = read_reference(image).host
    query = {"fromImage": name, "tag": tag} | ({"platform": platform} if platform else {})
    call = Call("POST", ("images", "create"), query=query, timeout=REGISTRY_PATIENCE, registry=host)
    layers = Layers(says, tag)
    try:
        await layers.follow(driver.stream(call))
    except ClusterError as error:
        raise transfer_error(error, image, host, push=False) from error
    seen.changed(image)
    if await inspect(driver, image) is None:
        raise ClusterError(f"The engine stopped before {image} was here.", hint="Try again.")
    return f"{image} is here, with the digest {layers.digest}." if layers.digest else f"{image} is here."


async def inspect(driver: Driver, image: str) -> dict[str, Any] | None:
    """What the engine knows of an image; None when it is not there."""
    with suppress(Missing):
        found = await driver.call(Call("GET", ("images", *image.split("/"), "json")))
        return found if isinstance(found, dict) else None
    return None
