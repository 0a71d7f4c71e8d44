"""Topic ``layers``: the picture of the layers of one app, pushed as it changes."""

from __future__ import annotations

import time
from collections.abc import Sequence

from clusters.errors import Missing
from clusters.layers.told import told
from clusters.live.connection import Connection
from clusters.live.frame import Frame
from clusters.live.paced import Paced
from clusters.live.store import Delta, Store
from dashboard.engine import engine
from dashboard.layers import Sheet, addresses, made_of
from dashboard.topics.base import Topic
from dashboard.topics.found import found
from dashboard.visible import visible

PACE = 0.25  # seconds between two pushes, however much changes
SHARE = 10.0  # a picture that took long to make is followed by a pause of this many times as long


class LayersTopic(Topic):
    """args: ``cluster`` (slug), ``kind``, ``key``. Frames carry the HTML of each layer that is different."""

    name = "layers"

    async def open(self) -> None:
        """Find the app, check the right to see it, follow the stores that its picture is made of."""
        self._connection, self._store, self._resource = await found(self.actor, self.args, self.need)
        if self._store.kind.layers is None:
            raise Missing("There is no picture of it.")
        self._seq, self._paced = 0, Paced(self._round, PACE, SHARE)
        self._sheet = Sheet(await addresses())
        stores = made_of(self._connection, self._store.kind)
        self.open_things.enter_context(self._connection.wanted(*(store.kind.name for store in stores)))
        for store in stores:
            self.open_things.callback(store.subscribe(self._changed))
        for other in engine.supervisor.connections.values():
            if other is not self._connection and (containers := other.stores.get("container")):
                self.open_things.callback(containers.subscribe(self._changed_elsewhere))
        self.open_things.callback(engine.supervisor.on_state(self._state_changed))
        self.open_things.callback(self._paced.rest)
        self._paced.do(self._draw)
        self.owe_snapshot()

    def snapshot(self) -> Frame:
        """The whole picture as it was drawn last: what changed since is on its way, however often a tab asks."""
        self._seq += 1
        sheet = self._sheet
        return Frame(
            t="snap", seq=self._seq, now=time.time(), order=list(sheet.parts), parts=sheet.parts,
            links=sheet.links, notes=sheet.notes,
        )  # fmt: skip

    def _draw(self) -> None:
        self._resource = self._store.resources.get(self._resource.uid, self._resource)
        self._sheet.draw(self.actor, self._connection, self._store, self._resource)

    def _round(self) -> None:
        if self._connection.cluster.id not in engine.supervisor.connections:
            return  # it was disconnected a moment ago
        sheet = self._sheet
        app, parts, links, notes = sheet.app, sheet.parts, sheet.links, sheet.notes
        self._draw()
        body = {
            "parts": {key: part for key, part in sheet.parts.items() if parts.get(key) != part},
            "order": list(sheet.parts) if list(sheet.parts) != list(parts) else None,
            "links": sheet.links if sheet.links != links else None,
            "notes": sheet.notes if sheet.notes != notes else None,
            "told": [visible(one) for one in told(app, sheet.app)],
        }
        if any(value or (value == [] and key == "notes") for key, value in body.items()):
            self._seq += 1
            self.deliver(Frame(t="patch", seq=self._seq, now=time.time(), **body))

    def _changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        """What is in another namespace is no part of this app, however often it changes."""
        inside = self._resource.namespace
        touched = {one.namespace for delta in deltas for one in delta if one is not None}
        if not deltas or not store.kind.namespaced or not inside or inside in touched:
            self._paced.soon()

    def _changed_elsewhere(self, store: Store, deltas: Sequence[Delta]) -> None:
        uids = {one.uid for delta in deltas for one in delta if one is not None}
        if uids & self._sheet.met:
            self._paced.soon()

    def _state_changed(self, connection: Connection) -> None:
        self._paced.soon()
