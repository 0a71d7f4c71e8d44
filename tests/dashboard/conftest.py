"""The shop and the vault as fake clusters that record every call, so that a test can say that none was made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from clusters import kinds
from clusters.live.connection import Connection
from clusters.live.table import TABLES, kind_table
from clusters.models import Cluster
from dashboard.engine import engine, info
from tests.clusters.fakes import APP, FakeDriver, two_apps


@dataclass
class Fakes:
    """The two clusters. A row's id is ``fakes.row("shop", "u1")``."""

    shop: Cluster
    vault: Cluster
    drivers: dict[str, FakeDriver]

    def row(self, name: str, uid: str) -> str:
        return f"{getattr(self, name).pk}~app~{uid}"

    @property
    def calls(self) -> list[tuple[str, Any]]:
        return [call for driver in self.drivers.values() for call in driver.calls]


@pytest_asyncio.fixture
async def fakes(
    transactional_db: None, shop: Cluster, vault: Cluster, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Fakes]:
    monkeypatch.setitem(kinds.KINDS, "docker", (APP,))
    monkeypatch.setitem(TABLES, "app", kind_table(APP))
    drivers = {"shop": FakeDriver(apps=two_apps()), "vault": FakeDriver(apps=two_apps())}
    for cluster in (shop, vault):
        await add(cluster, drivers[cluster.slug])
    yield Fakes(shop, vault, drivers)
    await engine.supervisor.close()


async def add(cluster: Cluster, driver: FakeDriver) -> None:
    connection = Connection(info(cluster), driver, lambda _: None)  # type: ignore[arg-type]
    engine.supervisor.connections[cluster.pk] = connection
    connection.start()


async def marked(fakes: Fakes, **marks: bool) -> None:
    """The shop with other marks (production, read_only)."""
    for name, value in marks.items():
        setattr(fakes.shop, name, value)
    await sync_to_async(fakes.shop.save)()
    await engine.supervisor.remove(fakes.shop.pk)
    await add(fakes.shop, fakes.drivers["shop"])
