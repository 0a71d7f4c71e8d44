"""What was pushed equals what a reload shows: for any order of changes, filters, sorts, windows and missed frames.

Also while another question is opened in the middle, and while long lists are taken in slices.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clusters.errors import Unreachable
from clusters.kinds.base import Column, Health, Kind, Level
from clusters.live.cluster import ClusterInfo
from clusters.live.frame import Frame
from clusters.live.hub import Hub
from clusters.live.query import Filter, Query
from clusters.live.resource import Broken, Changed, Listed, Resource
from clusters.live.row import Row
from clusters.live.selector import read_selector
from clusters.live.store import Store
from clusters.live.table import TABLES, kind_table


class Thing(Resource, frozen=True, gc=False):
    id: str
    title: str
    space: str
    level: int
    count: int
    revision: str

    @property
    def uid(self) -> str:
        return self.id

    @property
    def name(self) -> str:
        return self.title

    @property
    def namespace(self) -> str:
        return self.space

    @property
    def version(self) -> str:
        return self.revision

    @property
    def labels(self) -> dict[str, str]:
        return {"app": self.title, **({"space": self.space} if self.space else {})}


THING: Kind[Thing] = Kind(
    name="thing", label="Thing", plural="Things", icon="box", group="Workloads", platform="docker", api="things",
    model=Thing, words="A thing of the tests.", health=lambda thing: Health(Level(thing.level), "word"),
    columns=(
        Column(key="name", label="Name", value=lambda thing: thing.name, sort=lambda thing: thing.name),
        Column(key="status", label="Status", value=lambda thing: thing.level, sort=lambda thing: thing.level,
               facet=lambda thing: Level(thing.level).name.lower()),
        Column(key="count", label="Count", value=lambda thing: thing.count, sort=lambda thing: thing.count),
    ),
    panels=(),
)  # fmt: skip
TABLE = kind_table(THING)


class FakeConnection:
    """A connection without a driver: the test is the driver."""

    def __init__(self, number: int) -> None:
        self.cluster = ClusterInfo(id=number, name=f"c{number}", slug=f"c{number}", driver="demo", platform="docker")
        self.stores = {"thing": Store(number, THING)}

    def wanted(self, *names: str) -> Any:
        import contextlib

        return contextlib.nullcontext()


class Tab:
    """What a browser does with the frames; it may miss some, and then asks for a snapshot."""

    def __init__(self, window: Any) -> None:
        self.window, self.missing = window, False
        window.followers.add(self)
        self.reload()

    def reload(self) -> None:
        snapshot = msgspec.json.decode(msgspec.json.encode(self.window.snapshot()))
        self.seq, self.total, self.facets = snapshot["seq"], snapshot["total"], snapshot["facets"]
        self.rows = {row["id"]: row for row in snapshot["rows"]}
        self.order = [row["id"] for row in snapshot["rows"]]

    def deliver(self, frame: Frame) -> None:
        patch = msgspec.json.decode(frame.text(1))
        if self.missing or patch["seq"] != self.seq + 1:
            self.missing = True
            return
        self.seq, self.total = patch["seq"], patch["total"]
        for row in patch["add"]:
            self.rows[row["id"]] = row
        for row_id, cells in patch["set"]:
            for index, cell in cells.items():
                self.rows[row_id]["cells"][int(index)] = cell
        if "order" in patch:
            self.order = patch["order"]
            self.rows = {row_id: self.rows[row_id] for row_id in self.order}

    def shown(self) -> tuple[int, list[Any]]:
        return self.total, [[row_id, self.rows[row_id]["cells"]] for row_id in self.order]


def brute_force(connections: list[FakeConnection], query: Query, offset: int, limit: int) -> Any:
    """The same answer without any of the engine's cleverness."""
    rows = []
    facets_of_all: Counter[str] = Counter()
    for connection in connections:
        allowed = dict(query.scope).get(connection.cluster.id, frozenset())
        for thing in connection.stores["thing"].resources.values():
            row = Row(connection.cluster, THING, thing, THING.health(thing))
            facets = {"status": Level(thing.level).name.lower()}  # type: ignore[attr-defined]
            if allowed is not None and thing.namespace not in allowed:
                continue
            if query.text and query.text not in f"{thing.name}\0{thing.namespace}":
                continue
            if not query.labels.holds(thing.labels):
                continue
            facets_of_all[facets["status"]] += 1
            if all((facets[one.column] in one.values) != one.without for one in query.filters):
                rows.append(row)
    sort = {
        "name": lambda row: row.resource.name,
        "status": lambda row: row.resource.level,
        "count": lambda row: row.resource.count,
    }
    rows.sort(key=lambda row: (sort[query.sort](row), row.resource.name, row.id), reverse=query.descending)
    columns = [column for key in query.columns if (column := TABLE.column(key))]
    window = [[row.id, [column.read(row) for column in columns]] for row in rows[offset : offset + limit]]
    return len(rows), msgspec.json.decode(msgspec.json.encode(window)), dict(facets_of_all)


