"""The history of usage: an hour of it, by our own clock, without spikes."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

from clusters.drivers.base import Usage
from clusters.drivers.docker.metrics import Meter, _Counters
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.project import PROJECT
from clusters.kinds.docker.project_model import Project
from clusters.live.cluster import ClusterInfo
from clusters.live.row import Row
from clusters.live.usage import Sampler, usage_history


def _counters(at: float, cpu: float, net: float = 0.0, cores: int = 2) -> _Counters:
    return _Counters(at, time.monotonic(), cpu, 1.0, (net, net), (0.0, 0.0), cores)


def _rates(*counters: _Counters) -> list[Usage]:
    meter: Any = Meter(SimpleNamespace())  # type: ignore[arg-type]
    found = []
    for one in counters:
        found.append(meter._usage(SimpleNamespace(uid="a"), one))
        meter._before["a"] = one
    return found


def test_a_counter_that_was_reset_is_a_gap_and_no_spike() -> None:
    found = _rates(_counters(100, 50, 1000), _counters(105, 51, 2000), _counters(110, 0.1, 5), _counters(115, 0.6, 10))
    assert [one.cpu for one in found] == [None, 0.2, None, 0.1]
    assert [one.net_in for one in found] == [None, 200.0, None, 1.0]


def test_more_than_the_machine_has_is_not_measured() -> None:
    found = _rates(_counters(100, 1), _counters(101, 10**9))
    assert found[1].cpu is None


def test_a_pause_of_minutes_says_nothing_about_now() -> None:
    found = _rates(_counters(100, 1), _counters(400, 2))
    assert found[1].cpu is None


def test_what_is_older_than_an_hour_is_not_shown() -> None:
    sampler: Any = Sampler(SimpleNamespace())  # type: ignore[arg-type]
    now = time.time()
    sampler._history["row"] = [Usage(at=now - 4000, cpu=1.0, memory=1.0), Usage(at=now, cpu=2.0, memory=None)]
    history = usage_history(sampler.history("row"))
    assert [point[1:3] for point in history["points"]] == [[2.0, None]]
    assert history["gap"] > 10


class Engine:
    """Measures whatever it is asked for, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def usage(self, kind: Any, resources: Any) -> dict[str, Usage]:
        self.asked.append([one.uid for one in resources])
        return {one.uid: Usage(at=0.0, cpu=0.25, memory=100.0) for one in resources}


async def silent(kind: Any, resources: Any) -> dict[str, Usage]:
    """It tells of none of them."""
    return {}


def _watched(engine: Engine, kind: Any, resource: Any) -> tuple[Sampler, str]:
    """A sampler that knows this one resource."""
    stores = {"container": SimpleNamespace(kind=CONTAINER)}
    cluster = ClusterInfo(1, "box", "box", "docker", "docker")
    row = Row(cluster, kind, resource, kind.health(resource))
    connection = SimpleNamespace(driver=engine, stores=stores, contact=SimpleNamespace(error=None), cluster=cluster)
    supervisor: Any = SimpleNamespace(
        hub=SimpleNamespace(windows=list), row=lambda row_id: row, connections={1: connection}
    )
    return Sampler(supervisor), row.id


async def test_a_page_is_sampled_every_second_once_for_all_who_look_and_no_more_when_nobody_does() -> None:
    engine = Engine()
    sampler, row_id = _watched(engine, CONTAINER, Container(id="a"))
    task = asyncio.create_task(sampler.run())
    try:
        await asyncio.sleep(0.3)
        assert not engine.asked
        sampler.look(row_id)
        sampler.look(row_id)
        await asyncio.sleep(2.6)
        assert 3 <= len(engine.asked) <= 4
        assert len(sampler.history(row_id)) == len(engine.asked)
        sampler.look_away(row_id)
        sampler.look_away(row_id)
        await asyncio.sleep(1.2)
        asked = len(engine.asked)
        await asyncio.sleep(1.5)
        assert len(engine.asked) == asked
    finally:
        task.cancel()


async def test_what_is_not_measured_any_longer_does_not_keep_its_last_numbers() -> None:
    """The node of a pod fell silent: its cluster answers, and tells nothing of it."""
    sampler, row_id = _watched(Engine(), CONTAINER, Container(id="a"))
    row = sampler._supervisor.row(row_id)
    assert row is not None
    await sampler._sample(1, {row_id: row})
    sampler._history[row_id][-1] = Usage(at=time.time() - 21, cpu=0.25, memory=100.0)
    assert sampler.last(row_id) is None
    sampler._supervisor.connections[1].driver.usage = silent  # type: ignore[method-assign]
    await sampler._sample(1, {row_id: row})
    last = sampler.last(row_id)
    assert last is not None
    assert (last.cpu, last.memory) == (None, None)


async def test_a_project_uses_what_its_containers_use() -> None:
    engine = Engine()
    containers = (Container(id="a"), Container(id="b"))
    project = Project(title="shop", containers=containers, states=tuple(map(CONTAINER.health, containers)))
    sampler, row_id = _watched(engine, PROJECT, project)
    task = asyncio.create_task(sampler.run())
    try:
        sampler.look(row_id)
        await asyncio.sleep(0.5)
        last = sampler.last(row_id)
        assert last is not None
        assert (last.cpu, last.memory, sorted(engine.asked[0])) == (0.5, 200.0, ["a", "b"])
    finally:
        task.cancel()


def test_of_an_hour_in_seconds_the_last_minutes_are_kept_in_seconds() -> None:
    sampler: Any = Sampler(SimpleNamespace())  # type: ignore[arg-type]
    began = time.time() - 3600
    for second in range(3600):
        sampler._keep("row", Usage(at=began + second, cpu=1.0, memory=1.0))
    times = [one.at - began for one in sampler.history("row")]
    assert len([at for at in times if at > 3300]) >= 299
    assert len(times) < 300 + 720 + 60
    assert min(times) < 10
