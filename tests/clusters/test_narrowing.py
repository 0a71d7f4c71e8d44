"""Of what Pilothouse grants and what a cluster lets somebody list, the narrower wins."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.access import Actor, Area, Granted, Namespaces, Need, decide, reachable, scope
from clusters.connections import visible
from clusters.drivers.kubernetes.access import Rule
from clusters.drivers.kubernetes.rights import Rights
from clusters.errors import Refused, Unreachable
from clusters.gateway import Denied, Gateway
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Role
from clusters.narrowing import KEPT, LAST_WORD, LISTING, SILENT, Narrowing, Nothing
from tests.clusters.fakes import APP, App, FakeConnections, FakeDriver, FakeStore
from tests.clusters.personal import ADA, APPS, POD

PLACES = st.frozensets(st.sampled_from(["a", "b", "c"]))


@dataclass(frozen=True)
class Some:
    """Limits as they may be."""

    namespaces: Namespaces
    kinds: Namespaces
    why: str = ""

    def of(self, kind: Any) -> Namespaces:
        return self.kinds


@given(
    st.lists(st.builds(Granted, st.sampled_from(Role), st.sampled_from([None, 1, 2]), PLACES), max_size=4),
    st.none() | PLACES,
    st.none() | PLACES,
)
def test_limits_only_ever_take_away(grants: list[Granted], namespaces: Namespaces, kinds: Namespaces) -> None:
    free = Actor(1, "ada", tuple(grants))
    narrow = replace(free, limits=((1, Some(namespaces, kinds)),))
    for asked in ((), (POD,)):
        before, after = scope(free, [1, 2], asked), scope(narrow, [1, 2], asked)
        assert after.get(2, "-") == before.get(2, "-")
        for place in ("a", "b", "c", None):
            assert inside(after, place) <= inside(before, place)
            if inside(after, place):
                assert namespaces is None or place in namespaces
                assert not asked or kinds is None or place in kinds
    for place in reachable(free, 1):
        for need in (Need(Role.VIEWER, acts=False), Need(Role.ADMIN)):
            yes = decide(narrow, Area(1, place), need).allowed
            assert yes <= decide(free, Area(1, place), need).allowed
            assert not yes or namespaces is None or place in namespaces


def inside(seen: dict[int, Namespaces], place: str | None) -> bool:
    return 1 in seen and (seen[1] is None or place in seen[1])  # type: ignore[operator]


class Personal(FakeDriver):
    """A cluster that is asked as people, and says what it is told to say."""

    def __init__(self) -> None:
        super().__init__()
        self.says: Any = Rights((Rule(["*"], ["*"], ["*"]),))
        self.asked = 0

    def as_person(self, name: str) -> Any:
        return self if name == "the account" else self._person

    @property
    def _person(self) -> Any:
        if not hasattr(self, "made"):
            self.made = As(self)
        return self.made


class As(FakeDriver):
    """That cluster, asked as somebody."""

    __hash__ = object.__hash__

    def __init__(self, line: Personal) -> None:
        super().__init__()
        self.line = line

    def as_person(self, name: str) -> Any:
        return self

    async def limits(self, namespaces: Any) -> Any:
        self.line.asked += 1
        if isinstance(self.line.says, Exception):
            raise self.line.says
        return self.line.says(namespaces) if callable(self.line.says) else self.line.says


class There(FakeConnections):
    def __init__(self) -> None:
        super().__init__()
        self.fake: Personal = Personal()  # type: ignore[assignment]


async def test_an_answer_is_believed_for_a_minute_and_silence_only_while_rows_are_as_old() -> None:
    there, now = There(), [1000.0]
    narrowing = Narrowing(there, lambda: now[0])
    first = await narrowing.of(ADA)
    assert first.limits[0][1].namespaces is None
    there.fake.says = Unreachable("It does not answer.")
    now[0] += KEPT - 1
    assert (await narrowing.of(ADA)).limits == first.limits
    assert there.fake.asked == 1
    now[0] += 2
    assert (await narrowing.of(ADA)).limits == first.limits  # its last word
    now[0] += LAST_WORD
    assert (await narrowing.of(ADA)).limits[0][1] == Nothing("It does not answer.")


async def test_before_the_namespaces_are_listed_a_narrow_answer_is_not_believed_for_long() -> None:
    there, now = There(), [1000.0]
    store = FakeStore(1, DESCRIBED["namespaces"], {}, listed=False)
    there.stores = lambda: [store]  # type: ignore[method-assign]
    there.fake.says = lambda places: Rights((), tuple((name, (APPS,)) for name in sorted(places)))
    narrowing = Narrowing(there, lambda: now[0])
    early = (await narrowing.of(ADA)).limits[0][1]
    assert "not known yet" in early.why
    assert early.namespaces == frozenset()
    store.listed, store.resources = True, {"n": App(id="n", title="shop")}
    now[0] += LISTING + 0.1
    limits = (await narrowing.of(ADA)).limits[0][1]
    assert (limits.namespaces, limits.why) == (frozenset({"shop"}), "")
    now[0] += KEPT - 1
    await narrowing.of(ADA)
    assert there.fake.asked == 2


@pytest.mark.parametrize("later", [True, False])
async def test_the_list_of_namespaces_is_waited_for_unless_it_cannot_come(later: bool) -> None:
    there = There()
    store = FakeStore(1, DESCRIBED["namespaces"], {}, listed=False)
    there.stores = lambda: [store]  # type: ignore[method-assign]
    there.fake.says = lambda places: Rights((), tuple((name, (APPS,)) for name in sorted(places)))
    asking = asyncio.create_task(Narrowing(there).of(ADA))
    await asyncio.sleep(0.01)
    if later:
        store.listed, store.resources = True, {"n": App(id="n", title="shop")}
    else:
        store.trouble = Refused("namespaces is forbidden")
    limits = (await asking).limits[0][1]
    assert (limits.namespaces, limits.why) == (frozenset({"shop"} if later else ()), "")


async def test_a_cluster_that_refuses_to_say_shows_nothing_at_once() -> None:
    there, now = There(), [1000.0]
    narrowing = Narrowing(there, lambda: now[0])
    await narrowing.of(ADA)
    there.fake.says = Refused("No right to impersonate.")
    now[0] += KEPT + 1
    (_, limits), *_ = (await narrowing.of(ADA)).limits
    assert (limits.namespaces, limits.of(APP), limits.why) == (frozenset(), frozenset(), "No right to impersonate.")
    there.fake.says = Rights((Rule(["*"], ["*"], ["*"]),))
    now[0] += SILENT + 1
    assert (await narrowing.of(ADA)).limits[0][1].namespaces is None


@pytest.mark.django_db(transaction=True)
async def test_somebody_whom_the_cluster_was_not_asked_about_sees_nothing_and_does_nothing() -> None:
    there = There()
    assert visible(there, ADA, 1, "app") == []  # such an actor is a fault of ours: it must show nothing
    there.fake.says = Refused("No right to impersonate.")
    gateway = Gateway(there)
    with pytest.raises(Denied) as denied:
        await gateway.act(ADA, 1, APP, there.apps["u1"], "stop", {})
    assert not denied.value.known
    assert there.fake.calls == there.fake.as_person("ada").calls == []


@pytest.mark.django_db(transaction=True)
async def test_what_somebody_does_goes_through_their_own_driver() -> None:
    there = There()
    await Gateway(there).act(ADA, 1, APP, there.apps["u1"], "stop", {})
    assert there.fake.calls == []
    assert there.fake.as_person("ada").calls == [("stop", "u1")]


def test_only_the_gateway_takes_drivers_from_the_connections() -> None:
    """Whatever else asks on behalf of somebody asks ``gateway.driver(actor, …)``."""
    may = {"clusters/gateway.py", "clusters/connections.py", "clusters/narrowing.py", "clusters/demo.py"}
    root = Path(__file__).parents[2]
    found = {
        str(path.relative_to(root))
        for folder in ("clusters", "dashboard")
        for path in (root / folder).rglob("*.py")
        if re.search(r"(connections|supervisor)\.driver\(|\.connection\.driver\.(call|get|logs)", path.read_text())
    }
    assert found <= may
