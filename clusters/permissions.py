"""Whether the cluster itself allows an action to whom it is asked as; and in words, where it does not.

Our own decision (``access.decide``) comes first. Both must allow it: the narrower wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from clusters.drivers.base import Driver, full_name
from clusters.errors import Refused
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Kind
from clusters.kinds.formats import plain
from clusters.kinds.permission import Permission
from clusters.live.resource import Resource

SOON = 0.3  # seconds that a page waits for a cluster to say it; then it is offered, and tried
BEFORE_ACTING = 3.0  # the same before it is done
ACCOUNT = "This cluster's account"  # who may not, unless it is somebody by name
HINT = "Somebody who runs the cluster can grant it (RBAC)."

_VERBS = {"patch": "change", "update": "change", "create": "make", "get": "read", "deletecollection": "delete"}
_PARTS = {
    "eviction": "evict",
    "log": "read the lines of",
    "exec": "open terminals in",
    "portforward": "open ports of",
    "ephemeralcontainers": "put debug containers into",
}


class NotPermitted(Refused):
    """The cluster knows who we are, and does not allow that to our account."""


async def refusal(
    driver: Driver, kind: Kind[Any], resource: Resource, permissions: Sequence[Permission], *, within: float = SOON,
    newest: bool = False,
) -> str:  # fmt: skip
    """Why the cluster would refuse it, as a sentence; "" when it would not, or does not say in time."""
    if not permissions:
        return ""
    try:
        async with asyncio.timeout(within):
            asked = [_may(driver, kind, resource, one, newest) for one in permissions]
            answers = await asyncio.gather(*asked)
    except TimeoutError:
        return ""
    refused = [one for one, answer in zip(permissions, answers, strict=True) if answer is False]
    return _words(kind, resource, refused[0], driver.acts_as) if refused else ""


def may_not(verb: str, resource: str, namespace: str = "", group: str = "", who: str = "") -> str:
    """ "This cluster's account may not delete pods in shop." ``resource`` is its plural, or "pods/eviction"; ``who``
    the person that the cluster is asked as."""
    plural, _, part = resource.partition("/")
    kind = DESCRIBED.get(f"{plural}.{group}" if group else plural)
    doing = _PARTS.get(part) or _VERBS.get(verb, verb)
    what = plain(kind.plural) if kind else plural
    where = f" in {namespace}" if namespace else " in all namespaces"
    if kind and not kind.namespaced:
        where = f": {namespace}" if namespace else ""
    return f"{subject(who)} may not {doing} {what}{where}."


def subject(who: str) -> str:
    """Who may not: the account of the connection, or a person by their name in the cluster."""
    return f"“{who}”" if who else ACCOUNT


async def _may(
    driver: Driver, kind: Kind[Any], resource: Resource, permission: Permission, newest: bool
) -> bool | None:
    group, plural = _names(permission.api or kind.api)
    name = "" if permission.api else resource.name
    # Whoever may do it to all in a namespace, may do it to the namespace of that name.
    place = resource.name if kind.api == "v1/namespaces" else resource.namespace
    return await driver.may(permission.verb, group, _part(plural, permission), place, name, newest=newest)


def _words(kind: Kind[Any], resource: Resource, permission: Permission, who: str) -> str:
    group, plural = _names(permission.api or kind.api)
    return may_not(permission.verb, _part(plural, permission), resource.namespace, group, who)


def _names(api: str) -> tuple[str, str]:
    """ "apps/v1/deployments" -> ("apps", "deployments")"""
    plural, _, group = full_name(api).partition(".")
    return group, plural


def _part(plural: str, permission: Permission) -> str:
    return f"{plural}/{permission.part}" if permission.part else plural
