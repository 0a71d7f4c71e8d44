"""Topic ``resource``: one resource whose page is open. Says that it changed; the page fetches its panel again."""

from __future__ import annotations

import time
from collections.abc import Sequence

from clusters.live.frame import Frame
from clusters.live.row import Row
from clusters.live.store import Delta, Store
from clusters.live.table import status_cell
from clusters.live.usage import copies, usage_cells, usage_point
from dashboard.engine import address, engine
from dashboard.topics.base import Topic
from dashboard.topics.found import found


class ResourceTopic(Topic):
    """args: ``cluster`` (slug), ``kind``, ``key``. Frames carry health, version, usage and whether it is gone."""

    name = "resource"

    async def open(self) -> None:
        """Find it, check the right to see it, follow its store (and that of its copies)."""
        connection, store, resource = await found(self.actor, self.args, self.need)
        self._seq, self._store, self._connection = 0, store, connection
        self._row = Row(connection.cluster, store.kind, resource, store.health[resource.uid])
        self.open_things.enter_context(connection.wanted(store.kind.name, *filter(None, [store.kind.copies_of])))
        self.open_things.callback(store.subscribe(self._changed))
        if copies_store := connection.stores.get(store.kind.copies_of):
            self.open_things.callback(copies_store.subscribe(self._copies_changed))
        engine.sampler.look(self._row.id)
        self.open_things.callback(engine.sampler.look_away, self._row.id)
        self.open_things.callback(engine.on_sampled(self._sampled))
        self.owe_snapshot()

    def snapshot(self) -> Frame:
        """Everything the head of its page shows."""
        self._seq += 1
        now_there = self._connection.row(self._store, self._row.resource.uid)
        self._row = now_there or self._row
        sample = engine.sampler.last(self._row.id)
        return Frame(
            t="snap",
            seq=self._seq,
            now=time.time(),
            gone=now_there is None,
            version=self._row.resource.version,
            href=address(self._row),
            health=status_cell(self._row),
            usage=usage_cells(sample) if sample else None,
        )

    def _changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        uid = self._row.resource.uid
        if any((after or before).uid == uid for before, after in deltas):  # type: ignore[union-attr]
            self.owe_snapshot()

    def _copies_changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        mine = {copy.uid for copy in copies(self._connection, self._row)}
        if any(after is None or after.uid in mine for _, after in deltas):
            self.owe_snapshot()

    def _sampled(self) -> None:
        if sample := engine.sampler.last(self._row.id):
            cells = {**usage_cells(sample), "point": usage_point(sample)}
            self.deliver(Frame(t="usage", rows={self._row.id: cells}))
