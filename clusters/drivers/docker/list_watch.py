"""Watching a kind whose list says all there is to say, and keeping what is known of it while nobody looks.

The events are followed on for as long as the stream is open anyway, so a later look needs no list: what was missed is
known to have been missed. A list that is not sure is shown with the time it is of, until there is a new one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import not_docker
from clusters.drivers.docker.events import Events, Follower
from clusters.drivers.docker.watch import TOGETHER, Watch, versioned
from clusters.kinds.base import Kind
from clusters.live.resource import Alive, Broken, Changed, FeedItem, Listed, Remembered, Resource

PATIENCE = 120.0  # seconds: of many images an engine may need long
QUICK = 0.2  # seconds: a list that takes no longer is asked for at each look
SHARE = 5.0  # one that took longer is asked for again after this many times as long, when something changed
CHECK_SHARE = 50.0  # and after this many times as long only to see whether it is still true


class ListWatch(Watch):
    """One request when events told that something changed, whatever and how many."""

    keeps = True

    def __init__(self, client: EngineClient, events: Events, kind: Kind[Any]) -> None:
        super().__init__(client, events, kind)
        self._busy = False  # with what the events told: whoever stops now leaves it undone
        self._listed = False
        self._all = False  # is the next item to be all of it?
        self._said = False  # that what is known is not sure
        self._took = 0.0  # seconds that the last list took
        self._check_at = 0.0  # monotonic seconds from when the truth check is worth its cost

    async def compare(self) -> int:
        """The truth check: list again, and look at all that is different. How many were."""
        follower = self._follower
        if follower is None or follower.lost is not None or self._busy or time.monotonic() < self._check_at:
            return 0
        if follower.relist or follower.dirty or follower.gone:
            return 0
        known, listed = dict(self.sent), {one.uid: one for one in await self._read()}
        if self.sent != known:
            return 0  # it changed while we asked, and is on its way by itself
        wrong = {uid for uid, one in listed.items() if self._is_new(one)} | (known.keys() - listed.keys())
        for uid in wrong:
            follower.hear("missed", uid)
        return len(wrong)

    def forget(self) -> None:
        """Let go of what is known: it is listed anew."""
        self.sent, self._listed = {}, False
        if self._follower is not None and self._follower.lost is None:
            self._follower.opened()

    def leave(self) -> None:
        """Nobody will look through this any more."""
        if self._follower is not None:
            self._events.leave(self._follower)

    def _begin(self) -> Follower:
        if self._follower is None:
            return super()._begin()
        self._events.go_on(self._follower)
        return self._follower

    def _end(self, follower: Follower) -> None:
        if self._busy:
            self._busy = False
            follower.opened()
        self._events.rest(follower)

    def _known(self, follower: Follower) -> Sequence[FeedItem]:
        """All of it, when it is still true; with the time it is of, when that is not sure."""
        if not self._listed:
            return ()
        if follower.lost is None and not follower.relist:
            names = follower.dirty | follower.gone
            if self._is_slow and not names:
                self._check_soon(follower)
                return (Listed(list(self.sent.values())),)
            if self._is_slow and self._is_few(names):
                self._all = True  # in a moment
                return ()
            follower.opened()
        return (self._remembered(follower),) if self._is_slow or follower.lost is not None else ()

    @property
    def _is_slow(self) -> bool:
        return self._took > QUICK

    def _remembered(self, follower: Follower) -> Remembered:
        self._said = True
        return Remembered(list(self.sent.values()), follower.unsure_since or time.time())

    def _check_soon(self, follower: Follower) -> None:
        if time.monotonic() >= self._check_at:
            follower.check = True
            follower.wake.set()

    async def _next(self, follower: Follower) -> FeedItem | None:
        if follower.lost is not None:
            return Broken(*follower.lost)
        names = follower.dirty | follower.gone
        anew, check = follower.relist, follower.check
        if not (anew or check or names):
            return None
        if anew and self._listed and self._is_slow and not self._said:
            follower.wake.set()
            return self._remembered(follower)
        follower.begun()
        self._busy = True
        if anew or check or not self._is_few(names):
            item = await self._list_again(follower, anew=anew)
        else:
            item = await self._look_at(names)
            self._pace = TOGETHER
        self._busy, self._said = False, False
        if self._all:
            self._all = False
            return Listed(list(self.sent.values()))
        return item

    async def _list_again(self, follower: Follower, *, anew: bool) -> FeedItem:
        listed = {one.uid: one for one in await self._read()}
        self._pace = TOGETHER if anew else max(TOGETHER, SHARE * self._took)
        item = Listed(list(listed.values())) if anew else self._difference(listed)
        self.sent, self._listed = listed, True
        if follower.lost is None and not follower.relist:
            follower.unsure_since = 0.0
        return item

    def _difference(self, listed: dict[str, Resource]) -> FeedItem:
        upserts = [one for one in listed.values() if self._is_new(one)]
        deletes = sorted(self.sent.keys() - listed.keys())
        return Changed(upserts, deletes) if upserts or deletes else Alive()

    def _is_few(self, names: set[str]) -> bool:
        """Is it cheaper to look at these alone than to list all again?"""
        return False

    async def _look_at(self, names: set[str]) -> FeedItem:
        raise NotImplementedError

    async def _read(self, query: dict[str, str] | None = None) -> list[Resource]:
        began = time.monotonic()
        body = await self._client.bytes("GET", self._where.list, query or self._where.query, within=PATIENCE)
        if query is None:
            self._took = time.monotonic() - began
            self._check_at = time.monotonic() + CHECK_SHARE * self._took
        found = (versioned(entry, self._kind.model) for entry in self._entries(body))
        return [one for one in found if one is not None]

    def _entries(self, body: bytes) -> list[bytes]:
        try:
            if self._where.inside:
                tree = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
                body = bytes(tree.get(self._where.inside, b"{}" if self._where.alone else b"[]"))
            if self._where.alone:
                return [body]
            entries = msgspec.json.decode(body, type=list[msgspec.Raw] | None) or []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise not_docker(str(error)) from error
        return [bytes(entry) for entry in entries]
