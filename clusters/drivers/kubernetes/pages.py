"""A list of one kind, page by page: the next one is on its way while one is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from clusters.drivers.kubernetes import decode
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.reading import Reading
from clusters.drivers.kubernetes.siblings import Siblings
from clusters.errors import TooLarge, Unsupported
from clusters.live.resource import Resource

PAGE = 500  # objects of the first page
SMALLEST, LARGEST = 50, 2000  # and of others, so that each can be read in one go (AT_ONCE)
FULL_LIST_LIMIT = 512 << 20  # bytes, when the server's pages expire faster than we can read them
MOST = 300_000  # objects of one kind: twice what Kubernetes itself is made for
SLICE = 0.004  # seconds of decoding before others get their turn


class Pages:
    """Of one kind, everywhere or in one namespace. Remembers how many objects are best asked for together."""

    def __init__(self, server: ApiServer, path: Sequence[str], reading: Reading, siblings: Siblings) -> None:
        self._server, self._path, self._reading, self._siblings = server, path, reading, siblings
        self._at_once, self._most = PAGE, LARGEST
        self.version = ""  # of the list that was read last: opaque
        self.kind = ""  # what its objects call themselves
        self.more = False  # is another page on its way?

    async def read(self, query: Mapping[str, str]) -> AsyncIterator[list[Resource]]:
        """The resources of every page. Raises the errors of ``clusters.errors``, Gone and TooNew among them."""
        number = 0
        coming = self._ask(query)
        try:
            self.more = True
            while self.more:
                body = await coming
                if following := decode.next_page(body):
                    coming = self._ask_from(following)
                    await asyncio.sleep(0)  # it is sent now, not after this one was read
                page = self._taken_in(body)
                number += len(page.items or ())
                if number > MOST:
                    raise Unsupported("The cluster says that it has too many of them.", detail=f"more than {MOST}")
                if not following and (following := page.metadata.next_page or ""):
                    coming = self._ask_from(following)
                self.more = bool(following)
                yield await self._decode(page)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)  # nobody else hears how it ended

    async def in_one(self) -> list[Resource]:
        """All of them in one answer."""
        body = await self._get(self._reading.query, within=300, limit=FULL_LIST_LIMIT)
        return await self._decode(self._taken_in(body))

    def _ask(self, query: Mapping[str, str]) -> asyncio.Future[bytes]:
        return asyncio.ensure_future(self._some(query))

    def _ask_from(self, following: str) -> asyncio.Future[bytes]:
        return self._ask({"continue": following, **self._reading.query})

    async def _some(self, query: Mapping[str, str]) -> bytes:
        """One page: from now on of half as many, wherever so many together are more than we take in at once."""
        while True:
            number = self._at_once
            try:
                return await self._get({"limit": str(number), **query}, within=60)
            except TooLarge:
                if number == 1:
                    raise
                self._at_once = self._most = number // 2

    async def _get(self, query: Mapping[str, str], **limits: Any) -> bytes:
        return await self._server.bytes("GET", self._path, query, accept=self._reading.accept, **limits)

    def _taken_in(self, body: bytes) -> decode.AnyPage:
        page = self._reading.page(body)
        self.version, self.kind = page.metadata.resource_version or "", page.kind.removesuffix("List")
        if page.metadata.next_page and page.items:
            # A page is a round trip and costs the server some, whatever its size: ours are as large as reading allows.
            fitting = decode.AT_ONCE * len(page.items) // len(body)
            self._at_once = min(max(fitting * 9 // 10, SMALLEST), self._most)
        return page

    async def _decode(self, page: decode.AnyPage) -> list[Resource]:
        found: list[Resource] = []
        began = time.perf_counter()
        for item in page.items or ():
            one = self._reading.resource(item) if isinstance(item, msgspec.Raw) else item
            if one is not None and one.uid:
                self._siblings.join(one)
                found.append(one)
            if time.perf_counter() - began > SLICE:
                await asyncio.sleep(0)
                began = time.perf_counter()
        return found
