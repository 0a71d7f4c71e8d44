"""Who may what with registries. They belong to no cluster: looking takes any role, managing takes all of them."""

from __future__ import annotations

from django.conf import settings

from clusters.access import Actor
from clusters.kinds.base import Role
from clusters.models import Registry
from clusters.people import is_admin


def may_see(actor: Actor) -> bool:
    """What is in them: whoever may see anything at all."""
    return any(grant.role >= Role.VIEWER for grant in actor.grants)


def may_manage(actor: Actor) -> bool:
    """Add, change and remove them, and delete what is in them."""
    return is_admin(actor)


def may_push(actor: Actor, registry: Registry | None) -> bool:
    """Send an image there from a cluster on which they may run things; one that is not kept needs no credentials."""
    return registry is None or registry.operators_push or is_admin(actor)


def may_give(actor: Actor, registry: Registry) -> bool:
    """Put its stored sign-in into clusters, where whoever reads secrets can read it."""
    return is_admin(actor) or bool(registry.settings.get("operators_give"))


def may_copy_to(actor: Actor, registry: Registry) -> bool:
    """Send an image there from another registry: whoever may push there, which takes a host to push from."""
    runs = any(
        not grant.namespaces and (grant.role == Role.ADMIN or (grant.role == Role.OPERATOR and "run" in grant.rights))
        for grant in actor.grants
    )
    return runs and not settings.READ_ONLY and may_push(actor, registry)
