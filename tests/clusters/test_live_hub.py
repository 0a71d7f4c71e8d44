"""What a hub tells the pages that look: no more often than it must, and what is so."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from clusters.errors import InPart
from clusters.live.hub import Hub
from clusters.live.resource import Broken, Changed, Coming, Listed
from clusters.live.table import TABLES
from clusters.permissions import NotPermitted
from tests.clusters.test_live_properties import ALL, TABLE, FakeConnection, Tab, Thing, take


async def test_what_a_search_looks_through_is_read_before_anybody_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusters.live.index.READ_AFTER", 0.0)
    monkeypatch.setitem(TABLES, "thing", TABLE)
    connection = FakeConnection(1)
    hub = Hub(lambda: [connection], lambda row: f"/{row.id}/")  # type: ignore[arg-type, list-item, return-value]
    things = [Thing(f"u{one}", "web", "", 0, 0, "v0") for one in range(5)]
    await hub.prepare(ALL)
    with hub.window(ALL, 0, 20):
        await asyncio.sleep(0.01)
        await take(("list", 1, things), [connection], hub, None)  # a long list comes later than the first look at it
        await asyncio.sleep(0.01)
        [index] = hub._indexes_for(ALL)
        assert all(entry.text for entry in index.entries.values())


async def test_what_is_listed_is_not_said_to_be_forbidden_when_what_completes_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(TABLES, "thing", TABLE)
    connection = FakeConnection(1)
    hub = Hub(lambda: [connection], lambda row: "/")  # type: ignore[arg-type, list-item, return-value]
    forbidden = Broken(NotPermitted("This cluster's account may not list classes."), 30.0)
    with hub.window(replace(ALL, scope=frozenset({(1, None)})), 0, 20) as window:
        await take(("list", 1, [Thing("u1", "web", "", 0, 0, "v0")]), [connection], hub, None)
        connection.stores["thing"].apply(forbidden)
        snapshot = window.snapshot()
        assert snapshot["troubles"] == ["Things of c1: This cluster's account may not list classes."]
        assert snapshot["narrow"] == []
        connection.stores["thing"].apply(Broken(InPart("What depends on classes is not told."), 30.0))
        assert window.view.troubles == ["Things of c1: What depends on classes is not told."]
        connection.stores["thing"].apply(Listed([]))
        connection.stores["thing"].apply(Broken(InPart("What depends on classes is not told."), 30.0))
        assert window.view.troubles == [], "where there is none, nothing of it is missing"


async def test_what_comes_of_a_long_list_is_told_now_and_then_and_a_change_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(TABLES, "thing", TABLE)
    monkeypatch.setattr("clusters.live.hub.WHILE_COMING", 0.3)
    coming, live = FakeConnection(1), FakeConnection(2)
    live.stores["thing"].apply(Listed([Thing("u0", "db", "", 0, 0, "v0")]))
    hub = Hub(lambda: [coming, live], lambda row: f"/{row.id}/")  # type: ignore[arg-type, list-item, return-value]
    with hub.window(ALL, 0, 20) as window:
        tab = Tab(window)

        async def total_after(connection: FakeConnection, item: Coming | Changed, seconds: float) -> int:
            connection.stores["thing"].apply(item)
            await asyncio.sleep(seconds)
            return int(tab.total)

        first, second, third, fourth = (Thing(f"u{one}", "web", "", 0, 0, "v0") for one in range(1, 5))
        assert await total_after(coming, Coming([first]), 0.1) == 2, "the first rows are waited for"
        assert await total_after(coming, Coming([second]), 0.0) == 2
        assert await total_after(coming, Coming([third]), 0.4) == 4
        assert await total_after(coming, Coming([fourth]), 0.0) == 4
        assert await total_after(live, Changed([Thing("u9", "api", "", 0, 0, "v0")], []), 0.1) == 6, (
            "with all that came"
        )
