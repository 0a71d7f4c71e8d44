"""Watching a kind of an engine: subscribe to its events, list, then look at whatever an event says has changed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.collections import COLLECTIONS
from clusters.drivers.docker.decode import decode_resource
from clusters.drivers.docker.events import Events, Follower
from clusters.drivers.docker.summary import Summary, agrees, read_summaries
from clusters.errors import ClusterError, Invalid, Missing
from clusters.kinds.base import Kind
from clusters.live.resource import Alive, Broken, Changed, FeedItem, Listed, Resource

TOGETHER = 0.02  # seconds: changes that come this close become one item
AT_ONCE = 16  # inspects under way
INSPECT_LIMIT = 8 << 20  # bytes of one object


class Watch:
    """One kind of one engine, followed for ever. ``sent`` is what the other side believes, by uid."""

    keeps = False  # is it worth being kept while nobody looks: is a later look cheaper for it?

    def __init__(self, client: EngineClient, events: Events, kind: Kind[Any]) -> None:
        self._client = client
        self._events = events
        self._kind = kind
        self._where = COLLECTIONS[kind.api]
        self._pace = TOGETHER
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._follower: Follower | None = None
        self.sent: dict[str, Resource] = {}

    async def items(self) -> AsyncIterator[FeedItem]:
        """First the whole list, then every change; Broken at once when the stream is."""
        self._follower = follower = self._begin()
        loop = asyncio.get_running_loop()
        try:
            for known in self._known(follower):
                yield known
            while True:
                await self._wait(follower)
                follower.wake.clear()
                began = loop.time()
                try:
                    item = await self._next(follower)
                except ClusterError as error:
                    # The stream may be well while this request failed: begin anew with a list, a little later.
                    yield Broken(error, 2.0)
                    await asyncio.sleep(2.0)
                    if follower.lost is None:
                        follower.opened()
                    continue
                if item is not None:
                    yield item
                # The first change goes out at once; those that follow within a moment go out together.
                await asyncio.sleep(max(0.0, began + self._pace - loop.time()))
        finally:
            self._end(follower)

    async def _wait(self, follower: Follower) -> None:
        await follower.wake.wait()

    def forget(self) -> None:
        """Let go of what is known: it is listed anew."""

    def leave(self) -> None:
        """Nobody will look through this any more."""

    def _begin(self) -> Follower:
        return self._events.follow(self._where.event, self._where.ignored)

    def _end(self, follower: Follower) -> None:
        self._events.leave(follower)
        self._follower = None

    def _known(self, follower: Follower) -> Sequence[FeedItem]:
        """What can be said before anything is asked."""
        return ()

    async def compare(self) -> int:
        """The truth check: list again, and look at all that is not as it was said. How many were wrong."""
        follower = self._follower
        if follower is None or follower.lost is not None or follower.relist:
            return 0
        known = dict(self.sent)
        pending = follower.dirty | follower.gone
        listed = {summary.id: summary for summary in await self._list()}
        wrong = {uid for uid, summary in listed.items() if not agrees(summary, known.get(uid))}
        gone = known.keys() - listed.keys()
        # What changed while we asked is on its way by itself.
        missed = [uid for uid in wrong | gone if uid not in pending and self.sent.get(uid) is known.get(uid)]
        for uid in missed:
            follower.hear("missed", uid)
        return len(missed)

    async def _next(self, follower: Follower) -> FeedItem | None:
        if follower.lost is not None:
            error, retry_in = follower.lost
            self.sent.clear()
            return Broken(error, retry_in)
        if follower.relist:
            follower.relist, follower.unsure_since = False, 0.0
            ids = [summary.id for summary in await self._list()]
            resources = [one for one in (await self._inspect_all(ids)).values() if one is not None]
            self.sent = {resource.uid: resource for resource in resources}
            return Listed(resources)
        dirty, follower.dirty = follower.dirty, set()
        gone, follower.gone = follower.gone, set()
        if not dirty and not gone:
            return None
        seen = await self._inspect_all(dirty)
        upserts = [one for one in seen.values() if one is not None and self._is_new(one)]
        deletes = gone | {uid for uid, one in seen.items() if one is None}
        self.sent.update({resource.uid: resource for resource in upserts})
        deletes = {uid for uid in deletes if self.sent.pop(uid, None) is not None}
        return Changed(upserts, sorted(deletes)) if upserts or deletes else Alive()

    def _is_new(self, resource: Resource) -> bool:
        before = self.sent.get(resource.uid)
        return before is None or before.version != resource.version

    async def _list(self) -> list[Summary]:
        body = await self._client.bytes("GET", self._where.list, self._where.query)
        return read_summaries(body)

    async def _inspect_all(self, ids: Iterable[str]) -> dict[str, Resource | None]:
        """The present state of each; None for what is not there."""
        ids = list(ids)
        found = await asyncio.gather(*(self._inspect(uid) for uid in ids), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return dict(zip(ids, (one for one in found if not isinstance(one, BaseException)), strict=True))

    async def _inspect(self, uid: str) -> Resource | None:
        async with self._gate:
            try:
                data = await self._client.bytes("GET", self._where.one(uid), within=15.0, limit=INSPECT_LIMIT)
            except (Missing, Invalid):
                return None
        return versioned(data, self._kind.model)


def versioned(data: bytes, model: type[Any]) -> Resource | None:
    """The resource in the engine's answer. Docker has no versions: ours is a digest of the fields that we use."""
    resource: Resource | None = decode_resource(data, model)
    if resource is None:
        return None
    digest = hashlib.blake2b(msgspec.json.encode(resource), digest_size=9).hexdigest()
    msgspec.structs.force_setattr(resource, "revision", digest)
    return resource if resource.uid else None
