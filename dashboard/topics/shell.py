"""Topic ``shell``: what every page shows around itself: the state of the clusters and a few counts."""

from __future__ import annotations

import time
from hashlib import blake2b
from typing import Any

from clusters.access import Actor
from clusters.live.connection import Connection
from clusters.live.frame import Frame
from dashboard.engine import engine
from dashboard.forward import forwards
from dashboard.scope import chosen_scope
from dashboard.topics.base import Topic


class ShellTopic(Topic):
    """args: ``cluster`` (the one that was chosen: the counts are of it alone).

    Small, so every frame is the whole state. While it is followed, its clusters are asked for an answer.
    """

    name = "shell"

    async def open(self) -> None:
        """Follow the clusters this person may see."""
        self._seq = 0
        self._told: dict[str, Any] = {}
        self._scope = engine.scope(self.actor)
        self._counted = chosen_scope(self.actor, self.args)
        for cluster_id in self._scope:
            self.open_things.enter_context(engine.supervisor.connections[cluster_id].wanted())
        self.open_things.callback(engine.supervisor.on_state(self._state_changed))
        self.open_things.callback(engine.supervisor.on_clusters(self._tell))  # one is another platform now
        self.open_things.callback(engine.on_attention(self._tell))
        self.open_things.callback(forwards.on_change(self._tell))
        self.owe_snapshot()

    def snapshot(self) -> Frame:
        """The clusters with their state, the counts of the sidebar, and a mark of what this person may do."""
        self._seq += 1
        self._told = self._now()
        return Frame(t="snap", seq=self._seq, now=time.time(), **self._told, rights=rights_mark(self.actor))

    def _now(self) -> dict[str, Any]:
        connections = [
            engine.supervisor.connections[one] for one in self._scope if one in engine.supervisor.connections
        ]
        return {
            "clusters": [cluster_state(one) for one in connections],
            "counts": engine.counts(self.actor, self._counted),
            "ports": len(forwards.of(self.actor)),
        }

    def _state_changed(self, connection: Connection) -> None:
        if connection.cluster.id in self._scope:
            self._tell()

    def _tell(self) -> None:
        if self._now() != self._told:  # a busy cluster changes twice a second, and mostly nothing of this
            self.owe_snapshot()


def rights_mark(actor: Actor) -> str:
    """The same for the same rights, in every process: a page that sees another one loads itself anew."""
    grants = [(int(one.role), one.cluster, sorted(one.namespaces), sorted(one.rights)) for one in actor.grants]
    return blake2b(repr((grants, actor.limits)).encode(), digest_size=6).hexdigest()


def cluster_state(connection: Connection) -> dict[str, Any]:
    """One cluster as the sidebar and the pill show it. ``asof``: when it was last heard, 0 while live.

    ``platform``: a page whose sidebar was made for another one gets it anew.
    """
    contact, cluster = connection.contact, connection.cluster
    state = contact.state(time.time())
    return {
        "id": cluster.id,
        "slug": cluster.slug,
        "name": cluster.name,
        "platform": connection.driver.platform,
        "state": state,
        "asof": contact.heard if state != "live" else 0.0,
        "why": contact.error.message if contact.error else "",
    }
