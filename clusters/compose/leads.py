"""Which image a name leads to on an engine now: after a build or a pull another one than before."""

from __future__ import annotations

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing


async def leads_to(driver: Driver, image: str, within: float = 10.0) -> str:
    """The id of that image; "" where there is none of that name. Raises why it cannot be told."""
    try:
        found = await driver.call(Call("GET", ("images", *image.split("/"), "json"), timeout=within))
    except Missing:
        return ""
    return str(found.get("Id") or "") if isinstance(found, dict) else ""
