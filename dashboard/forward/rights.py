"""Whether somebody may still have a port open: asked with every request, and every two seconds."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from clusters import actors
from clusters.access import Actor
from clusters.errors import ClusterError
from clusters.forward.opening import may_open
from clusters.live.row import Row
from dashboard.engine import engine
from dashboard.signed_in import signed_in_until, still_here


class StillMay:
    """Of one open port. Cheap while nothing changed."""

    def __init__(self, session: Any, actor: Actor, row: Row, revision: int) -> None:
        self._scope = {"session": session}
        self._actor, self._row = actor, row
        self._revision, self._until = revision, 0.0
        self._connection = engine.supervisor.connections.get(row.cluster.id)

    async def why_not(self) -> str:
        """Why it must end; "" when it may stay open."""
        connection = engine.supervisor.connections.get(self._row.cluster.id)
        if connection is None:
            return "Ended: its cluster is not connected any more."
        if connection is not self._connection:
            return "Ended: how its cluster is connected was changed."
        revision = await actors.revision()
        if revision == self._revision and time.time() < self._until:
            return ""
        actor, self._until = await still_here(self._scope, self._actor), await signed_in_until(self._scope)
        if actor is None:
            return "Ended: you are signed out."
        try:
            await may_open(engine.gateway, replace(actor, address=self._actor.address), self._row)
        except ClusterError as error:
            return f"Ended: your right to it was taken away. {error.message}"
        self._revision = revision
        return ""
