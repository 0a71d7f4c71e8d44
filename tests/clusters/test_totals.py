"""What whole clusters use: measured while somebody looks, in as few calls as can be, and not at all when nobody does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.drivers.base import About, Usage
from clusters.errors import Unreachable
from clusters.kinds.base import Kind
from clusters.live import totals
from clusters.live.contact import Contact
from clusters.live.resource import Broken, Listed
from clusters.live.store import Store
from clusters.live.totals import Totals
from tests.clusters.fakes import APP, App

MACHINE = changed(APP, makes_up_usage=True, usage_at_once=True)
PROGRAM = changed(APP, makes_up_usage=True)


@dataclass
class Meter:
    """A driver that measures, and counts how often it was asked."""

    asked: list[int] = field(default_factory=list)
    fails: Exception | None = None
    uses: float = 1.0

    async def usage(self, kind: Kind[Any], resources: Sequence[App]) -> Mapping[str, Usage]:
        self.asked.append(len(resources))
        if self.fails:
            raise self.fails
        return {one.uid: Usage(time.time(), self.uses, 100.0, cpu_limit=4.0, memory_limit=400.0) for one in resources}


def cluster(number: int, kind: Kind[Any], things: int, about: About | None = None) -> Any:
    """A cluster that holds so many things of that kind."""
    store = Store(number, kind)
    store.apply(Listed([App(id=f"u{index}", title=f"t{index}") for index in range(things)]))
    return SimpleNamespace(
        cluster=SimpleNamespace(id=number, name=f"c{number}"), stores={kind.name: store}, contact=Contact(),
        about=about or About("docker", "1"), driver=Meter(),
    )  # fmt: skip


class Scene:
    def __init__(self, *clusters: Any) -> None:
        self.clusters = {one.cluster.id: one for one in clusters}
        self.rounds = 0
        self.totals = Totals(SimpleNamespace(connections=self.clusters), self._sampled)  # type: ignore[arg-type]

    def _sampled(self) -> None:
        self.rounds += 1

    async def round(self) -> None:
        before = self.rounds
        async with asyncio.timeout(5):
            while self.rounds == before:
                await asyncio.sleep(0.005)


@pytest.fixture
async def running(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Scene]]:
    monkeypatch.setattr(totals, "EVERY", 0.05)
    tasks = []

    def begin(*clusters: Any) -> Scene:
        scene = Scene(*clusters)
        tasks.append(asyncio.create_task(scene.totals.run()))
        return scene

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_nobody_looks_nothing_is_asked_and_it_ends_when_the_last_one_looks_away(
    running: Callable[..., Scene],
) -> None:
    one = cluster(1, MACHINE, 3)
    scene = running(one)
    await asyncio.sleep(0.2)
    assert one.driver.asked == []
    leave_first, leave_second = scene.totals.look([1]), scene.totals.look([1])
    await scene.round()
    leave_first()
    await scene.round()
    leave_second()
    await asyncio.sleep(0.2)
    asked = len(one.driver.asked)
    await asyncio.sleep(0.3)
    assert len(one.driver.asked) == asked


async def test_all_machines_of_a_cluster_are_one_call_and_one_sum(running: Callable[..., Scene]) -> None:
    one = cluster(1, MACHINE, 120)
    scene = running(one)
    scene.totals.look([1])
    await scene.round()
    assert one.driver.asked[0] == 120
    last = scene.totals.last(1)
    assert last is not None
    assert (last.cpu, last.cpu_limit) == (120.0, 480.0)


async def test_a_host_is_what_its_machine_has_and_not_the_limits_of_its_containers(
    running: Callable[..., Scene],
) -> None:
    scene = running(cluster(1, PROGRAM, 2, About("docker", "1", cores=8.0, memory=800.0)))
    scene.totals.look([1])
    await scene.round()
    last = scene.totals.last(1)
    assert last is not None
    assert (last.cpu, last.cpu_limit, last.memory_limit) == (2.0, 8.0, 800.0)


async def test_more_things_than_can_be_measured_one_by_one_are_not_measured_and_that_is_said(
    running: Callable[..., Scene],
) -> None:
    one = cluster(1, PROGRAM, totals.MOST + 1)
    scene = running(one)
    scene.totals.look([1])
    await scene.round()
    assert one.driver.asked == []
    assert scene.totals.last(1) is None
    assert scene.totals.why_not(1) == "runs more than 50 apps"


async def test_a_cluster_that_is_silent_refuses_or_fails_stops_no_other(running: Callable[..., Scene]) -> None:
    silent, failing, hidden, well = (cluster(number, MACHINE, 1) for number in (1, 2, 3, 4))
    silent.contact.lose(Unreachable("cut"))
    failing.driver.fails = RuntimeError("a fault of ours")
    hidden.stores["app"] = Store(3, MACHINE)
    hidden.stores["app"].apply(Broken(Unreachable("no"), 1.0))
    scene = running(silent, failing, hidden, well)
    scene.totals.look([1, 2, 3, 4])
    await scene.round()
    assert [scene.totals.why_not(one) for one in (1, 2, 3, 4)] == [
        "does not answer", "tells no usage", "does not show its apps", "",
    ]  # fmt: skip
    assert silent.driver.asked == []
    assert scene.totals.last(4) is not None


async def test_where_nothing_runs_nothing_is_used(running: Callable[..., Scene]) -> None:
    one = cluster(1, PROGRAM, 0, About("docker", "1", cores=8.0, memory=800.0))
    scene = running(one)
    scene.totals.look([1])
    await scene.round()
    last = scene.totals.last(1)
    assert last is not None
    assert (last.cpu, last.memory, last.cpu_limit) == (0.0, 0.0, 8.0)
    assert one.driver.asked == []


async def test_an_old_sample_is_history_and_not_now(
    running: Callable[..., Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = running(cluster(1, MACHINE, 1))
    leave = scene.totals.look([1])
    await scene.round()
    leave()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + totals.FRESH + 1)
    assert scene.totals.last(1) is None
    assert len(scene.totals.history(1)) >= 1
    monkeypatch.setattr(time, "time", lambda: now + 3700)
    assert scene.totals.history(1) == []


async def test_what_was_removed_is_forgotten(running: Callable[..., Scene]) -> None:
    scene = running(cluster(1, MACHINE, 1), cluster(2, MACHINE, 1))
    scene.totals.look([1, 2])
    await scene.round()
    del scene.clusters[1]
    await scene.round()
    assert scene.totals.history(1) == []
    assert scene.totals.last(2) is not None