things = st.builds(
    lambda number, name, space, level, count, version: Thing(f"u{number}", name, space, level, count, f"v{version}"),
    st.integers(0, 12), st.sampled_from(["web", "api", "db", "a-b", "worker"]), st.sampled_from(["", "shop", "data"]),
    st.integers(0, 6), st.integers(-3, 1000), st.integers(0, 10**9),
)  # fmt: skip
steps = st.one_of(
    st.tuples(
        st.just("change"), st.integers(1, 2), st.lists(things, max_size=4), st.lists(st.integers(0, 12), max_size=3)
    ),
    st.tuples(st.just("list"), st.integers(1, 2), st.lists(things, max_size=12, unique_by=lambda thing: thing.id)),
    st.tuples(st.just("flush")),
    st.tuples(st.just("miss")),
    st.tuples(st.just("rest")),
    st.tuples(st.just("broken"), st.integers(1, 2)),
)
scopes = st.sampled_from([{1: None, 2: None}, {1: frozenset({"shop"}), 2: None}, {2: frozenset({"", "data"})}])
queries = st.builds(
    lambda scope, text, filters, sort, descending, labels: Query(
        "thing", frozenset(scope.items()), text, frozenset(filters), sort, descending, ("name", "status", "count", "cluster"),
        read_selector(labels)),
    scopes, st.sampled_from(["", "e", "web"]),
    st.lists(st.builds(Filter, st.just("status"), st.frozensets(st.sampled_from(["failing", "healthy", "paused"])), st.booleans()), max_size=2),
    st.sampled_from(["name", "status", "count"]), st.booleans(),
    st.sampled_from(["", "", "app in (web, api)", "space, app!=db", "!space", "app in (wrong"]),
)  # fmt: skip

ALL = Query("thing", frozenset({(1, None), (2, None)}), columns=("name", "status", "count", "cluster"), sort="name")


@settings(max_examples=150)
@given(queries, st.integers(0, 6), st.integers(1, 8), st.lists(steps, max_size=30), st.sampled_from([2, 500]))
def test_what_was_pushed_equals_what_a_reload_shows(
    query: Query, offset: int, limit: int, story: list[Any], few: int
) -> None:
    async def tell() -> None:
        connections = [FakeConnection(1), FakeConnection(2)]
        TABLES["thing"] = TABLE
        hub = Hub(lambda: connections, lambda row: f"/{row.id}/")  # type: ignore[arg-type, return-value]
        with hub.window(query, offset, limit) as window:
            tab = Tab(window)
            for step in story:
                await take(step, connections, hub, tab)
            await all_taken_in(hub)
            if tab.missing:
                tab.missing = False
                tab.reload()
            total, rows, facets = brute_force(connections, query, offset, limit)
            assert tab.shown() == (total, rows)
            pushed = tab.shown()
            tab.reload()
            assert tab.shown() == pushed
            assert tab.facets["status"] == facets
        del TABLES["thing"]

    with patch("clusters.live.index.SLICE", few), patch("clusters.live.hub.WHILE_COMING", 0.0):
        asyncio.run(tell())


@settings(max_examples=80)
@given(st.lists(queries, min_size=1, max_size=6), st.lists(steps, max_size=20), st.sampled_from([2, 500]))
@example([ALL, ALL], [("flush",), ("list", 1, [Thing(f"u{one}", "web", "", 0, 0, "v0") for one in range(5)])], 2)
def test_a_question_asked_in_the_middle_is_answered_like_any_other(
    asked: list[Query], story: list[Any], few: int
) -> None:
    """Orders, texts and counts that others left behind serve it; each is asked while changes come."""

    async def tell() -> None:
        connections = [FakeConnection(1), FakeConnection(2)]
        TABLES["thing"] = TABLE
        hub = Hub(lambda: connections, lambda row: f"/{row.id}/")  # type: ignore[arg-type, return-value]
        for turn, query in enumerate(asked):
            preparing = asyncio.create_task(hub.prepare(query))
            for step in story[turn :: len(asked)]:
                await take(step, connections, hub, None)
            await preparing
            with hub.window(query, 0, 20) as window:
                snapshot = window.snapshot()
                total, rows, facets = brute_force(connections, query, 0, 20)
                assert (snapshot["total"], [[row["id"], row["cells"]] for row in snapshot["rows"]]) == (total, rows)
                assert snapshot["facets"]["status"] == facets
        del TABLES["thing"]

    sliced = patch("clusters.live.index.SLICE", few), patch("clusters.live.hub.SLICE", few)
    with sliced[0], sliced[1], patch("clusters.live.index.READ_AFTER", 0.0):
        asyncio.run(tell())


async def take(step: Any, connections: list[FakeConnection], hub: Hub, tab: Tab | None) -> None:
    match step:
        case ("change", number, upserts, deletes):
            connections[number - 1].stores["thing"].apply(Changed(upserts, [f"u{one}" for one in deletes]))
        case ("list", number, everything):
            connections[number - 1].stores["thing"].apply(Listed(everything))
        case ("broken", number):
            connections[number - 1].stores["thing"].apply(Broken(Unreachable("It does not answer."), 1.0))
        case ("rest",):
            await asyncio.sleep(0)
        case ("flush",):
            hub.flush()
        case ("miss",) if tab:
            tab.missing = True


async def all_taken_in(hub: Hub) -> None:
    """A long list is taken in slices, one in each turn of the loop."""
    for _ in range(60):
        await asyncio.sleep(0)
    hub.flush()
