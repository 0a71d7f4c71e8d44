"""What an action on one resource is for administrators only because of, by what that resource is given."""

from __future__ import annotations

from typing import Any

from clusters.drivers.base import Driver
from clusters.kinds.base import Action
from clusters.live.resource import Resource
from clusters.shells import in_time

SECONDS = 8.0


async def for_admins(driver: Driver, resource: Resource, action: Action[Any]) -> str:
    """Why, asked anew; "" when it is for everybody who may act. Raises what the cluster says."""
    found = await in_time(action.powers(driver, resource), SECONDS) if action.powers else ()
    return f"Only administrators may do that: it {', it '.join(dict.fromkeys(found))}." if found else ""
