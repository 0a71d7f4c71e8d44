"""Watching images: of many, an engine with the containerd store needs seconds for a list: changes are looked at alone.

A filtered list costs only what it shows, and says of an image what the whole list says; an inspection does not.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from clusters.drivers.docker.list_watch import ListWatch
from clusters.drivers.docker.watch import versioned
from clusters.errors import Invalid, Missing
from clusters.live.resource import Alive, Changed, FeedItem, Resource

FEW = 24  # images that are looked at alone; of more, all are listed


class ImageWatch(ListWatch):
    """Images, each looked at when an event names it."""

    def _is_few(self, names: set[str]) -> bool:
        return self._is_slow and len(names) <= FEW

    async def _look_at(self, names: set[str]) -> FeedItem:
        found: dict[str, Any] = {}  # by id; None is not there
        todo = names
        while todo:
            for name, one in zip(todo, await asyncio.gather(*map(self._one, todo)), strict=True):
                found[one.uid if one else name] = one
            # A name leads to one image only: that which had it before is another one now.
            taken = {tag for one in found.values() if one for tag in one.tags}
            todo = {uid for uid, one in self.sent.items() if uid not in found and not taken.isdisjoint(_tags(one))}
        return self._told(found)

    def _told(self, found: dict[str, Resource | None]) -> FeedItem:
        upserts = [one for one in found.values() if one is not None and self._is_new(one)]
        deletes = sorted(uid for uid, one in found.items() if one is None and uid in self.sent)
        self.sent.update({one.uid: one for one in upserts})
        for uid in deletes:
            del self.sent[uid]
        return Changed(upserts, deletes) if upserts or deletes else Alive()

    def _nameless(self, known: Resource) -> Resource | None:
        """The same without a name: nothing else of it can change, and all that have none take long to list."""
        said = msgspec.json.decode(msgspec.json.encode(known))
        return versioned(msgspec.json.encode({**said, "RepoTags": [], "RepoDigests": []}), self._kind.model)

    async def _one(self, name: str) -> Resource | None:
        """What the list would say of it; ``name`` is an id or a name. None when it is not there."""
        async with self._gate:
            try:
                about = await self._client.json("GET", self._where.one(name), within=15.0)
            except (Missing, Invalid):
                return None
            about = about if isinstance(about, dict) else {}
            uid, names = str(about.get("Id") or ""), _names(about)
            if not names and uid in self.sent:
                return self._nameless(self.sent[uid])
            for filters in ({"reference": names}, {"dangling": ["true"]}) if names else ({"dangling": ["true"]},):
                listed = await self._read({"filters": msgspec.json.encode(filters).decode()})
                if one := next((one for one in listed if one.uid == uid), None):
                    return one
        return None


def _names(about: dict[str, Any]) -> list[str]:
    """By what an image can be listed alone: its names, with tag or with digest."""
    said = [str(one) for key in ("RepoTags", "RepoDigests") for one in about.get(key) or ()]
    return [one for one in said if "<none>" not in one]


def _tags(one: Any) -> list[str]:
    return list(one.tags)
