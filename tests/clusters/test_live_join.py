"""A joined kind is what its driver tells, completed from other stores: at once, without a call, and only when wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from clusters.errors import ClusterError, InPart, Refused, Unreachable, Unsupported
from clusters.kinds.formats import plain
from clusters.kinds.join import Join
from clusters.live.join import Joiner
from clusters.live.resource import Broken, Changed, Listed
from clusters.live.store import Store
from tests.clusters.docker_things import until
from tests.clusters.fakes import APP, App


def _with_copies(own: Sequence[App], others: Mapping[str, Sequence[App]]) -> list[App]:
    return [msgspec.structs.replace(one, copies=len(others["other"])) for one in own]


def _joiner() -> tuple[Joiner, Store, Store]:
    other = Store(1, replace(APP, name="other"))
    join: Join[Any] = Join(kinds=("other",), make=_with_copies)
    target = Store(1, replace(APP, name="joined", join=join))
    return Joiner(target, join, {"other": other}), target, other


async def test_it_is_listed_when_all_that_it_is_made_of_is() -> None:
    joiner, target, other = _joiner()
    joiner.start()
    joiner.told.apply(Listed([App(id="1", title="web")]))
    await asyncio.sleep(0.1)
    assert not target.listed
    other.apply(Listed([]))
    await until(lambda: target.listed)
    assert target.resources["1"].copies == 0  # type: ignore[attr-defined]


async def test_a_change_of_another_kind_changes_it() -> None:
    joiner, target, other = _joiner()
    joiner.start()
    joiner.told.apply(Listed([App(id="1", title="web")]))
    other.apply(Listed([]))
    await until(lambda: target.listed)
    told: list[int] = []
    target.subscribe(lambda store, deltas: told.append(len(deltas)))
    other.apply(Changed([App(id="9", title="x")]))
    await until(lambda: told)
    assert target.resources["1"].copies == 1  # type: ignore[attr-defined]
    assert told == [1]


async def test_what_changes_nothing_of_it_is_told_to_nobody() -> None:
    joiner, target, other = _joiner()
    joiner.start()
    joiner.told.apply(Listed([App(id="1", title="web")]))
    other.apply(Listed([App(id="9", title="x")]))
    await until(lambda: target.listed)
    told: list[int] = []
    target.subscribe(lambda store, deltas: told.append(len(deltas)))
    other.apply(Changed([App(id="9", title="x", copies=7)]))
    await asyncio.sleep(0.15)
    assert told == []


async def test_trouble_is_said_and_what_is_known_stays() -> None:
    joiner, target, other = _joiner()
    joiner.start()
    joiner.told.apply(Listed([App(id="1", title="web")]))
    other.apply(Listed([]))
    await until(lambda: target.listed)
    joiner.told.apply(Broken(Unreachable("It is silent."), 1.0))
    await until(lambda: target.trouble)
    assert "1" in target.resources
    joiner.told.apply(Listed([]))
    await until(lambda: not target.trouble and not target.resources)


async def test_nothing_is_joined_while_nobody_looks() -> None:
    joiner, target, other = _joiner()
    other.apply(Listed([]))
    joiner.told.apply(Listed([App(id="1", title="web")]))
    await asyncio.sleep(0.1)
    assert not target.listed
    joiner.start()
    await until(lambda: target.listed)
    joiner.stop()
    assert not target.listed
    assert not target.resources
    assert not other._listeners


def _told_how_many(own: Sequence[App], others: Mapping[str, Sequence[App]]) -> list[App]:
    copies = len(others["other"]) if "other" in others else -1
    return [msgspec.structs.replace(one, copies=copies) for one in own]


@pytest.mark.parametrize("trouble", [Refused("Our account may not."), Unsupported("The Swarm cannot decide.")])
async def test_it_is_told_without_a_kind_that_may_not_be_listed_and_says_so(trouble: ClusterError) -> None:
    other = Store(1, replace(APP, name="other"))
    join: Join[Any] = Join(kinds=("other",), make=_told_how_many, without=frozenset({"other"}))
    target = Store(1, replace(APP, name="joined", join=join))
    joiner = Joiner(target, join, {"other": other})
    joiner.start()
    joiner.told.apply(Listed([App(id="1", title="web")]))
    other.apply(Broken(Unreachable("It is silent."), 1.0))
    await asyncio.sleep(0.1)
    assert not target.listed  # it comes back: nothing is told without it
    other.apply(Broken(trouble, 1.0))
    await until(lambda: target.listed)
    assert target.resources["1"].copies == -1  # type: ignore[attr-defined]
    assert isinstance(target.trouble, InPart), "what it is completed by is missing, not it"
    assert target.trouble.message == f"What depends on {plain(APP.plural)} is not told. {trouble.message}"
    assert target.knows("shop"), "what is not in it is not there"
    other.apply(Listed([App(id="9", title="x")]))
    await until(lambda: target.resources["1"].copies == 1)  # type: ignore[attr-defined]
    assert target.trouble is None


async def test_where_it_cannot_be_seen_itself_is_said_before_what_would_complete_it() -> None:
    other = Store(1, replace(APP, name="other"))
    join: Join[Any] = Join(kinds=("other",), make=_told_how_many, without=frozenset({"other"}))
    target = Store(1, replace(APP, name="joined", join=join))
    joiner = Joiner(target, join, {"other": other})
    joiner.start()
    joiner.told.apply(Listed([]))
    joiner.told.apply(Broken(Refused("Not these in a."), 1.0, frozenset({"a"})))
    other.apply(Broken(Refused("Not the others."), 1.0))
    await until(lambda: target.trouble)
    assert target.trouble is not None
    assert (target.trouble.message, target.hidden) == ("Not these in a.", frozenset({"a"}))
    joiner.stop()


async def test_what_cannot_be_seen_anywhere_counts_before_what_cannot_be_seen_in_one_namespace() -> None:
    narrow, wide = (Store(1, replace(APP, name=name)) for name in ("narrow", "wide"))
    join: Join[Any] = Join(kinds=("narrow", "wide"), make=lambda own, others: list(own))
    target = Store(1, replace(APP, name="joined", join=join))
    joiner = Joiner(target, join, {"narrow": narrow, "wide": wide})
    joiner.start()
    for store in (joiner.told, narrow, wide):
        store.apply(Listed([]))
    narrow.apply(Broken(Refused("Our account may not."), 1.0, frozenset({"a"})))
    await until(lambda: target.trouble)
    assert target.hidden == {"a"}
    wide.apply(Broken(Refused("Nor there."), 1.0, frozenset({"c"})))
    await until(lambda: target.hidden == {"a", "c"})
    wide.apply(Broken(Unreachable("It is silent."), 1.0))
    await until(lambda: not target.hidden)
    assert target.trouble is not None
    assert target.trouble.message == "It is silent."
    assert not target.knows("b")
    joiner.stop()
