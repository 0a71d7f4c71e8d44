"""A finding stays a little while its app is starting again, and no longer: what it says is not true any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Platform
from clusters.kinds import KINDS
from clusters.kinds.base import Level
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.live.resource import Listed
from clusters.live.store import Store
from clusters.triage.finding import Finding
from clusters.triage.live import TICK, Triage
from clusters.triage.rules.merging import merged
from clusters.triage.sightings import COMES_BACK, Sightings
from tests.clusters.swarm_things import named, resources

BEGAN = 1_800_000_000.0


class Clock:
    at = BEGAN


@pytest.fixture(autouse=True)
def _time(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock.at = BEGAN
    monkeypatch.setattr("time.time", lambda: Clock.at)


def deployment(serving: int, reason: str) -> Deployment:
    available = {"type": "Available", "status": "True" if serving else "False", "reason": reason}
    tree = {
        "metadata": {"name": "web", "namespace": "shop", "uid": "d1", "generation": 1, "resourceVersion": str(serving + 1)},
        "spec": {"replicas": 50, "template": {"spec": {"containers": [{"name": "web", "image": "shop/web:2"}]}}},
        "status": {
            "observedGeneration": 1, "replicas": 50, "updatedReplicas": 50, "readyReplicas": serving, "availableReplicas": serving,
            "conditions": [
                available | {"lastTransitionTime": "2027-01-15T07:50:00Z"},
                {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "lastTransitionTime": "2027-01-15T07:50:00Z"},
            ],
        },
    }  # fmt: skip
    return msgspec.convert(tree, Deployment)


class Scene:
    """A triage that hears one cluster with one deployment, and time that passes when it is told to."""

    def __init__(self) -> None:
        self.state = "live"
        self.stores = {kind.name: Store(1, kind) for kind in KINDS["kubernetes"]}
        connection = SimpleNamespace(
            cluster=SimpleNamespace(id=1, name="prod"),
            contact=SimpleNamespace(state=lambda now: self.state, heard=BEGAN, error=None),
            driver=SimpleNamespace(platform="kubernetes"), stores=self.stores, about=None, noticers=[],
        )  # fmt: skip
        nothing: Callable[..., Any] = lambda *_: lambda: None  # noqa: E731
        supervisor: Any = SimpleNamespace(
            connections={1: connection}, on_clusters=nothing, on_state=nothing, stores=self.stores.values, row=self._row
        )
        self.triage = Triage(supervisor)
        self.triage._follow_all()

    def turns_into(self, platform: Platform) -> None:
        """What both platforms have goes on, as in Connection.become."""
        before = dict(self.stores)
        self.stores.clear()
        self.stores.update({kind.name: before.get(kind.name) or Store(1, kind) for kind in KINDS[platform]})
        self.triage._follow_all()

    def _row(self, row: str) -> Any:
        _, kind, uid = row.split("~")
        store = self.stores.get(kind)
        return SimpleNamespace(health=store.health[uid]) if store is not None and uid in store.health else None

    def says(self, one: Deployment) -> None:
        self.stores[DEPLOYMENT.name].apply(Listed([one]))

    def titles_after(self, seconds: float) -> list[str]:
        """What is found then, with everything that happens by itself until then."""
        for _ in range(int(seconds / TICK)):
            Clock.at += TICK
            self.triage._tell()
            self.triage._sightings.forget({one.id for one in self.triage.findings({1: None})}, Clock.at)
        return [one.title for one in self.triage.findings({1: None})]


async def test_what_was_down_and_serves_again_is_not_called_down_as_long_as_it_is_changing() -> None:
    scene = Scene()
    scene.says(deployment(0, "MinimumReplicasUnavailable"))
    assert scene.titles_after(10) == ["web is down"]
    scene.says(deployment(49, "MinimumReplicasAvailable"))
    assert scene.titles_after(5) == ["web is down"], "it may crash again: one trouble does not come and go"
    assert scene.titles_after(COMES_BACK + TICK) == []


async def test_what_stays_down_stays_found() -> None:
    scene = Scene()
    scene.says(deployment(0, "MinimumReplicasUnavailable"))
    assert scene.titles_after(120) == ["web is down"]


async def test_whoever_looks_at_one_cluster_alone_is_told_at_once_what_was_one_finding_of_several() -> None:
    seen, now = Sightings(), BEGAN
    alone = Finding(id="1~pod~a", level=Level.FAILING, cluster=1, namespace="shop", kind="pod", row="1~pod~a", key="shop/a",
                    title="a fails", cause="", icon="failing")  # fmt: skip
    other = replace(alone, id="2~pod~b")
    seen.note([merged([alone, other], identity="image~x", title="x fails", cause="")], (), now)
    assert seen.lasts(alone, now + 5)
    seen.note([alone], (), now + 5)
    assert seen.lasts(alone, now + 5)


async def test_a_cluster_that_does_not_answer_is_said_at_once_and_all_is_well_at_no_time() -> None:
    scene = Scene()
    scene.says(deployment(0, "MinimumReplicasUnavailable"))
    assert scene.titles_after(10) == ["web is down"]
    scene.state = "down"
    scene.triage._tell()
    assert scene.titles_after(0) == ["Cluster prod does not answer"]


async def test_what_was_wrong_before_a_cluster_fell_silent_is_said_at_once_when_it_is_heard_again() -> None:
    scene = Scene()
    scene.says(deployment(0, "MinimumReplicasUnavailable"))
    assert scene.titles_after(10) == ["web is down"]
    scene.state = "down"
    assert scene.titles_after(600) == ["Cluster prod does not answer"]
    scene.state = "live"
    scene.triage._tell()
    assert scene.titles_after(0) == ["web is down"]


async def test_what_is_wrong_in_a_swarm_that_was_begun_while_its_engine_is_connected_is_found() -> None:
    scene = Scene()
    scene.turns_into("docker")
    assert scene.titles_after(10) == []
    scene.turns_into("swarm")
    swarm = resources(named("swarm"))[0]
    lost = msgspec.structs.replace(swarm, error="The swarm does not have a leader.", revision="2")
    scene.stores["swarm"].apply(Listed([swarm]))
    scene.stores["swarm"].apply(Listed([lost]))
    assert scene.titles_after(10) == [f"{swarm.name} cannot decide"]
    scene.turns_into("docker")
    assert scene.titles_after(10) == []
