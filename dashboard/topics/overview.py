"""Topic ``overview``: says that what Home shows is different now; the page then fetches its body again.

An open Home is somebody looking: while it is open, the usage of the clusters that it sums up is measured.
"""

from __future__ import annotations

import hashlib
import time

from clusters.live.connection import Connection
from clusters.live.frame import Frame
from dashboard.engine import engine
from dashboard.scope import chosen_scope
from dashboard.topics.base import Topic


class OverviewTopic(Topic):
    """args: ``cluster`` (the one that was chosen, "" for all).

    Frames carry the headline and a mark of all that is shown: the same mark, the same page.
    ``usage`` frames say between them that usage was measured: only the numbers are fetched again.
    """

    name = "overview"

    async def open(self) -> None:
        """Follow what this person may see."""
        self._seq, self._mark = 0, ""
        self._scope = chosen_scope(self.actor, self.args)
        for cluster_id in self._scope:
            self.open_things.enter_context(engine.supervisor.connections[cluster_id].wanted())
        self.open_things.callback(engine.triage.subscribe(self._judged))
        self.open_things.callback(engine.supervisor.on_state(self._state_changed))
        self.open_things.callback(engine.totals.look(engine.whole(self.actor, self._scope)))
        self.open_things.callback(engine.on_totals(self._measured))
        self.owe_snapshot()

    def snapshot(self) -> Frame:
        """The headline and the mark."""
        self._seq += 1
        self._mark = self._now()
        findings = engine.findings(self.actor, self._scope)
        return Frame(t="snap", seq=self._seq, now=time.time(), mark=self._mark, attention=len(findings))

    def _judged(self) -> None:
        if self._now() != self._mark:
            self.owe_snapshot()

    def _measured(self) -> None:
        self.deliver(Frame(t="usage"))

    def _state_changed(self, connection: Connection) -> None:
        if connection.cluster.id in self._scope:
            self._judged()

    def _now(self) -> str:
        findings = [(one.id, one.level, one.cause, one.affected) for one in engine.findings(self.actor, self._scope)]
        states = [
            (one, engine.supervisor.connections[one].contact.state(time.time()))
            for one in self._scope
            if one in engine.supervisor.connections
        ]
        shown = (findings, engine.triage.squares(self._scope), states, engine.triage.changes)
        return hashlib.sha1(repr(shown).encode(), usedforsecurity=False).hexdigest()[:16]
