"""The tab's websocket: who gets in, what a tab may ask, and how fast it ends when a right is taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import AbstractUser

from clusters import actors
from clusters.access import Actor
from clusters.errors import Missing
from clusters.models import Cluster, Grant
from clusters.narrowing import Nothing
from dashboard import socket as module
from dashboard.asgi import router
from dashboard.engine import engine
from dashboard.topics.base import Topic
from dashboard.topics.resource import ResourceTopic
from tests.clusters.fakes import FakeDriver
from tests.dashboard.conftest import Fakes
from tests.tab import ORIGIN, Tab, cookies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def started(shop: Cluster, vault: Cluster) -> AsyncIterator[None]:
    """The engine runs on this test's loop, with both clusters connected."""
    await engine.start()
    yield
    await engine.stop()


async def tab(user: AbstractUser | None, *headers: tuple[bytes, bytes]) -> Tab:
    signed_in = [await cookies(user)] if user else []
    return Tab(router, headers=[*signed_in, *(headers or (ORIGIN,))])


async def opened(user: AbstractUser) -> Tab:
    one = await tab(user)
    assert await one.open()
    return one


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("origin", "https://evil.example"),),
        (("origin", "http://127.0.0.1:8001"),),
        (("origin", "https://127.0.0.1:8000"),),
        (("origin", "null"),),
        (("origin", ""),),
        (("origin", "http://evil@127.0.0.1:8000"),),
        (("origin", "http://127.0.0.1:8000"), ("origin", "http://127.0.0.1:8000")),
    ],
)
async def test_a_socket_from_any_other_page_is_refused(ada: AbstractUser, started: None, headers: Any) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers] or [(b"x-none", b"")]
    one = await tab(ada, *encoded)
    assert not await one.open()


async def test_nobody_gets_in_without_signing_in(started: None) -> None:
    one = await tab(None)
    assert not await one.open()


async def test_a_list_begins_with_a_snapshot_of_what_this_person_may_see(vera: AbstractUser, started: None) -> None:
    one = await opened(vera)
    await one.follow("table", table="workloads", query="")
    snapshot = await one.frame("snap")
    assert snapshot["total"] > 0
    assert {row["cluster"] for row in snapshot["rows"]} == {(await Cluster.objects.aget(slug="shop")).pk}
    await one.close()


async def test_who_has_no_grant_is_told_so_and_sees_nothing(nora: AbstractUser, started: None) -> None:
    one = await opened(nora)
    await one.follow("table", table="workloads", query="")
    assert (await one.frame("end"))["code"] == "denied"
    await one.close()


async def test_a_resource_of_a_cluster_that_is_not_shared_does_not_exist(vera: AbstractUser, started: None) -> None:
    one = await opened(vera)
    store = next(store for store in engine.supervisor.stores() if store.kind.name == "container")
    async with asyncio.timeout(10):
        while not store.resources:
            await asyncio.sleep(0.05)
    name = next(iter(store.resources.values())).name
    await one.follow("resource", cluster="vault", kind="container", key=name)
    hidden = await one.frame("end")
    await one.follow("resource", cluster="vault", kind="container", key="there-is-no-such-thing")
    missing = await one.frame("end")
    assert hidden == missing
    await one.close()


@pytest.mark.parametrize(
    "frame",
    ["[]", '"x"', "1", "{}", '{"op":{}}', '{"op":"drop"}', '{"op":"sub","id":"1"}', '{"op":"sub","id":-1}', '{"op":"sub","id":1.5}',
     '{"op":"sub","id":true}', "{", "\x00", "[" * 20000],
)  # fmt: skip
async def test_a_frame_that_is_none_closes_the_socket(ada: AbstractUser, started: None, frame: str) -> None:
    one = await opened(ada)
    await one.send(frame)
    assert await one.closed() == module.BAD


@pytest.mark.parametrize(
    ("topic", "args"),
    [
        ("nothing", {}),
        ("table", {}),
        ("table", {"table": "nothing"}),
        ("table", {"table": "workloads", "offset": -1}),
        ("table", {"table": "workloads", "offset": 10**12}),
        ("table", {"table": "workloads", "limit": "all"}),
        ("table", {"table": "workloads", "limit": True}),
        ("resource", {"cluster": [], "kind": {}, "key": 1}),
        ("job", {"key": "../../etc/passwd"}),
        ("job", {"key": None}),
        ("git", {"cluster": [], "name": 1}),
        ("git", {"cluster": "nowhere", "name": "shop"}),
        ("uses", {"cluster": "shop", "kind": "deployment", "key": "shop/checkout-api"}),
    ],
)
async def test_a_topic_asked_wrongly_ends_alone(ada: AbstractUser, started: None, topic: str, args: Any) -> None:
    one = await opened(ada)
    await one.follow(topic, **args)
    assert (await one.frame("end"))["why"]
    await one.follow("table", table="workloads", query="")
    assert (await one.frame("snap"))["total"] > 0
    await one.close()


