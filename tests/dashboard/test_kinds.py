"""All kinds of the clusters that somebody may see, and the lists of those that a cluster describes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters.drivers.base import Found
from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.base import Metadata
from clusters.kinds.kubernetes.general import general_kind
from clusters.kinds.kubernetes.printed import Printed
from clusters.live.resource import FeedItem, Listed
from clusters.live.table import TABLES
from tests.clusters.fakes import FakeDriver
from tests.dashboard.conftest import Fakes

BOATS = Found("example.com/v1/boats", "Boat", True, ("bt",))
HARBOURS = Found("example.com/v1/harbours", "Harbour", False)
pytestmark = pytest.mark.django_db(transaction=True)


class Column:
    name, type, description, priority = "Crew", "integer", "", 0


class Sailing(FakeDriver):
    """A cluster that knows kinds of its own."""

    kinds: Sequence[Found] = ()

    async def discover(self) -> Sequence[Found]:
        return self.kinds

    async def describe(self, found: Found, namespaces: frozenset[str] | None = None) -> Kind[Any]:
        return general_kind(found, [Column()])

    async def watch(self, kind: Kind[Any], namespaces: frozenset[str] | None = None) -> AsyncIterator[FeedItem]:
        if kind.printed:
            metadata = Metadata(name="albatross", uid="b1", namespace="front", resource_version="1")
            yield Listed([Printed(metadata=metadata, cells={"crew": 4})])
            await asyncio.Event().wait()
        async for item in super().watch(kind, namespaces):
            yield item


@pytest.fixture
async def sailing(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fakes]:
    for name, kinds in (("shop", [BOATS]), ("vault", [BOATS, HARBOURS])):
        driver: Any = fakes.drivers[name]
        monkeypatch.setattr(driver, "__class__", Sailing)
        driver.kinds = kinds
    from dashboard.engine import engine

    for connection in engine.supervisor.connections.values():
        await connection.discovered.look_again()
    yield fakes
    TABLES.pop(BOATS.name, None)


async def test_all_kinds_are_those_of_the_clusters_that_somebody_may_see(
    sailing: Fakes, ada: AbstractUser, vera: AbstractUser, async_client_for: Callable[[AbstractUser], AsyncClient]
) -> None:
    seen = (await async_client_for(vera).get("/kinds/")).content.decode()
    assert 'href="/list/boats.example.com/"' in seen
    assert "Harbour" not in seen
    everything = (await async_client_for(ada).get("/kinds/")).content.decode()
    assert "harbours.example.com" in everything
    found = (await async_client_for(ada).get("/kinds/?q=bt")).content.decode()
    assert "Boat" in found
    assert "Harbour" not in found


async def test_a_kind_without_a_file_has_a_list_with_the_columns_its_cluster_prints_and_pages(
    sailing: Fakes, vera: AbstractUser, async_client_for: Callable[[AbstractUser], AsyncClient]
) -> None:
    client = async_client_for(vera)
    page = (await client.get("/list/boats.example.com/")).content.decode()
    assert '"label": "Crew"' in page
    assert "albatross" in page
    one = await client.get("/clusters/shop/boats.example.com/front/albatross/")
    assert one.status_code == 200
    assert "Crew" in one.content.decode()
    assert (await client.get("/clusters/vault/boats.example.com/front/albatross/")).status_code == 404


async def test_a_kind_that_no_cluster_has_is_not_there(
    sailing: Fakes, ada: AbstractUser, async_client_for: Callable[[AbstractUser], AsyncClient]
) -> None:
    assert (await async_client_for(ada).get("/list/unicorns.example.com/")).status_code == 404
    assert (await async_client_for(ada).get("/list/secrets/")).status_code == 404
