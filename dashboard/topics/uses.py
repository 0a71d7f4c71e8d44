"""Topic ``uses``: says that what runs an image, or how that is, became different; the page fetches that part again."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence

from clusters.errors import Invalid
from clusters.live.frame import Frame
from clusters.live.row import Row
from clusters.live.store import Delta, Store
from clusters.ship.uses import KINDS
from dashboard.engine import engine
from dashboard.image_life import uses_of_image
from dashboard.topics.base import Topic
from dashboard.topics.found import found

PACE = 1.0  # seconds between two looks, however fast things change: each goes over all that runs
SHARE = 50.0  # a look that took long is followed by a pause of this many times as long


class UsesTopic(Topic):
    """args: ``cluster`` (slug), ``kind`` ("image") and ``key``. Frames carry a mark: the same mark, the same part."""

    name = "uses"

    async def open(self) -> None:
        """Follow all that can run an image, on everything connected; what is told of it is what this person may see."""
        connection, store, resource = await found(self.actor, self.args, self.need)
        if store.kind.name != "image":
            raise Invalid("That is not an image.")
        self._seq, self._mark, self._pace = 0, "", PACE
        self._due: asyncio.TimerHandle | None = None
        self.open_things.callback(self._rest)
        self._row = Row(connection.cluster, store.kind, resource, store.health[resource.uid])
        for one in list(engine.supervisor.connections.values()):
            kinds = [kind for kind in KINDS if kind in one.stores]
            self.open_things.enter_context(one.wanted(*kinds))
            for kind in kinds:
                self.open_things.callback(one.stores[kind].subscribe(self._changed))
        self.owe_snapshot()

    def snapshot(self) -> Frame:
        """The mark of all that is shown."""
        self._seq, self._mark = self._seq + 1, self._now()
        return Frame(t="snap", seq=self._seq, mark=self._mark)

    def _changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._pace, self._look)

    def _rest(self) -> None:
        if self._due is not None:
            self._due.cancel()

    def _look(self) -> None:
        self._due = None
        if self._now() != self._mark:
            self.owe_snapshot()

    def _now(self) -> str:
        began = time.monotonic()
        uses = uses_of_image(self.actor, self._row)
        shown = [(one.key, one.image, one.image_id, one.row.health.level, one.row.health.word) for one in uses]
        self._pace = max(PACE, SHARE * (time.monotonic() - began))
        return hashlib.sha1(repr(shown).encode(), usedforsecurity=False).hexdigest()[:16]