async def test_what_is_opened_again_because_clusters_changed_is_opened_as_they_are_asked_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def narrow(actor: Actor) -> Actor:
        return replace(actor, limits=((1, Nothing("It is asked as you now.")),))

    class Noted(Topic):
        name = "noted"

        async def open(self) -> None:
            seen.append(self.actor.limits)

    seen: list[Any] = []
    monkeypatch.setattr(actors, "narrow", narrow)
    one = module.LiveSocket()
    one.actor, one.ready, one.checking = Actor(1, "ada"), asyncio.Event(), asyncio.Lock()
    one.topics = {1: Noted(one.actor, {}, one.ready.set)}
    await one._open_again_soon()
    assert [limits[0][1].why for limits in seen] == ["It is asked as you now."]


async def test_a_page_of_a_cluster_that_was_not_asked_as_this_person_yet_shows_nothing(
    fakes: Fakes, ada: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = await actors.actor_for(ada.pk)
    assert actor is not None
    args = {"cluster": "shop", "kind": "app", "key": "front/web"}
    with engine.supervisor.connections[fakes.shop.pk].wanted("app"):
        await asyncio.sleep(0.05)
        topic = ResourceTopic(actor, args, lambda: None)
        await topic.open()
        await topic.close()
        monkeypatch.setattr(fakes.drivers["shop"], "as_person", lambda name: FakeDriver())
        with pytest.raises(Missing):
            await ResourceTopic(actor, args, lambda: None).open()


async def test_too_many_frames_close_the_socket(
    ada: AbstractUser, started: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FRAMES", 5)
    one = await opened(ada)
    for _ in range(7):
        await one.send('{"op":"ping"}')
    assert await one.closed() == module.TOO_MANY


async def test_a_grant_taken_away_empties_the_open_list_within_five_seconds(vera: AbstractUser, started: None) -> None:
    one = await opened(vera)
    await one.follow("table", table="workloads", query="")
    await one.frame("snap")
    await Grant.objects.filter(user=vera).adelete()
    async with asyncio.timeout(5):
        assert (await one.frame("end"))["code"] == "denied"
    await one.close()


async def test_somebody_switched_off_is_out_within_five_seconds(vera: AbstractUser, started: None) -> None:
    one = await opened(vera)
    vera.is_active = False
    await vera.asave()
    assert await one.closed() == module.ENDED


async def test_a_cluster_connected_later_appears_in_open_lists(ada: AbstractUser, started: None) -> None:
    one = await opened(ada)
    await one.follow("table", table="workloads", query="")
    before = (await one.frame("snap"))["total"]
    more = await Cluster.objects.acreate(
        name="More", slug="more", driver="demo", platform="docker", settings={"shape": "docker", "seed": 3}
    )
    await engine.connect(more)
    total = before
    async with asyncio.timeout(10):
        while total <= before:
            total = (await one.frame()).get("total", total)
    await one.close()


async def test_what_is_not_known_yet_is_never_called_gone(ada: AbstractUser, nora: AbstractUser, started: None) -> None:
    connection = engine.supervisor.by_slug("shop")
    assert connection is not None
    store = connection.stores["deployment"]
    async with asyncio.timeout(5):
        while not (store.listed and store.resources):
            await asyncio.sleep(0.02)
    one = next(iter(store.resources.values()))
    about = {"cluster": "shop", "kind": "deployment", "key": f"{one.namespace}/{one.name}"}
    row = f"{connection.cluster.id}~deployment~{one.uid}"
    store.forget()  # as after a start, until its list has come
    tabs = await opened(ada), await opened(nora)
    answers = {}
    for name, each in zip(("ada", "nora"), tabs, strict=True):
        await each.follow("resource", **about)
        answers[name, "page"] = (await each.frame("end"))["code"]
        await each.follow("logs", rows=[row])
        answers[name, "log"] = (await each.frame("end"))["code"]
    assert answers == {
        ("ada", "page"): "later",
        ("ada", "log"): "later",
        ("nora", "page"): "gone",
        ("nora", "log"): "gone",
    }
    connection.retry()
    async with asyncio.timeout(5):
        while not store.listed:
            await asyncio.sleep(0.02)
    await tabs[0].follow("resource", **about)
    assert not (await tabs[0].frame("snap"))["gone"]
    await tabs[0].follow("resource", **{**about, "key": "shop/nothing"})
    assert (await tabs[0].frame("end"))["code"] == "gone"
    for each in tabs:
        await each.close()
