"""Topic ``uses``: says that what runs an image, or how that is, became different; the page fetches that part again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from clusters.errors import Invalid
from clusters.live.frame import Frame
from clusters.live.paced import Paced
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
        self._seq, self._mark, self._paced = 0, "", Paced(self._look, PACE, SHARE)
        self.open_things.callback(self._paced.rest)
        self._row = Row(connection.cluster, store.kind, resource, store.health[resource.uid])
        for one in list(engine.supervisor.connections.values()):
            kinds = [kind for kind in KINDS if kind in one.stores]
            self.open_things.enter_context(one.wanted(*kinds))
            for kind in kinds:
                self.open_things.callback(one.stores[kind].subscribe(self._changed))
        self._paced.do(self._look)  # the first mark is always another one

    def snapshot(self) -> Frame:
        """The mark of all that is shown, as it was when that was looked at last."""
        self._seq += 1
        return Frame(t="snap", seq=self._seq, mark=self._mark)

    def _changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        self._paced.soon(PACE)

    def _look(self) -> None:
        uses = uses_of_image(self.actor, self._row)
        shown = [(one.key, one.image, one.image_id, one.row.health.level, one.row.health.word) for one in uses]
        mark = hashlib.sha1(repr(shown).encode(), usedforsecurity=False).hexdigest()[:16]
        if mark != self._mark:
            self._mark = mark
            self.owe_snapshot()
