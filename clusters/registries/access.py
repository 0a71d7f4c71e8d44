"""Who may what with registries. They belong to no cluster: looking takes any role, managing takes all of them."""

from __future__ import annotations

from django.conf import settings

from clusters.access import Actor, Area, Need, decide
from clusters.kinds.base import Role
from clusters.models import Cluster, Registry
from clusters.people import is_admin

RUN = Need(Role.OPERATOR, "run")


def may_see(actor: Actor) -> bool:
    """What is in them: whoever may see anything at all."""
    return any(grant.role >= Role.VIEWER for grant in actor.grants)


def may_manage(actor: Actor) -> bool:
    """Add, change and remove them."""
    return is_admin(actor)


def may_delete(actor: Actor) -> bool:
    """Delete what is in them."""
    return is_admin(actor) and not settings.READ_ONLY


def may_push(actor: Actor, registry: Registry | None) -> bool:
    """Send an image there from a cluster on which they may run things; one that is not kept needs no credentials."""
    return registry is None or registry.operators_push or is_admin(actor)


def may_give(actor: Actor, registry: Registry) -> bool:
    """Put its stored sign-in into clusters, where whoever reads secrets can read it."""
    return is_admin(actor) or bool(registry.settings.get("operators_give"))


async def may_copy_to(actor: Actor, registry: Registry) -> bool:
    """Send an image there from another registry: whoever may push there, from a host that is not read-only."""
    if settings.READ_ONLY or not may_push(actor, registry):
        return False
    if is_admin(actor):
        return True
    hosts = Cluster.objects.filter(driver="docker", read_only=False).values_list("pk", flat=True)
    return any([decide(actor, Area(host), RUN).allowed async for host in hosts])
