"""A deployment is judged with its copies: it does not look well each time its crashing pods are up for a moment."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Copy, Health, Level
from clusters.kinds.kubernetes import KINDS
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.live.cluster import ClusterInfo
from clusters.live.families import Families
from clusters.live.resource import Changed, Coming, Listed
from clusters.live.row import Row
from clusters.live.store import Store
from tests.clusters.test_deployment_kind import COMPLETE, SERVES, UPDATING, down, made

# Two copies of a program that lives for six seconds, as a real cluster told of them for five minutes.
RECORDED = json.loads((Path(__file__).parents[1] / "recorded" / "kubernetes" / "crash-loop.json").read_bytes())
SECOND_END = 1795725618


class Cluster:
    """The stores of one cluster, fed with what was recorded."""

    def __init__(self) -> None:
        self.stores = {kind.name: Store(1, kind) for kind in KINDS}
        self.waiting: list[Callable[[], None]] = []
        self.families = Families(self.stores, lambda delay, act: self.waiting.append(act))

    def tell(self, moment: dict[str, Any]) -> None:
        """What the cluster said then: first of the pods, as a real one does."""
        for kind, name, sort in ((POD, "pods", "pod"), (REPLICA_SET, "replicaSet", ""), (DEPLOYMENT, "deployment", "")):
            trees = RECORDED["pods"] if sort else [RECORDED[name]]
            statuses = moment["pods"] if sort else [moment[name]]
            found = [_object(kind, *pair, moment["at"]) for pair in zip(trees, statuses, strict=True)]
            store = self.stores[kind.name]
            store.apply(Changed(found, ()) if store.listed else Listed(found))
        self.settle()

    def settle(self) -> None:
        """What was put off for a moment happens."""
        while self.waiting:
            self.waiting.pop()()

    @property
    def deployment(self) -> Row:
        store = self.stores["deployment"]
        uid = next(iter(store.resources))
        info = ClusterInfo(1, "Test", "test", "kubernetes", "kubernetes")
        return Row(info, DEPLOYMENT, store.resources[uid], store.health[uid], store.copies)


METAS = [{"name": name, "namespace": "shop", "uid": name} for name in ("owner", "alone")]


def owned(uid: str, by: str, kind: str) -> dict[str, Any]:
    owner = {"uid": by, "kind": kind, "name": by, "apiVersion": "apps/v1", "controller": True}
    return {"metadata": {"name": uid, "namespace": "shop", "uid": uid, "ownerReferences": [owner]}}


def _object(kind: Any, tree: Any, status: Any, version: int) -> Any:
    whole = {**tree, "metadata": {**tree["metadata"], "resourceVersion": str(version)}, "status": status}
    return msgspec.convert(whole, kind.model)


@pytest.fixture
def replayed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Cluster]]:
    def moments() -> Iterator[tuple[int, Cluster]]:
        cluster = Cluster()
        for moment in RECORDED["moments"]:
            monkeypatch.setattr(time, "time", lambda at=moment["at"]: at + 0.5)
            cluster.tell(moment)
            yield moment["at"], cluster

    return moments()


def test_from_the_second_end_on_it_is_failing_and_stays_so(replayed: Iterator[tuple[int, Cluster]]) -> None:
    judged = [cluster.deployment.health for at, cluster in replayed if at >= SECOND_END]
    assert len(judged) == 10
    assert {(one.level, one.word, one.reason, one.code) for one in judged} == {
        (
            Level.FAILING,
            "Crashing",
            "0 of 2 copies stay up. It stops again and again. The program ended with an error.",
            "exit 3 · CrashLoopBackOff",
        )
    }


def test_before_that_nobody_is_woken(replayed: Iterator[tuple[int, Cluster]]) -> None:
    early = [cluster.deployment.health.level for at, cluster in replayed if at < SECOND_END]
    assert Level.FAILING not in early


def test_its_replica_set_and_its_pods_say_the_same(replayed: Iterator[tuple[int, Cluster]]) -> None:
    for at, cluster in replayed:
        if at >= SECOND_END:
            for name in ("pod", "replica-set"):
                assert {one.word for one in cluster.stores[name].health.values()} == {"Crashing"}, at


def test_its_restarts_are_those_of_its_pods(replayed: Iterator[tuple[int, Cluster]]) -> None:
    sums = [cluster.deployment.restarts for _, cluster in replayed]
    assert sums == [0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 10]


def test_once_it_stays_up_time_alone_makes_it_well(
    replayed: Iterator[tuple[int, Cluster]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, cluster in replayed:
        if at == 1795725631:  # both are up, since one or two seconds
            break
    assert cluster.deployment.health.level is Level.FAILING
    later(cluster, 1795725631 + 50, monkeypatch)
    assert cluster.deployment.health.level is Level.FAILING
    later(cluster, 1795725631 + 70, monkeypatch)
    assert cluster.deployment.health == Health(Level.HEALTHY, "Running")


def later(cluster: Cluster, at: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told, and time passes."""
    monkeypatch.setattr(time, "time", lambda: at)
    for store in cluster.stores.values():
        store.look_again()
    cluster.settle()


def test_copies_that_are_not_known_yet_say_nothing() -> None:
    cluster = Cluster()
    cluster.stores["deployment"].apply(Listed([_object(DEPLOYMENT, RECORDED["deployment"], {}, 1)]))
    assert cluster.deployment.restarts is None


