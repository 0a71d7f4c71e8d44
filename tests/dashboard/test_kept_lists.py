"""What the socket tells of a list that is shown as it was, until its cluster has listed it anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser

from clusters.live.resource import FeedItem, Listed, Remembered
from dashboard.engine import engine
from dashboard.topics.table import TableTopic
from tests.clusters.fakes import FakeDriver, two_apps
from tests.dashboard.conftest import Fakes, add
from tests.dashboard.test_logs_topic import actor_of

AS_OF = 1_790_000_000.0


class Remembering(FakeDriver):
    """Knows its apps as they were, and lists them anew when it is told to."""

    listed: asyncio.Event

    async def watch(self, kind: Any, namespaces: Any = None) -> AsyncIterator[FeedItem]:
        apps = list(self.apps.values()) if kind.name == "app" else []
        yield Remembered(apps, AS_OF)
        await self.listed.wait()
        yield Listed(apps)
        await asyncio.Event().wait()


async def until(topic: TableTopic, old: list[tuple[int, float]]) -> dict[str, Any]:
    """The next frame that says this of what is old."""
    async with asyncio.timeout(10):
        while True:
            frame = topic.take()
            if frame and [tuple(one) for one in frame.body.get("old", [(0, 0.0)])] == old:
                return frame.body
            await asyncio.sleep(0.02)


@pytest.mark.django_db(transaction=True)
async def test_rows_that_are_not_sure_say_as_of_when_until_they_are(fakes: Fakes, vera: AbstractUser) -> None:
    driver = Remembering(apps=two_apps())
    driver.listed = asyncio.Event()
    await engine.supervisor.remove(fakes.shop.pk)
    await add(fakes.shop, driver)
    topic = TableTopic(await actor_of(vera), {"table": "app", "query": ""}, lambda: None)
    await topic.open()
    shown = await until(topic, [(fakes.shop.pk, AS_OF)])
    assert shown.get("rows") or shown["add"], "what was known is shown meanwhile"
    driver.listed.set()
    await until(topic, [])
    await topic.close()
