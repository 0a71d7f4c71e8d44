"""Finds what is wrong with a kind that is not always joined (clusters/kinds/noticing.py), at a price that is bounded.

A change that may matter makes it look again: ten seconds after the last time at the earliest, and never for more than
a hundredth of a core. What it finds counts when it lasted, unless its kind says that it need not: an address is often
made a moment before what answers on it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clusters.kinds.noticing import Noticing
from clusters.live.glancer import Glancer
from clusters.live.resource import Listed
from clusters.live.store import Delta, Store

log = logging.getLogger(__name__)

SOON, PACE = 1.0, 10.0  # seconds from a change to a look at it, and between two looks, at least
SHARE = 100.0  # a look that took long is followed by a pause of this many times as long
LASTS = 30.0  # seconds before it counts


class Noticer:
    """At work between ``start`` and ``stop``. ``found`` has what is wrong, and nothing else."""

    def __init__(
        self, told: Store, others: Mapping[str, Store], noticing: Noticing[Any], glancer: Glancer | None = None
    ) -> None:
        self.found = Store(told.cluster_id, told.kind)
        self._told = told
        self._others = {name: others[name] for name in noticing.kinds}
        self._noticing = noticing
        self._glancer = glancer
        self._since: dict[str, float] = {}  # by uid: when it was first found, on the clock that never stands back
        self._leave: list[Callable[[], object]] = []
        self._due: asyncio.TimerHandle | None = None
        self._round: asyncio.Task[None] | None = None
        self._again = False  # something changed while we looked
        self._last, self._pace = 0.0, PACE

    def start(self) -> None:
        """Begin to hear."""
        self._leave = [store.subscribe(self._heard) for store in (self._told, *self._others.values())]
        self._soon(SOON)

    def stop(self) -> None:
        """The cluster is let go of."""
        if self._glancer is not None:
            self._glancer.leave(self)
        for leave in self._leave:
            leave()
        if self._due is not None:
            self._due.cancel()
        if self._round is not None:
            self._round.cancel()

    def _heard(self, store: Store, deltas: Sequence[Delta]) -> None:
        if store is self._told or not deltas or any(self._matters(*delta) for delta in deltas):
            self._soon(SOON)

    def _matters(self, before: Any, after: Any) -> bool:
        if before is None or after is None:
            return True
        return before is not after and self._noticing.mark(before) != self._noticing.mark(after)

    def _soon(self, wait: float) -> None:
        if self._round is not None and not self._round.done():
            self._again = True
        elif self._due is None:
            wait = max(wait, self._last + self._pace - time.monotonic())
            self._due = asyncio.get_running_loop().call_later(wait, self._begin)

    def _begin(self) -> None:
        self._due, self._again = None, False
        self._round = asyncio.create_task(self._look(), name=f"notice {self._told.kind.plural}")
        self._round.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        if self._again:
            self._soon(SOON)
        elif waiting := [wait for since in self._since.values() if (wait := since + self._lasts - self._last) > 0]:
            self._soon(min(waiting))

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            found: Sequence[Any] | None = await self._find()
        except Exception:
            log.exception("cannot tell what is wrong with the %s", self._told.kind.plural)
            found = None  # what was found before stands: a fault of ours mends nothing
        self._last = time.monotonic()
        self._pace = max(PACE, SHARE * (self._last - began))
        if found is None:
            return
        self._since = {one.uid: self._since.get(one.uid, began) for one in found}
        self.found.apply(Listed([one for one in found if self._last - self._since[one.uid] >= self._lasts]))

    @property
    def _lasts(self) -> float:
        return 0.0 if self._noticing.at_once else LASTS

    async def _find(self) -> Sequence[Any]:
        """Nothing of a namespace in which something that it is told by is not known: what is hidden is not missing."""
        stores = (self._told, *self._others.values())
        if not all(store.is_known and (store.trouble is None or store.hidden) for store in stores):
            return []
        hidden = frozenset().union(*(store.hidden for store in stores))
        own = [one for one in self._told.resources.values() if one.namespace not in hidden]
        others: dict[str, Sequence[Any]] = {name: list(one.resources.values()) for name, one in self._others.items()}
        if self._glancer is not None:
            others[self._glancer.glances.name] = self._glancer.need(self, own, lambda: self._soon(SOON))
        return await self._noticing.find(own, others)
