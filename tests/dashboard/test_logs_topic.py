"""The topic ``logs``: who may read what, and no faster than the tab shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser

from clusters import actors
from clusters.access import Actor
from clusters.errors import ClusterError, Invalid, Missing
from clusters.live.connection import Connection
from clusters.models import Cluster, Grant
from dashboard import logs
from dashboard.engine import engine
from dashboard.topics import logs as topic_module
from dashboard.topics.logs import LogsTopic


@pytest_asyncio.fixture
async def row(transactional_db: None, shop: Cluster) -> AsyncIterator[str]:
    """The id of a deployment of the demonstration."""
    await engine.connect(shop)
    connection = engine.supervisor.connections[shop.pk]
    yield await row_of(connection, "deployment", "shop/checkout-api")
    await engine.supervisor.close()


async def row_of(connection: Connection, kind: str, key: str) -> str:
    store = connection.stores[kind]
    with connection.wanted(*connection.stores):
        for _ in range(200):
            resource = store.find(key)  # made a moment ago, it may come after the first list
            if resource and all(one.listed for one in connection.stores.values()):
                break
            await asyncio.sleep(0.02)
    assert resource is not None
    return f"{connection.cluster.id}~{kind}~{resource.uid}"


class Tab:
    """A tab that follows one log."""

    def __init__(self, actor: Actor, **args: Any) -> None:
        self.topic = LogsTopic(actor, args, lambda: None)
        self.frames: list[dict[str, Any]] = []

    async def read(self, seconds: float, *, acknowledge: bool = True) -> None:
        for _ in range(int(seconds / 0.01)):
            while frame := self.topic.take():
                self.frames.append(frame.body)
            if acknowledge and self.frames:
                await self.topic.acknowledge(self.frames[-1]["seq"])
            await asyncio.sleep(0.01)

    @property
    def lines(self) -> list[Any]:
        return [line for frame in self.frames for line in frame["lines"]]


async def actor_of(user: AbstractUser) -> Actor:
    actor = await actors.actor_for(user.pk)
    assert actor is not None
    return actor


async def test_the_first_frame_is_an_empty_log_and_the_past_follows_in_order(row: str, vera: AbstractUser) -> None:
    tab = Tab(await actor_of(vera), rows=[row], tail=50)
    await tab.topic.open()
    await tab.read(0.4)
    assert tab.frames[0]["t"] == "snap"
    assert tab.frames[0]["lines"] == []
    assert [one["state"] for one in tab.frames[0]["sources"]] == ["live"] * 3
    assert [frame["seq"] for frame in tab.frames] == list(range(1, len(tab.frames) + 1))
    times = [line[0] for line in tab.lines]
    assert len(times) >= 100
    assert times == sorted(times)
    await tab.topic.close()
    assert not logs.streams


async def test_a_tab_that_says_nothing_gets_eight_frames_and_no_more(
    row: str, vera: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_module, "PAST_LINES", 10)
    tab = Tab(await actor_of(vera), rows=[row], tail=500)
    await tab.topic.open()
    await tab.read(0.5, acknowledge=False)
    assert len(tab.frames) == 1 + topic_module.UNACKNOWLEDGED
    await tab.topic.acknowledge(tab.frames[-1]["seq"])
    await tab.read(0.1, acknowledge=False)
    assert len(tab.frames) == 1 + 2 * topic_module.UNACKNOWLEDGED
    await tab.topic.close()


async def test_what_is_not_shared_looks_as_if_it_were_not_there(
    row: str, nora: AbstractUser, vera: AbstractUser
) -> None:
    for actor, rows in ((await actor_of(nora), [row]), (await actor_of(vera), [row, "1~pod~nothing"])):
        with pytest.raises(Missing, match="not there"):
            await Tab(actor, rows=rows).topic.open()
    assert not logs.streams


async def test_a_grant_for_another_namespace_does_not_open_a_log(row: str, shop: Cluster, nora: AbstractUser) -> None:
    await sync_to_async(Grant.objects.create)(user=nora, role=1, cluster=shop, namespaces=["data"])
    with pytest.raises(Missing):
        await Tab(await actor_of(nora), rows=[row]).topic.open()


@pytest.mark.parametrize(
    "args",
    [{}, {"rows": []}, {"rows": "1~pod~x"}, {"rows": [1]}, {"rows": ["x"] * 21}, {"rows": ["x"], "tail": "all"},
     {"rows": ["x"], "since": "now"}, {"rows": ["x"], "since": float("nan")}, {"rows": ["x"], "q": "x" * 201},
     {"rows": ["x"], "q": {}}, {"rows": ["x"], "tail": True}],
)  # fmt: skip
async def test_bad_arguments_are_refused_in_words(args: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await LogsTopic(Actor(1, "ada"), args, lambda: None).open()


async def test_numbers_out_of_range_are_brought_into_it() -> None:
    asked = logs.asked({"rows": ["x"], "tail": -1, "until": 1e30})
    assert (asked.options.tail, asked.options.until, asked.options.follow) == (1, 1e11, False)
    assert logs.asked({"rows": ["x"], "tail": 10**9}).options.tail == logs.MAX_TAIL


async def test_nobody_follows_more_than_twenty_logs_at_once(row: str, vera: AbstractUser) -> None:
    actor = await actor_of(vera)
    tabs = [Tab(actor, rows=[row]) for _ in range(topic_module.MAX_OPEN + 1)]
    for tab in tabs[:-1]:
        await tab.topic.open()
    with pytest.raises(ClusterError, match="too many logs"):
        await tabs[-1].topic.open()
    assert len(logs.streams) == 3  # one for each container, shared by all
    for tab in tabs:
        await tab.topic.close()
    assert not logs.streams
    again = Tab(actor, rows=[row])
    await again.topic.open()
    await again.topic.close()


async def test_changing_the_level_begins_anew_with_such_lines_only(row: str, vera: AbstractUser) -> None:
    tab = Tab(await actor_of(vera), rows=[row])
    await tab.topic.open()
    await tab.read(0.2)
    tab.frames.clear()
    await tab.topic.set({"level": "warn"})
    await tab.read(0.5)
    assert tab.frames[0]["t"] == "snap"
    assert tab.lines
    assert all(line[2] >= 3 or line[5] for line in tab.lines)
    await tab.topic.close()
