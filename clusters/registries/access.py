"""Who may what with registries. They belong to no cluster: looking takes any role, managing takes all of them."""

from __future__ import annotations

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
