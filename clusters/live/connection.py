"""One connected cluster: its driver, how well we hear it, and a store for each kind that somebody wants."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from clusters.drivers.base import ENGINES, About, Driver, Platform
from clusters.ending import end
from clusters.errors import ClusterError, Refused, Unreachable
from clusters.kinds import KINDS
from clusters.kinds.base import Kind
from clusters.live.cluster import ClusterInfo
from clusters.live.contact import Contact
from clusters.live.discovered import Discovered
from clusters.live.families import Families
from clusters.live.feeds import Feeds
from clusters.live.glancer import Glancer
from clusters.live.join import Joiner
from clusters.live.noticer import Noticer
from clusters.live.resource import Broken, FeedItem, Listed, Remembered
from clusters.live.row import Row
from clusters.live.store import Store

log = logging.getLogger(__name__)

LINGER = 60.0  # seconds a kind stays watched after the last one looked away
JUDGE_EVERY = 5.0  # seconds between two looks at what is not well: time alone may have made it worse
PING_EVERY = 5.0  # seconds of silence before we ask, while somebody looks


class Connection:
    """Watches one cluster. A sick cluster slows no other: each has its own tasks and time limits."""

    def __init__(
        self,
        cluster: ClusterInfo,
        driver: Driver,
        changed: Callable[[Connection], None],
        turned: Callable[[Connection, Platform], None] = lambda connection, platform: None,
    ) -> None:
        self.cluster = cluster
        self.driver = driver
        self.contact = Contact()
        self.about: About | None = None
        self.stores = {kind.name: Store(cluster.id, kind) for kind in KINDS[driver.platform]}
        self._glancers = {
            name: Glancer(driver, glances, cluster.namespaces)
            for name, store in self.stores.items()
            if (glances := store.kind.glances) and cluster.settings.get(glances.setting)
        }
        self._joiners: dict[str, Joiner] = {}
        self._join()
        self.noticers = [
            Noticer(self._told(name), self.stores, store.kind.noticing, self._glancers.get(name))
            for name, store in self.stores.items()
            if store.kind.noticing and self._notices(store.kind)
        ]
        self.families = Families(self.stores, lambda delay, act: asyncio.get_running_loop().call_later(delay, act))
        self.feeds = Feeds(cluster.slug, lambda kind: driver.watch(kind, self.cluster.namespaces), self._take)
        self.discovered = Discovered(cluster, driver, self.stores, self._stop_feed)
        self._changed = changed  # told when the state on the screen may be another
        self._turned = turned  # told when it is another platform than it was: an engine that manages a Swarm now
        self._demand: Counter[str] = Counter()
        self._lookers = 0
        self._pinger: asyncio.Task[None] | None = None
        self._spawned: set[asyncio.Task[None]] = set()
        self._listed_ahead = False

    def start(self) -> None:
        """Begin to watch the kinds that are always watched."""
        for store in self.stores.values():
            if store.kind.always:
                self._feed(store.kind)
            elif self._notices(store.kind):
                self.feeds.follow(self._told(store.kind.name))
        for noticer in self.noticers:
            noticer.start()
        self._spawn(self._judge_again())

    def become(self, cluster: ClusterInfo, platform: Platform) -> None:
        """The same cluster over the same line, as another platform. Kinds that both have go on as they are, and so
        does what runs over the line: builds, terminals, logs."""
        self.cluster, self.driver.platform = cluster, platform
        before = dict(self.stores)
        self.stores.clear()
        self.stores.update({kind.name: before.get(kind.name) or Store(cluster.id, kind) for kind in KINDS[platform]})
        for name in before.keys() - self.stores.keys():
            self.families.leave(before[name])
            before[name].forget()
            self._stop_watching(name)
            self._joiners.pop(name, None)
        self._join()
        for store in self.stores.values():
            self.families.follow(store)
            if store.kind.always or self._demand[store.kind.name]:
                self._feed(store.kind)

    def _join(self) -> None:
        for name, store in self.stores.items():
            if store.kind.join and name not in self._joiners:
                self._joiners[name] = Joiner(store, store.kind.join, self.stores, self._glancers.get(name))

    def _notices(self, kind: Kind[Any]) -> bool:
        """Is it looked after while nobody looks at it?"""
        return kind.noticing is not None and (kind.glances is None or kind.name in self._glancers)

    async def close(self) -> None:
        """Stop everything and let go of the cluster."""
        for noticer in self.noticers:
            noticer.stop()
        for joiner in self._joiners.values():
            joiner.stop()
        for glancer in self._glancers.values():
            glancer.close()
        await end([*self.feeds.tasks, *self._spawned, *([self._pinger] if self._pinger else [])])
        with contextlib.suppress(ClusterError, asyncio.TimeoutError):
            async with asyncio.timeout(5):
                await self.driver.close()

    @contextlib.contextmanager
    def wanted(self, *names: str) -> Iterator[None]:
        """Keep these kinds watched, and the line checked, for as long as this is open."""
        self._look(+1)
        names = tuple(dict.fromkeys((*names, *self._joined_with(names))))
        for name in names:
            self._demand[name] += 1
            if store := self.stores.get(name):
                self._feed(store.kind)
        try:
            yield
        finally:
            self._look(-1)
            for name in names:
                self._demand[name] -= 1
                if not self._demand[name] and name in self.stores:
                    asyncio.get_running_loop().call_later(LINGER, self._stop_unwanted, name)

    def row(self, store: Store, uid: str) -> Row | None:
        """The row of that resource, as it is now."""
        resource = store.resources.get(uid)
        return Row(self.cluster, store.kind, resource, store.health[uid], store.copies) if resource else None

    def retry(self) -> None:
        """Somebody pressed "check again": try now instead of when the back-off ends."""
        self.feeds.again()  # what is joined from others goes on, or rests, as before

    def _look(self, by: int) -> None:
        self._lookers += by
        self.driver.looked_at = self._lookers > 0
        if self._lookers == 0:
            self.contact.looked_at_since = 0.0
        elif self._lookers == by == 1:
            self.contact.looked_at_since = time.time()
            if self._pinger is None or self._pinger.done():
                self._pinger = asyncio.create_task(self._check_while_looked_at(), name=f"ping {self.cluster.slug}")

    def _joined_with(self, names: Sequence[str]) -> list[str]:
        """The kinds whose stores complete those of these names, and those that complete these in turn."""
        joins = [store.kind.join for name in names if (store := self.stores.get(name))]
        beside = [other for join in joins if join for other in join.kinds if other not in names]
        return [*beside, *self._joined_with(beside)] if beside else []

    def _told(self, name: str) -> Store:
        """What the driver tells of a kind goes here."""
        joiner = self._joiners.get(name)
        return joiner.told if joiner else self.stores[name]

    def _feed(self, kind: Kind[Any]) -> None:
        if joiner := self._joiners.get(kind.name):
            joiner.start()
        self.feeds.follow(self._told(kind.name))

    def _stop_unwanted(self, name: str) -> None:
        if self._demand[name] or name not in self.stores or self.stores[name].kind.always:
            return
        if self._notices(self.stores[name].kind):
            self._joiners[name].rest()  # what the driver tells of it is needed all the same
        else:
            self._stop_watching(name)

    def _stop_watching(self, name: str) -> None:
        self._stop_feed(name)
        if joiner := self._joiners.get(name):
            joiner.stop()

    def _stop_feed(self, name: str) -> None:
        self.feeds.stop(name)
        if store := self.stores.get(name):
            store.forget()

    def _take(self, store: Store, item: FeedItem) -> None:
        before = self.contact.state(time.time())
        store.apply(item)
        if isinstance(item, Remembered):
            return  # nothing was heard
        if isinstance(item, Listed) and not self._listed_ahead:
            self._list_ahead()
        if not isinstance(item, Broken):
            if self.contact.error is not None and self.about is not None and not isinstance(item, Listed):
                # A watch goes on after the line was cut: it is live when the same cluster is at its end.
                self._spawn(self._ask())
            else:
                self.contact.hear(time.time())
                if self.about is None and before != "live":
                    self._spawn(self._ask())  # the first word from it: ask what it is, so that pages can say it
        elif isinstance(item.error, Refused):
            # One kind may be refused while the rest is fine: the ping finds out whether we are let in at all.
            self._spawn(self._ask())
        elif self._all_is_broken():
            self.contact.lose(item.error)
        if isinstance(item, Broken) or self.contact.state(time.time()) != before:
            self._changed(self)

    def _list_ahead(self) -> None:
        """What takes long to list is listed once, before anybody looks; from then on its driver knows what changes."""
        self._listed_ahead = True
        for store in self.stores.values():
            if store.kind.ahead:
                self._feed(store.kind)
                asyncio.get_running_loop().call_later(LINGER, self._stop_unwanted, store.kind.name)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def _judge_again(self) -> None:
        while True:
            await asyncio.sleep(JUDGE_EVERY)
            for store in self.stores.values():
                store.look_again()
            if getattr(self.driver, "unsure", False):
                self._spawn(self._ask_what_it_is())

    async def _ask_what_it_is(self) -> None:
        with contextlib.suppress(ClusterError, TimeoutError):
            async with asyncio.timeout(10):
                await self._hear_about()

    async def _hear_about(self) -> None:
        self.about = await self.driver.about()
        turned = self.about.platform != self.driver.platform
        if turned and {self.about.platform, self.driver.platform} <= ENGINES:
            self._turned(self, self.about.platform)

    async def _check_while_looked_at(self) -> None:
        last_state, last_check = self.contact.state(time.time()), time.time()
        while self._lookers:
            if time.time() - self.contact.heard >= PING_EVERY:
                await self._ping()
            if time.time() - last_check >= 60 and hasattr(self.driver, "resync"):
                last_check = time.time()
                self._spawn(self._compare(self.driver.resync))  # not awaited: silence must be noticed meanwhile
            if self.discovered.is_old:
                self._spawn(self.discovered.look_again())
            if (state := self.contact.state(time.time())) != last_state:
                last_state = state
                self._changed(self)
            await asyncio.sleep(1.0)

    async def _compare(self, resync: Callable[[], Coroutine[Any, Any, int]]) -> None:
        try:
            if missed := await resync():
                log.info("%s: %d changes had not been told", self.cluster.name, missed)
        except Exception:
            log.exception("the truth check of %s failed", self.cluster.name)

    async def _ask(self) -> None:
        before = self.contact.state(time.time())
        await self._ping()
        await self.discovered.look_again()
        if self.contact.state(time.time()) != before:
            self._changed(self)

    async def _ping(self) -> None:
        try:
            if self.about is None or self.contact.error is not None:
                before = self.about
                async with asyncio.timeout(10):
                    await self._hear_about()
                if before is not None and self.about is not None and before.uid != self.about.uid:
                    self.retry()  # another one answers at that address: nothing that we know is true, so list anew
                    return
            async with asyncio.timeout(5):
                await self.driver.ping()
        except TimeoutError:
            return  # silence: the age grows until it counts as stale, then as down
        except ClusterError as error:
            # A driver that waited in vain heard silence, too: one slow answer does not make a cluster down.
            if not isinstance(error.__cause__, TimeoutError):
                self.contact.lose(error)
        except Exception:
            # Whoever checks the line must live on: without it, silence would be taken for news.
            log.exception("checking %s failed", self.cluster.name)
            self.contact.lose(Unreachable("Checking failed because of a fault in Pilothouse."))
        else:
            if not self._all_is_broken():
                self.contact.hear(time.time())

    def _all_is_broken(self) -> bool:
        """It may answer a ping while nothing that we show is followed any longer: that is not live. One kind that
        cannot be followed is said where it is listed, and does not make the whole cluster sick."""
        troubles = [store.trouble for store in self.feeds.stores if store.listed or store.trouble]
        return bool(troubles) and all(one is not None and not isinstance(one, Refused) for one in troubles)
