"""One object of a known name as a feed, read now and then: for accounts that may not list all of its kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import msgspec

from clusters.drivers.base import LIST_EVERY
from clusters.drivers.kubernetes.backoff import Backoff
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.paths import collection
from clusters.drivers.kubernetes.reading import Reading
from clusters.drivers.kubernetes.watch import DENIED_WAIT, Timing
from clusters.errors import ClusterError, Missing, Refused
from clusters.live.resource import Broken, FeedItem, Listed

UNSEEN = 4  # times as rarely while nobody looks


class ByName:
    """A watch of a single object of the whole cluster takes the right to list all; reading it does not."""

    def __init__(
        self, server: ApiServer, api: str, name: str, reading: Reading, timing: Timing, looked_at: Callable[[], bool]
    ) -> None:
        self._server, self._reading, self._timing = server, reading, timing
        self._path = (*collection(api, ""), name)
        self._looked_at = looked_at
        self._backoff: Backoff = timing.backoff(timing.longest)

    async def run(self) -> AsyncIterator[FeedItem]:
        """Listed, with it or without, every time; Broken when that cannot be told."""
        while True:
            try:
                body = await self._server.bytes("GET", self._path, within=10.0)
                one = self._reading.resource(msgspec.Raw(body))
                yield Listed([one] if one else [])
                wait = LIST_EVERY * (1 if self._looked_at() else UNSEEN)
            except Missing:
                yield Listed([])
                wait = LIST_EVERY
            except ClusterError as error:
                wait = DENIED_WAIT if isinstance(error, Refused) else self._backoff.wait()
                yield Broken(error, wait)
            await self._timing.sleep(wait)
