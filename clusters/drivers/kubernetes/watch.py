"""The reflector: keeps one kind's list true by listing once and watching from there, for ever, by client-go's rules."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import LIST_EVERY
from clusters.drivers.body import pieces
from clusters.drivers.kubernetes import decode
from clusters.drivers.kubernetes.backoff import Backoff
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.errors import Busy, Gone, SignIn, TooNew, not_kubernetes, status_error
from clusters.drivers.kubernetes.pages import SLICE, Pages
from clusters.drivers.kubernetes.paths import collection
from clusters.drivers.kubernetes.reading import Reading
from clusters.drivers.kubernetes.siblings import Siblings
from clusters.errors import ClusterError, Invalid, Missing, Refused, Unreachable
from clusters.live.resource import Alive, Broken, Changed, Coming, FeedItem, Listed, Resource

log = logging.getLogger(__name__)

SHORT = 1.0  # seconds: a watch that ends sooner without an event counts as a failure
GRACE = 30.0  # seconds of silence beyond the end we asked for
RELIST_EVERY = 1.0
DENIED_WAIT, SIGN_IN_WAIT, ABSENT_WAIT = 30.0, 300.0, 60.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What a test may shorten."""

    longest: Callable[[], float] = lambda: 8.0
    watch_for: Callable[[], float] = lambda: random.uniform(300, 600)  # noqa: S311
    sleep: Callable[[float], Any] = asyncio.sleep
    rest: Callable[[float], Any] | None = None  # the same of who hears nothing: true when it was ended early
    backoff: Callable[[Callable[[], float]], Backoff] = Backoff


