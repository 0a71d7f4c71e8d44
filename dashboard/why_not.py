"""Why something cannot be done to a resource: not by this person, or not by the account that we sign in with there.

Whether it makes sense now is another question: that changes with the resource.
"""

from __future__ import annotations

from typing import Any

from clusters.access import Actor
from clusters.kinds.base import Action
from clusters.live.row import Row
from dashboard.engine import engine


async def not_allowed(actor: Actor, row: Row, action: Action[Any]) -> str:
    """The reason, as a sentence; "" when it is allowed, or when the cluster does not say in time."""
    decision = engine.gateway.decide_action(actor, row, action)
    if not decision.allowed:
        return decision.reason
    return await engine.gateway.refused_there(actor, row.cluster.id, row.kind, row.resource, action)


async def why_not(actor: Actor, row: Row, action: Action[Any]) -> str:
    """The same, and why it makes no sense now."""
    return await not_allowed(actor, row, action) or (action.refuse(row.resource) if action.refuse else "")
