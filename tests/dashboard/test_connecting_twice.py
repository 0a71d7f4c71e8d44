"""A cluster that is connected anew more than once at the same moment is connected once in the end."""

from __future__ import annotations

import asyncio

import pytest

from clusters.live.connection import Connection
from clusters.models import Cluster
from dashboard.engine import engine

pytestmark = pytest.mark.django_db(transaction=True)


async def test_no_connection_is_left_behind(shop: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Connection] = []
    begin, close = Connection.start, Connection.close

    def counted(one: Connection) -> None:
        begun.append(one)
        begin(one)

    async def slowly(one: Connection) -> None:
        await asyncio.sleep(0.01)
        await close(one)
        begun.remove(one)

    monkeypatch.setattr(Connection, "start", counted)
    monkeypatch.setattr(Connection, "close", slowly)
    await engine.connect(shop)
    await asyncio.gather(*(engine.connect(shop) for _ in range(3)))
    assert begun == [engine.supervisor.connections[shop.pk]]
    await engine.disconnect(shop.pk)
    assert begun == []
