"""What changed is told once each, in words, and kept within bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from clusters.drivers.demo.host.world import HostWorld
from clusters.drivers.demo.shop.world import ShopWorld
from clusters.drivers.demo.world import World
from clusters.kinds import KINDS
from clusters.kinds.base import Health, Level
from clusters.models import Cluster, Moment
from clusters.triage import moments
from clusters.triage.changes import Happened, Watcher
from clusters.triage.finding import Finding
from clusters.triage.moments import MOST_WAITING, Recorder
from clusters.triage.symptoms import Thing
from clusters.triage.troubles import Troubles

START = 1_800_000_000.0

FINE = Health(Level.HEALTHY, "Fine")


class Witness:
    """Watches the apps of a world as the live triage would."""

    def __init__(self, world: World, platform: Any, kind: str) -> None:
        self.world = world
        self.kind = next(one for one in KINDS[platform] if one.name == kind)
        self.watcher = Watcher()
        self.dirty: list[str] = []
        for one in world.all(self.kind.api):
            self.watcher.meet(self._thing(one))
        world.listen(lambda collection, uid: self.dirty.append(uid) if collection == self.kind.api else None)

    def step(self, until: float) -> list[tuple[str, str]]:
        said: list[Happened] = []
        while self.world.now < until:
            self.world.step(min(until, self.world.now + 0.5))
            dirty, self.dirty = list(dict.fromkeys(self.dirty)), []
            for uid in dirty:
                one = self.world.get(self.kind.api, uid)
                if one is None:
                    self.watcher.removed(f"1~{self.kind.name}~{uid}", self.world.now)
                else:
                    said += self.watcher.changed(self._thing(one), self.world.now)
            said += self.watcher.tick(self.world.now)
        return [(one.what, one.words) for one in said]

    def _thing(self, one: dict[str, Any]) -> Thing:
        shown = self.world.shown(self.kind.api, one)
        resource = msgspec.json.decode(msgspec.json.encode(shown), type=self.kind.model)
        return Thing(1, self.kind, resource, self.kind.health(resource))


def test_a_rollout_is_told_when_it_begins_and_when_it_is_done() -> None:
    world = ShopWorld(7, START, calm=True)
    witness = Witness(world, "kubernetes", "deployment")
    world.release("shop", "web", "6.0.0")
    assert witness.step(START + 60) == [
        ("new version", "web is changing from 5.11.3 to 6.0.0"),
        ("rolled out", "web 6.0.0 runs everywhere"),
    ]


def test_scaling_says_from_how_many_to_how_many() -> None:
    world = ShopWorld(7, START, calm=True)
    witness = Witness(world, "kubernetes", "deployment")
    web = world.named("apps/v1/deployments", "shop", "web")
    web["spec"]["replicas"] = 6
    world.save(web)
    assert ("scaled", "web scaled from 4 to 6") in witness.step(START + 30)


def test_a_run_of_a_cron_job_is_no_scaling() -> None:
    kind = next(one for one in KINDS["kubernetes"] if one.name == "cron-job")
    tree = {"metadata": {"name": "report", "namespace": "shop", "uid": "c1", "resourceVersion": "1"},
            "spec": {"schedule": "* * * * *"}, "status": {}}  # fmt: skip
    watcher = Watcher()
    idle, busy = (
        Thing(1, kind, msgspec.convert(tree | {"status": {"active": active}}, kind.model), FINE)
        for active in ([], [{"name": "report-1", "uid": "j1"}])
    )
    watcher.meet(idle)
    assert watcher.changed(busy, START) == []
    assert watcher.changed(idle, START + 5) == []


def test_a_container_made_anew_under_its_name_is_a_new_version() -> None:
    world = HostWorld(7, START)
    witness = Witness(world, "docker", "container")
    said = witness.step(START + 200)
    assert ("new version", "shop-web-1 is changing from 5.11.3 to 5.11.4") in said
    assert not [one for one in said if one[0] in ("appeared", "removed")]


def test_a_container_that_is_gone_for_good_was_removed() -> None:
    world = HostWorld(7, START, calm=True)
    witness = Witness(world, "docker", "container")
    world.drop("containers", world.container("monitor")["Id"])
    assert witness.step(START + 30) == [("removed", "monitor was removed")]


def trouble(level: Level = Level.AT_RISK) -> Finding:
    return Finding(
        "1~deployment~u",
        level,
        1,
        "shop",
        "deployment",
        "1~deployment~u",
        "shop/web",
        "web keeps crashing",
        "It stops.",
        "failing",
        since=START,
    )


def test_what_comes_and_goes_began_once_and_is_over_once() -> None:
    troubles, said = Troubles(), []
    for second in range(100):
        there = second < 60 and second % 10 < 5
        said += troubles.judge([trouble()] if there else [], START + second)
    assert [(one.what, one.words) for one in said] == [
        ("at risk", "web keeps crashing"),
        ("recovered", "web is well again after less than a minute"),
    ]


def test_what_gets_worse_is_told_again() -> None:
    troubles = Troubles()
    assert [one.what for one in troubles.judge([trouble()], START)] == ["at risk"]
    assert [one.what for one in troubles.judge([trouble(Level.FAILING)], START + 5)] == ["failing"]
    assert troubles.judge([trouble()], START + 9) == []


def happened(cluster: Cluster, words: str = "web changed", namespace: str = "shop") -> Happened:
    return Happened(START, cluster.pk, "deployment", namespace, "web", "u", "scaled", words, Level.HEALTHY)


@pytest.mark.django_db(transaction=True)
async def test_moments_are_kept_in_batches_and_never_for_a_cluster_that_is_gone(shop: Cluster) -> None:
    recorder = Recorder()
    elsewhere = Happened(START, 999, "pod", "", "x", "x", "removed", "x", Level.STOPPED)
    recorder.add([happened(shop), happened(shop), elsewhere])
    await recorder.flush()
    await recorder.flush()
    assert await Moment.objects.acount() == 2


@pytest.mark.django_db(transaction=True)
async def test_what_waits_is_bounded_and_the_newest_is_kept(shop: Cluster) -> None:
    recorder = Recorder()
    recorder.add(happened(shop, str(number)) for number in range(MOST_WAITING + 5))
    await recorder.flush()
    assert await Moment.objects.acount() == MOST_WAITING
    assert await Moment.objects.filter(words="0").acount() == 0


@pytest.mark.django_db(transaction=True)
async def test_old_moments_are_thrown_away(shop: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "KEEP_ROWS", 3)
    now = datetime.now(UTC)
    for days in (40, 3, 2, 1, 0):
        at, words = now - timedelta(days=days), f"{days} days ago"
        await Moment.objects.acreate(
            at=at, cluster=shop, kind="deployment", name="web", uid="u", what="scaled", words=words
        )
    await moments.tidy()
    assert [one.words async for one in Moment.objects.all()] == ["0 days ago", "1 days ago", "2 days ago"]


@pytest.mark.django_db(transaction=True)
async def test_only_what_is_shared_is_shown(shop: Cluster, vault: Cluster) -> None:
    recorder = Recorder()
    recorder.add([happened(shop, "mine"), happened(shop, "other namespace", "data"), happened(vault, "other cluster")])
    await recorder.flush()
    assert [one.words for one in await moments.newest({shop.pk: frozenset({"shop"})}, 10)] == ["mine"]
    assert len(await moments.newest({shop.pk: None, vault.pk: None}, 10)) == 3
    assert await moments.newest({}, 10) == []


def test_what_is_wrong_in_a_cluster_that_falls_silent_is_not_called_well_again() -> None:
    troubles = Troubles()
    troubles.judge([trouble()], START)
    for second in (10, 50, 100):
        assert troubles.judge([], START + second, {trouble().cluster}) == []
    for second in (110, 139):
        assert troubles.judge([], START + second) == []
    assert [one.what for one in troubles.judge([], START + 141)] == ["recovered"]
