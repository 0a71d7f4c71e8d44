"""Several namespaces as one feed, for accounts that may not list the whole cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from clusters.ending import end
from clusters.errors import Unreachable
from clusters.live.resource import Alive, Broken, Changed, Coming, FeedItem, Listed, Remembered, Resource

WAITING = 200  # items; a slow reader makes the watches wait instead of the memory grow


class Feed(Protocol):
    """What is told of one of them, for ever."""

    def run(self) -> AsyncIterator[FeedItem]:
        """Listed, then what changes."""


async def merged(reflectors: Mapping[str, Feed]) -> AsyncIterator[FeedItem]:
    """The feeds of all namespaces as one. Listed is told when each of them was listed, or said why not."""
    queue: asyncio.Queue[tuple[str, FeedItem | Exception]] = asyncio.Queue(WAITING)

    async def forward(namespace: str, reflector: Feed) -> None:
        try:
            async with aclosing(reflector.run()) as feed:  # type: ignore[type-var]
                async for item in feed:
                    await queue.put((namespace, item))
        except Exception as fault:
            await queue.put((namespace, fault))

    whole = Whole(len(reflectors))
    tasks = [asyncio.create_task(forward(*one), name=f"watch {one[0]}") for one in reflectors.items()]
    try:
        while True:
            namespace, item = await queue.get()
            if isinstance(item, Exception):
                raise item
            for told in whole.take(namespace, item):
                yield told
    finally:
        await end(tasks)


class Whole:
    """What all namespaces together look like. Holds references to what the store holds, no copies."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._known: dict[str, dict[str, Resource]] = {}
        self._broken: dict[str, Broken] = {}
        self._told = False

    def take(self, namespace: str, item: FeedItem) -> list[FeedItem]:
        """What one namespace's news means for all of them."""
        if isinstance(item, Coming):  # of a first list only: a later one is held back until all of it is known
            return [] if self._told or namespace in self._known else [item]
        if isinstance(item, Broken):
            self._broken[namespace] = item
        else:
            self._broken.pop(namespace, None)
        match item:
            case Listed(resources):
                self._known[namespace] = {one.uid: one for one in resources}
                return self._list() or [Coming(resources)]
            case Broken():
                return [self._part(item)] if self._told or not self._known else self._list()
            case Changed(upserts, deletes):
                mine = self._known[namespace]
                mine.update((one.uid, one) for one in upserts)
                for uid in deletes:
                    mine.pop(uid, None)
                return [self._beside(item)]
            case Alive() | Remembered():
                return [self._beside(Changed())] if self._broken else [item]  # "all is well" would hide what is not

    def _list(self) -> list[FeedItem]:
        if len(self._known.keys() | self._broken.keys()) < self._expected:
            return []
        self._told = True
        everything = Listed([one for each in self._known.values() for one in each.values()])
        # A list says that all is well; what is not, is said after it.
        return [everything, *map(self._part, self._broken.values())]

    def _beside(self, item: Changed) -> Changed:
        """Said with the namespaces that cannot be seen; those that fell silent before those that are refused."""
        troubles = [one.error for one in self._broken.values()]
        if not troubles:
            return item
        silent = [one for one in troubles if isinstance(one, Unreachable)]
        return replace(item, trouble=(silent or troubles)[-1], hidden=frozenset(self._broken))

    def _part(self, item: Broken) -> Broken:
        """Said with the namespaces that cannot be seen now, where some can."""
        silent = [one for one in self._broken.values() if isinstance(one.error, Unreachable)]
        some = self._known and len(silent) < self._expected
        return replace(item, hidden=frozenset(self._broken)) if some else item
