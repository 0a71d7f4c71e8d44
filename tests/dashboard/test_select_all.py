"""Select all: what the list is about, all of it; or it says how much was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters.models import Cluster
from dashboard.engine import engine
from dashboard.views import lists

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]


@pytest.fixture
async def running(shop: Cluster) -> AsyncIterator[None]:
    await engine.start()
    async with asyncio.timeout(10):
        while not all(store.listed for store in engine.supervisor.stores() if store.kind.always):
            await asyncio.sleep(0.05)
    yield
    await engine.stop()


async def test_it_is_every_row_of_the_list_as_it_is_asked_for(
    running: None, shop: Cluster, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    stores = engine.supervisor.connections[shop.pk].stores
    answer = (await async_client_for(ada).get("/list/pod/ids/")).json()
    assert {one.rpartition("~")[2] for one in answer["ids"]} == set(stores["pod"].resources)
    found = (await async_client_for(ada).get("/list/pod/ids/?q=checkout")).json()
    assert 0 < len(found["ids"]) == found["total"] < answer["total"]


async def test_of_a_list_longer_than_can_be_selected_it_tells_the_whole_number(
    running: None, ada: AbstractUser, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (await async_client_for(ada).get("/list/pod/ids/?sort=name")).json()
    monkeypatch.setattr(lists, "MOST_IDS", 3)
    answer = (await async_client_for(ada).get("/list/pod/ids/?sort=name")).json()
    assert answer == {"ids": whole["ids"][:3], "total": whole["total"]}
