"""Several namespaces watched as one, for accounts that may not list the whole cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from aiohttp import web

from clusters.drivers.kubernetes.by_name import ByName
from clusters.drivers.kubernetes.merge import Whole, merged
from clusters.drivers.kubernetes.reading import Objects
from clusters.drivers.kubernetes.watch import Reflector, Timing
from clusters.errors import Refused
from clusters.kinds.kubernetes.namespace import NAMESPACE
from clusters.kinds.kubernetes.pod import POD
from clusters.live.resource import Broken, Changed, Coming, FeedItem, Listed
from clusters.live.store import Store
from tests.clusters.fake_api import FakeApi, refuses, serving
from tests.clusters.fakes import APP, copy, two_apps


@asynccontextmanager
async def watching_namespaces(api: FakeApi, *namespaces: str) -> AsyncIterator[AsyncIterator[FeedItem]]:
    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0.01)

    async with serving(api) as server:
        timing = Timing(sleep=no_wait)
        feed = merged({one: Reflector(server, "v1/pods", Objects(POD.model), one, timing) for one in namespaces})
        async with aclosing(feed), asyncio.timeout(5):  # type: ignore[type-var]
            yield feed


async def test_several_namespaces_are_one_list_and_one_stream() -> None:
    api = FakeApi()
    await api.put("web", "shop")
    await api.put("db", "data")
    await api.put("hidden", "other")
    async with watching_namespaces(api, "shop", "data") as feed:
        first: Any = await anext(feed)
        while not isinstance(first, Listed):
            first = await anext(feed)
        assert {one.name for one in first.resources} == {"web", "db"}
        await api.put("cache", "data")
        await api.put("hidden-too", "other")
        async for item in feed:
            if isinstance(item, Changed):
                assert [one.name for one in item.upserts] == ["cache"]
                break
    assert "/api/v1/pods" not in api.paths


async def test_a_namespace_that_is_refused_hides_neither_the_others_nor_itself() -> None:
    api = FakeApi()
    await api.put("web", "shop")
    plain = api._list

    async def mostly(request: web.Request) -> web.StreamResponse:
        if request.match_info["namespace"] == "secret":
            return await refuses(403, "forbidden")(request)
        return await plain(request)

    api._list = mostly  # type: ignore[method-assign]
    store = Store(1, POD)
    async with watching_namespaces(api, "shop", "secret") as feed:
        async for item in feed:
            store.apply(item)
            if isinstance(item, Broken) and store.listed:
                break
    assert {one.name for one in store.resources.values()} == {"web"}
    assert isinstance(store.trouble, Refused)


def test_what_is_shown_before_all_namespaces_are_listed_is_never_put_back_to_older() -> None:
    whole, store, (web, db) = Whole(2), Store(1, APP), two_apps().values()

    def hear(namespace: str, item: FeedItem) -> list[FeedItem]:
        for told in (items := whole.take(namespace, item)):
            store.apply(told)
        return items

    hear("front", Coming([web]))
    hear("front", Listed([web]))
    assert not store.listed
    hear("front", Changed([newer := copy(web, copies=5)]))
    assert store.find("front/web") is newer  # what is on the screen is followed
    assert hear("front", Coming([web])) == []  # listed again: held back until all of it is known
    hear("back", Listed([db]))
    assert store.listed
    assert store.find("front/web") is newer
    assert hear("back", Coming([copy(db, copies=9)])) == []


def test_news_of_one_namespace_do_not_hide_that_another_cannot_be_seen() -> None:
    whole, store, (web, _) = Whole(2), Store(1, APP), two_apps().values()
    refused = Broken(Refused("Our account may not."), 30.0)
    for namespace, item in (("front", Listed([web])), ("back", refused), ("front", Changed([copy(web, copies=5)]))):
        for told in whole.take(namespace, item):
            store.apply(told)
    assert store.trouble is refused.error
    assert store.hidden == {"back"}
    assert store.knows("front")
    assert not store.knows("back")


async def test_a_namespace_is_read_by_its_name_where_namespaces_may_not_be_listed() -> None:
    api = FakeApi()
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/api/v1/namespaces/shop":
            metadata = {"name": "shop", "uid": "u-shop", "resourceVersion": "7"}
            return web.json_response({"kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}})
        return await refuses(404 if request.path.endswith("/gone") else 403, "forbidden")(request)

    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0.01)

    api.handle = answer  # type: ignore[method-assign]
    store = Store(1, NAMESPACE)
    async with serving(api) as server:
        timing, reading = Timing(sleep=no_wait), Objects(NAMESPACE.model)
        named = {
            one: ByName(server, NAMESPACE.api, one, reading, timing, lambda: True) for one in ("shop", "gone", "x")
        }
        async with aclosing(merged(named)) as feed, asyncio.timeout(5):  # type: ignore[type-var]
            async for item in feed:
                store.apply(item)
                if store.listed and store.trouble:
                    break
    assert [one.name for one in store.resources.values()] == ["shop"]
    assert store.hidden == {"x"}
    assert "/api/v1/namespaces" not in asked