class Reflector:
    """One kind, everywhere or in one namespace."""

    def __init__(
        self,
        server: ApiServer,
        api: str,
        reading: Reading,
        namespace: str = "",
        timing: Timing | None = None,
        *,
        watched: bool = True,
    ) -> None:
        self._server, self._reading, self._watched = server, reading, watched
        self._path = collection(api, namespace)
        self._timing = timing or Timing()
        self._backoff = self._timing.backoff(self._timing.longest)
        self._version = ""  # opaque: compared with nothing, sent back as it came
        self._expired = False  # what we know is too old, or too new, for the server: ask without a version
        self._kind = ""  # what its objects call themselves, as the list said
        self._listed_at = float("-inf")
        self._siblings = Siblings()
        self._pages = Pages(server, self._path, reading, self._siblings)

    async def run(self) -> AsyncIterator[FeedItem]:
        """Listed, then Changed and Alive, and Broken whenever contact is lost; never ends by itself."""
        while True:
            try:
                async for part in self._list():
                    yield part
                    del part  # the store has it now; we keep nothing
            except ClusterError as error:
                yield (broken := self._broken(error))
                await self._rest(broken)
                continue
            if not self._watched:
                await self._timing.sleep(LIST_EVERY)
                continue
            async for item in self._watch_until_lost():
                yield item

    # --- Listing --------------------------------------------------------------------------------------------------

    async def _list(self) -> AsyncIterator[Coming | Listed]:
        """Everything, page by page; sets the version to watch from."""
        await self._timing.sleep(max(0.0, self._listed_at + RELIST_EVERY - time.monotonic()))
        self._listed_at = time.monotonic()
        query = dict(self._reading.query)
        # Not the streaming list (sendInitialEvents): for 1 to 3,000 config maps it took 1.3 to 3.6 times our processor
        # time and 2 % more bytes, and was not there sooner as a rule (docs/kubernetes.md, Measured).
        # Not resourceVersion=0 for the first: the server then ignores the limit and answers with all in one body.
        if self._version and not self._expired:
            query |= {"resourceVersion": self._version, "resourceVersionMatch": "NotOlderThan"}
        found: list[Resource] = []
        try:
            async with aclosing(self._pages.read(query)) as pages:  # type: ignore[type-var]
                async for some in pages:
                    found += some
                    if self._pages.more:
                        yield Coming(some)
        except (Gone, TooNew) as error:
            if found:
                # The pages are forgotten faster than we read them: all at once, or never.
                found = await self._pages.in_one()
            elif self._expired or not self._version:
                raise
            else:
                self._expired, self._listed_at = True, float("-inf")
                log.info("%s: %s", "/".join(self._path), error.message)
                async for item in self._list():
                    yield item
                return
        self._version, self._kind, self._expired = self._pages.version, self._pages.kind, False
        yield Listed(found)

    # --- Watching -------------------------------------------------------------------------------------------------

    async def _watch_until_lost(self) -> AsyncIterator[FeedItem]:
        """Watch from the known version, again and again, until only a new list can help."""
        short = 0
        while True:
            began, heard = time.monotonic(), False
            problem: ClusterError | None = None
            try:
                async for item in self._watch():
                    heard = heard or isinstance(item, Changed)
                    yield item
            except Gone:
                self._expired = True
                return
            except (Refused, Missing, Invalid) as error:
                yield (broken := self._broken(error))
                await self._timing.sleep(broken.retry_in)
                return
            except ClusterError as error:
                problem = error
            cut_after_a_while = time.monotonic() - began >= SHORT or heard
            if cut_after_a_while and not isinstance(problem, Busy):
                short = 0
                if problem is None or isinstance(problem, Unreachable):
                    continue  # ended or cut: go on from where we were, at once
            short += 1
            if problem is not None or short > 2:
                problem = problem or Unreachable("The cluster ends every watch at once.")
                yield (broken := self._broken(problem))
                await self._rest(broken)
            else:
                await self._timing.sleep(self._backoff.wait())
            if problem is not None and not isinstance(problem, Unreachable):
                return  # garbage, or an error of its own: only a new list makes sure

    async def _watch(self) -> AsyncIterator[FeedItem]:
        seconds = self._timing.watch_for()
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(max(1, int(seconds))),
            **self._reading.query,
        }
        lines = decode.Lines()
        async with self._server.open(
            "GET", self._path, query, silence=seconds + GRACE, accept=self._reading.accept_events
        ) as response:
            yield Alive()
            async for data in pieces(response):
                async for changed in self._events(lines.feed(data)):
                    yield changed

    async def _events(self, lines: Iterable[bytes]) -> AsyncIterator[FeedItem]:
        """What came together, told together; in parts when decoding takes long, so that others get their turn."""
        batch: dict[str, Resource | None] = {}
        began = time.perf_counter()
        try:
            for line in lines:
                if line.strip() and not self._take(line, batch):
                    yield Alive()
                if time.perf_counter() - began > SLICE:
                    if batch:
                        yield _changed(batch)
                        batch = {}
                    await asyncio.sleep(0)
                    began = time.perf_counter()
        except ClusterError:
            if batch:  # what came before the fault counts: the version has moved on with it
                yield _changed(batch)
            raise
        if batch:
            yield _changed(batch)

    def _take(self, line: bytes, batch: dict[str, Resource | None]) -> bool:
        """One event into the batch; False when it was a bookmark. Raises what an ERROR event stands for."""
        try:
            event = decode.event(line)
        except decode.MALFORMED as error:
            raise not_kubernetes(str(error)) from error
        if event.type == "ERROR":
            raise status_error(decode.status(event.object))
        if event.type == "BOOKMARK":
            self._version = decode.bookmark(event.object) or self._version
            return False
        raw = self._reading.of_event(event.object, self._kind)
        if event.type not in ("ADDED", "MODIFIED", "DELETED") or raw is None:
            log.warning("%s: skipped an event that does not belong there", "/".join(self._path))
            return True
        one = self._reading.resource(raw)
        if one is not None:
            self._siblings.join(one)
            # In the order they came: of several states of one resource the last one counts.
            batch.pop(one.uid, None)
            batch[one.uid] = None if event.type == "DELETED" else one
            # Not one.version, which for some kinds also says what we completed them with: no server knows that.
            self._version = one.metadata.resource_version or self._version
        return True

    def _broken(self, error: ClusterError) -> Broken:
        """The trouble, and how long to rest before the next try."""
        wait = self._backoff.wait()
        match error:
            case Busy():
                wait = max(wait, error.wait)
            case SignIn():
                wait = SIGN_IN_WAIT
            case Refused() if not isinstance(error, SignIn):
                wait = DENIED_WAIT
            case Missing():
                wait = ABSENT_WAIT
        return Broken(error, wait)

    async def _rest(self, broken: Broken) -> None:
        """Who hears nothing tries again as soon as the cluster answers; what it said no to, or not now, is let be."""
        silent = isinstance(broken.error, Unreachable) and not isinstance(broken.error, Busy)
        if not (silent and self._timing.rest):
            await self._timing.sleep(broken.retry_in)
        elif await self._timing.rest(broken.retry_in):
            self._backoff.begin_anew()


def _changed(batch: dict[str, Resource | None]) -> Changed:
    return Changed(
        tuple(one for one in batch.values() if one is not None), tuple(uid for uid, one in batch.items() if one is None)
    )
