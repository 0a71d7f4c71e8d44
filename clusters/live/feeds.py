"""What a driver tells of each kind that is followed: one task a kind, begun again, ever later, whenever it breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from clusters.errors import ClusterError, Refused, Unreachable
from clusters.kinds.base import Kind
from clusters.live.gap import Gap
from clusters.live.resource import Broken, Coming, FeedItem, Listed, Remembered
from clusters.live.store import Store

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0  # seconds before a watch that broke is begun again


class Feeds:
    """``watch``: what the driver tells of a kind, for ever; ``take``: what is done with it, once a list is taken in."""

    def __init__(
        self,
        name: str,
        watch: Callable[[Kind[Any]], AsyncIterator[FeedItem]],
        take: Callable[[Store, FeedItem], None],
    ) -> None:
        self._name, self._watch, self._take = name, watch, take
        self._gap = Gap()
        self._running: dict[str, tuple[Store, asyncio.Task[None]]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._running

    @property
    def all_are_broken(self) -> bool:
        """Is nothing followed any longer? It may answer a ping all the same: that is not live. One kind that cannot be
        followed is said where it is listed, and does not make the whole cluster sick."""
        troubles = [store.trouble for store, _ in self._running.values() if store.listed or store.trouble]
        return bool(troubles) and all(one is not None and not isinstance(one, Refused) for one in troubles)

    @property
    def show_what_was_before(self) -> bool:
        """Is of any kind still shown what was before the line was lost?"""
        return self._gap.is_open

    @property
    def anything_is_listed(self) -> bool:
        """Is of one of the kinds known what there is, or was?"""
        return any(store.listed for store, _ in self._running.values())

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """To be ended with the connection."""
        return [task for _, task in self._running.values()]

    def follow(self, store: Store) -> None:
        """Fill that store, unless something does already, or no API tells of its kind."""
        kind = store.kind
        if kind.api and (kind.name not in self or self._running[kind.name][1].done()):
            task = asyncio.create_task(self._feed(store), name=f"watch {self._name} {kind.name}")
            self._running[kind.name] = store, task

    def stop(self, name: str) -> None:
        """Nobody wants that kind any more."""
        self._gap.leave(name)
        if running := self._running.pop(name, None):
            running[1].cancel()

    def again(self) -> None:
        """All of them from the beginning, now instead of when their delay ends."""
        for store, task in tuple(self._running.values()):
            task.cancel()
            del self._running[store.kind.name]
            self._gap.doubt(store)
            self.follow(store)

    async def _feed(self, store: Store) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                async for item in self._watch(store.kind):
                    if isinstance(item, Coming | Listed | Remembered):
                        await store.take_in(item)
                    if not isinstance(item, Coming):
                        self._tell(store, item)
                    delay = FIRST_DELAY
            except ClusterError as error:
                self._tell(store, Broken(error, delay))
            except Exception:
                # A fault of ours must not end the watch silently: say so, keep the traceback in the log, go on.
                log.exception("watching %s of %s failed", store.kind.plural, self._name)
                self._tell(store, Broken(Unreachable("Watching failed because of a fault in Pilothouse."), delay))
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    def _tell(self, store: Store, item: FeedItem) -> None:
        self._gap.take(store, item)
        self._take(store, item)
