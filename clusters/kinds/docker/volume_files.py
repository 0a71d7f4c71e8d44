"""A way into the files of a volume: a container that is made with it, never started, and removed again.

Nothing runs, so it does not matter which image it is made from; the engine's archive shows the volume where it is
mounted. It has no network, and to look it has the volume read-only.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing, Unsupported

ROOT = "/volume"
TRIED = 5  # containers whose images are tried
_NEVER = "/never-started"  # what it would run


@asynccontextmanager
async def way_into(driver: Driver, volume: str, *, write: bool) -> AsyncIterator[str]:
    """The id of a container that has the volume at ``ROOT``; it is gone afterwards, whatever happened."""
    name = f"pilothouse-files-{secrets.token_hex(4)}"
    body = {
        "Entrypoint": [_NEVER],
        "Labels": {"pilothouse.files": volume},
        "HostConfig": {
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": True,
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": volume,
                    "Target": ROOT,
                    "ReadOnly": not write,
                    "VolumeOptions": {"NoCopy": True},
                }
            ],
        },
    }
    try:
        await _make(driver, name, body)
        yield name
    finally:
        await asyncio.shield(_remove(driver, name))


async def _remove(driver: Driver, name: str) -> None:
    with suppress(ClusterError):  # an engine that is away keeps it; its name says what it is
        await driver.call(Call("DELETE", ("containers", name), {"force": "true"}))


async def _make(driver: Driver, name: str, body: dict[str, Any]) -> None:
    """Of the image of some container, where there is one: an engine may need seconds for a list of all images."""
    for image in await _images_of_containers(driver):
        with suppress(Missing):  # it is gone, though there is a container of it
            await driver.call(Call("POST", ("containers", "create"), {"name": name}, {**body, "Image": image}))
            return
    body = {**body, "Image": await _any_image(driver)}
    await driver.call(Call("POST", ("containers", "create"), {"name": name}, body))


async def _images_of_containers(driver: Driver) -> list[str]:
    found: Any = await driver.call(Call("GET", ("containers", "json"), {"all": "1", "limit": str(TRIED)}))
    images = [one["ImageID"] for one in found or () if isinstance(one, dict) and isinstance(one.get("ImageID"), str)]
    return list(dict.fromkeys(image for image in images if image))


async def _any_image(driver: Driver) -> str:
    found: Any = await driver.call(Call("GET", ("images", "json")))
    images = [one for one in found or () if isinstance(one, dict) and isinstance(one.get("Id"), str)]
    if not images:
        hint = "Pull any image first, however small: nothing of it runs."
        raise Unsupported("There is no image on this machine through which a volume could be looked at.", hint=hint)
    return str(min(images, key=lambda one: one.get("Size") or 0)["Id"])