def test_the_first_list_of_copies_judges_in_slices_only_what_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusters.live.families.SLICE", 1)
    cluster, told = Cluster(), list[list[str]]()
    owner, alone = (_object(DEPLOYMENT, RECORDED["deployment"] | {"metadata": meta}, {}, 1) for meta in METAS)
    cluster.stores["deployment"].apply(Listed([owner, alone]))
    cluster.settle()
    between = _object(REPLICA_SET, owned("set", "owner", "Deployment"), {}, 1)
    cluster.stores["replica-set"].apply(Listed([between]))
    cluster.settle()
    for name in ("deployment", "replica-set"):
        cluster.stores[name].subscribe(lambda _, deltas: told.append([after.uid for _, after in deltas if after]))
    pod = _object(POD, owned("pod", "set", "ReplicaSet"), {}, 1)
    cluster.stores["pod"].apply(Coming([pod]))
    assert not cluster.waiting
    cluster.stores["pod"].apply(Listed([pod]))
    cluster.settle()
    assert told == [["set"], ["owner"]]


def test_a_copy_of_another_namespace_is_no_copy(replayed: Iterator[tuple[int, Cluster]]) -> None:
    _, cluster = next(replayed)
    foreign = {**RECORDED["pods"][0]["metadata"], "uid": "foreign", "namespace": "elsewhere"}
    cluster.stores["pod"].apply(Changed([_object(POD, {**RECORDED["pods"][0], "metadata": foreign}, {}, 9)], ()))
    copies = cluster.stores["deployment"].copies
    assert copies is not None
    assert len(copies(cluster.deployment.resource) or ()) == 2


def test_a_copy_that_is_removed_counts_no_longer(replayed: Iterator[tuple[int, Cluster]]) -> None:
    *_, (_, cluster) = replayed
    cluster.stores["pod"].apply(Changed((), [RECORDED["pods"][0]["metadata"]["uid"]]))
    cluster.settle()
    assert cluster.deployment.restarts == 5


CRASHING = Health(Level.FAILING, "Crashing", "It stops again and again.", "exit 1 · CrashLoopBackOff", 50.0)
ABSENT = Health(Level.FAILING, "No image", "There is no such image or tag. (web:9)", "ImagePullBackOff", 60.0)
WELL = Health(Level.HEALTHY, "Running")


def judged(*copies: Health, **status: Any) -> Health:
    one = made(**status)
    pod = msgspec.convert({"status": {"phase": "Running"}}, POD.model)
    assert DEPLOYMENT.with_copies is not None
    return DEPLOYMENT.with_copies(one, DEPLOYMENT.health(one), [Copy(pod, health) for health in copies])


def test_some_that_crash_are_a_risk_and_all_a_failure() -> None:
    some = judged(WELL, CRASHING, CRASHING, wanted=3)
    assert (some.level, some.word, some.since) == (Level.AT_RISK, "Degraded", 50.0)
    assert some.reason == "1 of 3 copies stay up. It stops again and again."
    alone = judged(CRASHING, wanted=1, ready=1, updated=1, total=1)
    assert (alone.level, alone.reason) == (Level.FAILING, "Its only copy does not stay up. It stops again and again.")


def test_a_new_version_whose_copies_do_not_come_up_is_stuck_long_before_the_cluster_gives_up() -> None:
    rollout = {"ready": 3, "updated": 1, "total": 4, "wanted": 3, "conditions": [UPDATING, SERVES]}
    health = judged(WELL, WELL, WELL, ABSENT, **rollout)
    assert (health.level, health.word, health.code) == (Level.AT_RISK, "Stuck", "ImagePullBackOff")
    assert health.reason == (
        "Its new version is stuck: 1 copy does not come up. There is no such image or tag. (web:9) "
        "3 other copies still serve."
    )
    assert judged(ABSENT, ABSENT, **rollout).level is Level.FAILING


HELD_BACK = Health(Level.AT_RISK, "Not ready", "Its own check says no.", "ContainersNotReady", 70.0)
COMING = Health(Level.CHANGING, "Starting", "It runs, and does not take work. Its own check does not let it yet.")


def test_a_new_version_that_its_own_check_holds_back_is_stuck_while_the_old_one_serves() -> None:
    rollout = {"ready": 3, "updated": 1, "total": 4, "wanted": 3, "conditions": [UPDATING, SERVES]}
    health = judged(WELL, WELL, WELL, HELD_BACK, **rollout)
    assert (health.level, health.word, health.since) == (Level.AT_RISK, "Stuck", 70.0)
    assert health.reason == (
        "Its new version is stuck: 1 copy does not come up. Its own check says no. 3 other copies still serve."
    )


def test_a_rollout_says_what_its_copies_wait_for() -> None:
    rollout = {"ready": 3, "updated": 1, "total": 4, "wanted": 3, "conditions": [UPDATING, SERVES]}
    health = judged(WELL, WELL, WELL, COMING, **rollout)
    assert (health.level, health.word) == (Level.CHANGING, "Updating")
    assert health.reason == f"0 of 3 new copies are ready. {COMING.reason}"


def test_what_is_said_of_copies_does_not_hide_what_weighs_more() -> None:
    assert judged(CRASHING, ready=0, updated=0, total=0, wanted=0).level is Level.STOPPED
    assert judged(CRASHING, deletionTimestamp="2026-01-01T00:00:00Z").word == "Ending"
    assert judged(WELL, WELL, conditions=[COMPLETE, down(300)], ready=0).word == "Down"


def test_pods_left_for_reading_only_are_no_copies() -> None:
    one = made()
    failed = msgspec.convert({"status": {"phase": "Failed"}}, POD.model)
    assert DEPLOYMENT.with_copies is not None
    assert DEPLOYMENT.with_copies(one, WELL, [Copy(failed, CRASHING), *[Copy(failed, WELL)] * 4]) == WELL
