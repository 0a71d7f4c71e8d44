"""One connected cluster: its driver, how well we hear it, and a store for each kind that somebody wants."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clusters.drivers.base import About, Driver, Platform
from clusters.ending import end
from clusters.errors import ClusterError, Missing, Refused
from clusters.kinds import KINDS
from clusters.kinds.base import Kind
from clusters.live.cluster import ClusterInfo
from clusters.live.contact import State
from clusters.live.discovered import Discovered
from clusters.live.families import Families
from clusters.live.feeds import Feeds
from clusters.live.glancer import Glancer
from clusters.live.join import Joiner
from clusters.live.line_check import LineCheck
from clusters.live.noticer import Noticer
from clusters.live.resource import Broken, FeedItem, Listed, Remembered
from clusters.live.row import Row
from clusters.live.store import Store

LINGER = 60.0  # seconds a kind stays watched after the last one looked away
APPEARS_EVERY = 600.0  # seconds between two looks whether a kind that would be looked after is there by now
JUDGE_EVERY = 5.0  # seconds between two looks at what is not well: time alone may have made it worse


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
        self.discovered = Discovered(cluster, driver, self.stores, self._stop_feed, self._look_after)
        self._changed = changed  # told when the state on the screen may be another
        self._turned = turned  # told when it is another platform than it was: an engine that manages a Swarm now
        self.line = LineCheck(
            cluster.slug,
            driver,
            self.feeds,
            self.discovered,
            lambda: self._changed(self),
            lambda platform: self._turned(self, platform),
        )
        self.contact = self.line.contact
        self._demand: Counter[str] = Counter()
        self._judge: asyncio.Task[None] | None = None
        self._listed_ahead = False
        self._closed = False

    @property
    def about(self) -> About | None:
        """What it says of itself; None as long as it has not."""
        return self.line.about

    def start(self) -> None:
        """Begin to watch the kinds that are always watched."""
        for store in self.stores.values():
            if store.kind.always:
                self._feed(store.kind)
        self._look_after()
        for noticer in self.noticers:
            noticer.start()
        self._judge = asyncio.create_task(self._judge_again(), name=f"judge {self.cluster.slug}")

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

    def _look_after(self) -> None:
        """Follow what is looked after while nobody looks; of what the cluster does not have, only once it has it."""
        for name, store in self.stores.items():
            if self._closed or store.kind.always or not self._notices(store.kind):
                continue
            told = self._told(name)
            if not self.discovered.has(store.kind):
                if not self._demand[name]:
                    self._stop_watching(name)
                continue
            if isinstance(told.trouble, Missing):
                self.feeds.stop(name)  # it rests because there was none: there is now
            self.feeds.follow(told)

    async def close(self) -> None:
        """Stop everything and let go of the cluster. Whoever looks on sees what was known, and begins nothing anew."""
        self._closed = True
        for noticer in self.noticers:
            noticer.stop()
        for joiner in self._joiners.values():
            joiner.stop()
        for glancer in self._glancers.values():
            glancer.close()
        await end([*self.feeds.tasks, *self.line.tasks, *([self._judge] if self._judge else [])])
        with contextlib.suppress(ClusterError, asyncio.TimeoutError):
            async with asyncio.timeout(5):
                await self.driver.close()

    @contextlib.contextmanager
    def wanted(self, *names: str) -> Iterator[None]:
        """Keep these kinds watched, and the line checked, for as long as this is open."""
        if self._closed:  # a page that was opened just before the cluster was let go of
            yield
            return
        self.line.look(+1)
        names = tuple(dict.fromkeys((*names, *self._joined_with(names))))
        for name in names:
            self._demand[name] += 1
            if store := self.stores.get(name):
                self._feed(store.kind)
        try:
            yield
        finally:
            self.line.look(-1)
            for name in names:
                self._demand[name] -= 1
                if not self._demand[name] and name in self.stores:
                    asyncio.get_running_loop().call_later(LINGER, self._stop_unwanted, name)

    def row(self, store: Store, uid: str) -> Row | None:
        """The row of that resource, as it is now; of a kind that nobody looks at, that of one that was noticed."""
        known = store if uid in store.resources else self._noticed(store.kind)
        resource = known.resources.get(uid) if known else None
        return Row(self.cluster, store.kind, resource, known.health[uid], store.copies) if known and resource else None

    def _noticed(self, kind: Kind[Any]) -> Store | None:
        return next((one.found for one in self.noticers if one.found.kind is kind), None)

    def retry(self) -> None:
        """Somebody pressed "check again": try now instead of when the back-off ends."""
        if not self._closed:
            self.feeds.again()  # what is joined from others goes on, or rests, as before

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
        kind = self.stores[name].kind
        if self._notices(kind) and self.discovered.has(kind):
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
            self._hear(item, before)
        elif isinstance(item.error, Refused):
            # One kind may be refused while the rest is fine: the ping finds out whether we are let in at all.
            self.line.ask_soon()
        elif self.feeds.all_are_broken:
            self.contact.lose(item.error)
        if isinstance(item, Broken) or self.contact.state(time.time()) != before:
            self._changed(self)

    def _hear(self, item: FeedItem, before: State) -> None:
        if self.contact.error is not None and self.feeds.show_what_was_before:
            return  # it answers, and rows are still of before it was lost: not live yet
        if self.contact.error is not None and not isinstance(item, Listed):
            # A watch goes on after the line was cut: it is live when the same cluster is at its end.
            self.line.ask_soon()
            return
        self.contact.hear(time.time())
        if self.about is None and before != "live":
            self.line.ask_soon()  # the first word from it: ask what it is, so that pages can say it

    def _list_ahead(self) -> None:
        """What takes long to list is listed once, before anybody looks; from then on its driver knows what changes."""
        self._listed_ahead = True
        for store in self.stores.values():
            if store.kind.ahead:
                self._feed(store.kind)
                asyncio.get_running_loop().call_later(LINGER, self._stop_unwanted, store.kind.name)

    async def _judge_again(self) -> None:
        while True:
            await asyncio.sleep(JUDGE_EVERY)
            for store in self.stores.values():
                store.look_again()
            if getattr(self.driver, "unsure", False):
                self.line.ask_what_it_is_soon()
            if self.discovered.age >= APPEARS_EVERY and self._misses_a_kind():
                self.line.ask_for_kinds_soon()

    def _misses_a_kind(self) -> bool:
        kinds = [store.kind for store in self.stores.values()]
        return any(self._notices(kind) and not self.discovered.has(kind) for kind in kinds)
