"""Before people act as themselves in a cluster: may its account speak for them, and is it really asked as them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.access import Actor
from clusters.drivers.base import Driver
from clusters.drivers.kubernetes.naming import Impersonation
from clusters.errors import ClusterError, Refused

FIELD = "impersonate"
HINT = (
    "Grant it: kubectl create clusterrole pilothouse-impersonate --verb=impersonate --resource=users,groups;"
    " then bind that to the account with kubectl create clusterrolebinding."
)


async def check(driver: Driver, settings: Mapping[str, Any], by: Actor) -> None:
    """Return when people can act as themselves there, or are not to. Raises Refused, Invalid or the cluster's error."""
    how = Impersonation.of(settings)
    if how is None:
        return
    for resource, names in (("users", (how.user(by.name),)), ("groups", how.groups)):
        for name in names:
            if await driver.may("impersonate", "", resource, "", name, newest=True) is not True:
                words = f"This cluster's account may not act as somebody else: impersonate {resource} ({name})."
                raise Refused(words, hint=HINT, field=FIELD)
    try:
        await driver.as_person(by.name).limits(())
    except ClusterError as error:
        error.field = FIELD
        raise
