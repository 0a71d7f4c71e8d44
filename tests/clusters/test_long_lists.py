"""A long list is shown as it comes: each part once, never as if it were all of it, and right at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from clusters.errors import Unreachable
from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.pod import POD
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.index import Index
from clusters.live.query import parse
from clusters.live.resource import Broken, Coming, FeedItem, Listed, Remembered
from clusters.live.store import SLICE, Delta, Store
from clusters.live.table import TABLES
from clusters.live.view import View
from tests.clusters.fakes import APP, App, FakeDriver, copy, two_apps
from tests.clusters.pods import made

CLUSTER = ClusterInfo(1, "Test", "test", "demo", "docker")
MANY = [App(id=f"u{number}", title=f"web-{number}") for number in range(2 * SLICE + 50)]


class Counting(Store):
    """A store that notes how many changes it tells at a time."""

    def __init__(self) -> None:
        self.judged: list[str] = []
        super().__init__(1, replace(APP, health=self._well))
        self.told: list[int] = []
        self.subscribe(lambda store, deltas: self.told.append(len(deltas)))

    def _well(self, app: App) -> Health:
        self.judged.append(app.uid)
        return Health(Level.HEALTHY, "Running")


class Lister(FakeDriver):
    """A cluster that tells this, and then nothing more."""

    def __init__(self, *items: FeedItem) -> None:
        super().__init__()
        self.items = items

    async def watch(self, kind: Any, namespaces: Any = None) -> AsyncIterator[FeedItem]:
        for item in self.items:
            yield item
        await asyncio.Event().wait()


async def told(store: Store, *items: FeedItem) -> None:
    """That store of a cluster, when its driver told these."""
    driver: Any = Lister(*items)
    connection = Connection(CLUSTER, driver, lambda _: None)
    connection.stores[store.kind.name] = store
    connection._feed(store.kind)
    for _ in range(20):
        await asyncio.sleep(0)
    await connection.close()


def test_what_came_of_a_list_is_there_and_not_taken_for_all_of_it() -> None:
    store, (web, db) = Store(1, APP), two_apps().values()
    store.apply(Coming([web]))
    assert store.find("front/web") is web
    assert not store.listed
    assert not store.is_known
    store.apply(Listed([web, db]))
    assert store.listed
    assert store.find("back/db") is db


def test_a_list_that_never_ends_leaves_what_came_and_the_next_one_says_what_is_gone() -> None:
    store, (web, db) = Store(1, APP), two_apps().values()
    store.apply(Coming([web]))
    store.apply(Broken(Unreachable("It was cut."), 1.0))
    assert store.find("front/web") is web
    assert not store.listed
    store.apply(Listed([db]))
    assert list(store.resources) == ["u2"]


async def test_a_later_list_is_held_back_until_it_is_known_what_is_gone() -> None:
    store, (web, db) = Counting(), two_apps().values()
    anew = copy(web, id="u3", copies=2)
    await told(store, Listed([web, db]), Coming([anew]))
    assert list(store.resources) == [web.uid, db.uid]
    changes: list[Delta] = []
    store.subscribe(lambda _, deltas: changes.extend(deltas))
    await told(store, Coming([anew]), Listed([anew]))
    assert changes == [(web, None), (db, None), (None, anew)]  # made anew: it went before it came
    assert store.told == [2, 3]


async def test_what_is_remembered_is_judged_in_slices_and_told_with_its_age() -> None:
    store = Counting()
    await told(store, Remembered(MANY, 5.0))
    assert store.judged == [app.uid for app in MANY]
    assert store.told == [len(MANY)]
    assert store.as_of == 5.0


async def test_checking_again_joins_nothing_that_nobody_looks_at() -> None:
    driver: Any = Lister()
    driver.platform = "kubernetes"
    connection = Connection(ClusterInfo(1, "Shop", "shop", "kubernetes", "kubernetes"), driver, lambda _: None)
    connection.start()
    connection.retry()
    assert "service" in connection.feeds
    assert not connection._joiners["service"]._leave
    with connection.wanted("service"):
        connection.retry()
        assert connection._joiners["service"]._leave
    await connection.close()


def test_rows_of_a_list_that_was_cut_never_look_like_all_of_it() -> None:
    store, pod, cut = Store(1, POD), made(metadata={"resourceVersion": "1"}), Broken(Unreachable("It was cut."), 1.0)
    view = View(parse("pod", "", {1: None}), [Index(store, CLUSTER, TABLES["pod"])], lambda view, at_once: None)
    store.apply(Coming([pod]))
    store.apply(cut)
    assert view.total == 1
    assert not view.listed
    assert view.troubles == ["Pods of Test: It was cut."]
    store.apply(Coming([pod]))
    assert view.troubles, "nothing says yet that this list comes to its end"
    store.apply(Listed([pod]))
    assert view.listed
    store.apply(cut)
    assert view.troubles == [], "its rows are grey and say since when"


async def test_a_list_in_parts_is_taken_in_slices_and_judged_once() -> None:
    store = Counting()
    parts: Sequence[FeedItem] = [Coming(MANY[:SLICE]), Listed(MANY)]
    await told(store, *parts)
    assert store.judged == [app.uid for app in MANY]
    assert store.listed
    assert sum(store.told) == len(MANY)
    assert max(store.told) == SLICE


async def test_a_short_list_is_told_at_once() -> None:
    store = Counting()
    await told(store, Listed(MANY[:SLICE]))
    assert store.told == [SLICE]
