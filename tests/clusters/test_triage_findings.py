"""One cause is one finding: copies, projects, machines and whole clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.drivers.demo.host.world import HostWorld
from clusters.drivers.demo.shop.world import ShopWorld
from clusters.drivers.demo.world import World
from clusters.errors import Unreachable
from clusters.kinds import KINDS
from clusters.kinds.base import Copy, Health, Level
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.pod import POD
from clusters.live.families import Families
from clusters.live.resource import Listed
from clusters.live.store import Store
from clusters.triage.engine import NewVersion, _cause, _logs_of_copies, counts, find
from clusters.triage.finding import Finding
from clusters.triage.first_action import first_action
from clusters.triage.rules.lost_machine import lost_machine
from clusters.triage.symptoms import Heard, Thing

ALL: dict[int, frozenset[str] | None] = {1: None, 2: None}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: Clock.at)


class Clock:
    """The worlds' time: the kinds judge by it, too."""

    at = 1_800_000_000.0


def heard(number: int, name: str, world: World, state: str = "live", at: float = 0.0) -> Heard:
    """A cluster as it is told by this world now."""
    Clock.at = max(world.now, Clock.at)
    platform: Any = "kubernetes" if isinstance(world, ShopWorld) else "docker"
    stores = {kind.name: Store(number, kind) for kind in KINDS[platform]}
    later: list[Callable[[], None]] = []
    Families(stores, lambda delay, act: later.append(act))
    for kind, store in zip(KINDS[platform], stores.values(), strict=True):
        shown = (world.shown(kind.api, one) for one in world.all(kind.api))
        store.apply(Listed([msgspec.json.decode(msgspec.json.encode(one), type=kind.model) for one in shown]))
    while later:
        later.pop()()
    return Heard(number, name, platform, state, stores, at or world.now, "The wire is cut.")


def shop(*faults: str, after: float = 60.0) -> ShopWorld:
    Clock.at = 1_800_000_000.0
    world = ShopWorld(7, Clock.at, calm=True)
    for fault in faults:
        world.switch(fault, True)
    world.step(Clock.at + after)
    return world


def host(*faults: str, after: float = 60.0) -> HostWorld:
    Clock.at = 1_800_000_000.0
    world = HostWorld(7, Clock.at, calm=True)
    for fault in faults:
        world.switch(fault, True)
    world.step(Clock.at + after)
    return world


def titles(findings: Iterable[Finding]) -> list[str]:
    return [one.title for one in findings]


def test_nothing_is_wrong_with_a_world_that_is_well() -> None:
    clusters = [heard(1, "Shop", shop()), heard(2, "Host", host())]
    assert find(clusters, ALL, Clock.at) == []
    assert counts(clusters, ALL) == {Level.HEALTHY: 37, Level.STOPPED: 3}


def test_crashing_copies_are_one_finding_about_their_app_with_the_way_back() -> None:
    world = shop("leak", after=100)
    cluster = heard(1, "Shop", world)
    row = f"1~deployment~{world.named('apps/v1/deployments', 'shop', 'checkout-api')['metadata']['uid']}"
    versions = {
        row: NewVersion(
            1_800_000_000.0, "registry.example/shop/checkout-api:1.4.1", "registry.example/shop/checkout-api:1.4.2"
        )
    }
    (found,) = find([cluster], ALL, Clock.at, versions=versions)
    assert (found.row, found.namespace) == (row, "shop")
    assert "OOMKilled" in found.code
    assert "version 1.4.2 came" in found.cause
    assert found.action is not None
    assert (found.action.label, found.action.row) == ("Roll back to 1.4.1", row)
    assert found.logs.startswith("1~pod~")
    assert found.evidence


def test_what_misses_a_setting_is_not_offered_a_restart_that_helps_nothing() -> None:
    cluster = heard(1, "Shop", shop("leak", after=100))
    app: Any = next(one for one in cluster.stores["deployment"].resources.values() if one.name == "checkout-api")
    top = Thing(1, DEPLOYMENT, app, Health(Level.FAILING, "Setting missing"))
    store = cluster.stores["deployment"]
    assert first_action(store, top, suspected=False, word="Setting missing") is None
    back = first_action(store, top, suspected=True, word="Setting missing")
    assert back is not None
    assert back.verb == "roll-back"
    assert first_action(store, top, suspected=False, word="Crashing") is not None


def test_the_way_back_names_the_version_that_its_dialog_offers_first() -> None:
    cluster = heard(1, "Shop", shop("leak", after=100))
    sets = cluster.stores["replica-set"]
    app: Any = next(one for one in cluster.stores["deployment"].resources.values() if one.name == "checkout-api")
    (new,) = [one for one in _owned(cluster, app) if one.revision == app.revision]
    top = Thing(1, DEPLOYMENT, app, Health(Level.FAILING, "Crashing"))

    def offered(*versions: dict[str, Any]) -> str:
        sets.apply(Listed([msgspec.convert(one, sets.kind.model, strict=False) for one in versions]))
        action = first_action(cluster.stores["deployment"], top, suspected=True)
        return action.label if action else ""

    now, stuck = _version(new, 3, app.image), _version(new, 2, "web:2")
    assert offered(now, stuck, _version(new, 1, "web:1")) == "Roll back to 2"
    assert offered(now, stuck, _version(new, 1, "web:1", ready=1)) == "Roll back to 1", "its copies still serve"
    halted = Thing(1, DEPLOYMENT, app, Health(Level.AT_RISK, "Stuck"))
    back = first_action(cluster.stores["deployment"], halted, suspected=False, word="Not ready")
    assert back is not None
    assert back.verb == "roll-back", "whatever is new in the version that is stuck"
    elsewhere = _version(new, 9, "web:9")
    elsewhere["metadata"]["namespace"] = "other"
    assert offered(now, stuck, elsewhere) == "Roll back to 2", "what another namespace claims to be of it is not"
    assert offered(now, _version(new, 2, app.image)) == "Roll back", "the same image: its name tells nothing"


def _owned(cluster: Heard, one: Any) -> list[Any]:
    owned = cluster.stores["deployment"].owned
    return list(owned(one, "replica-set")) if owned else []


def _version(like: Any, number: int, image: str, ready: int = 0) -> dict[str, Any]:
    """A replica set like that one, of that version."""
    tree: dict[str, Any] = msgspec.to_builtins(like)
    tree["metadata"] |= {"uid": f"rs-{number}", "name": f"rs-{number}", "resourceVersion": f"{image}-{ready}"}
    tree["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": str(number)}
    tree["spec"]["template"]["spec"]["containers"][-1]["image"] = image
    tree["status"]["readyReplicas"] = ready
    return tree


def test_an_app_that_still_serves_is_at_risk_and_not_failing() -> None:
    world = shop("image", after=30)
    (found,) = find([heard(1, "Shop", world)], ALL, Clock.at)
    assert found.level == Level.AT_RISK
    assert found.title == "search-ui cannot get its image"
    assert found.action is not None
    assert (found.action.verb, found.logs) == ("set-image", "")  # nothing ran: no log, and no new start would help
    assert found.cause.startswith("Its new version is stuck: 1 copy does not come up.")
    assert found.cause.endswith("3 other copies still serve.")


def test_a_cluster_that_does_not_answer_is_one_finding_and_hides_what_is_in_it() -> None:
    cluster = heard(2, "Host", host("disk", "stuck"), "down", at=1_800_000_000.0)
    (found,) = find([cluster], ALL, 1_800_000_360.0)
    assert found.title == "Host Host does not answer"
    assert "6 minutes" in found.cause
    assert found.action is not None
    assert found.action.verb == "retry"
    assert found.affected == 13
    assert counts([cluster], ALL) == {Level.UNKNOWN: 13}


def test_a_silent_machine_explains_what_was_on_it() -> None:
    found = find([heard(1, "Shop", shop("node", after=10))], ALL, Clock.at)
    assert titles(found) == ["oak-3 does not answer"]


def test_a_silent_machine_does_not_explain_what_was_wrong_before() -> None:
    (machine,) = find([heard(1, "Shop", shop("node", after=10))], ALL, Clock.at)
    on_it = {"kind": "deployment", "key": "shop/other", "title": "other cannot get its image", "node": machine.key}
    old = replace(machine, **on_it, id="old", since=machine.since - 600)  # type: ignore[arg-type]
    new = replace(machine, **on_it, id="new", since=machine.since + 5)  # type: ignore[arg-type]
    both = lost_machine([machine, old, new], [])
    assert {(one.id, one.since) for one in both} == {(machine.id, machine.since), ("old", old.since)}


def test_containers_of_one_project_that_fail_alike_are_one_finding() -> None:
    from clusters.drivers.demo.host import engine

    world = host()
    for name in ("shop-api-1", "shop-worker-1", "registry"):
        thing = world.container(name)
        thing["HostConfig"]["RestartPolicy"]["Name"] = "no"
        engine.die(world, thing, 3)
    found = find([heard(2, "Host", world)], ALL, Clock.at)
    assert sorted(one.affected for one in found) == [1, 2]
    both = next(one for one in found if one.affected == 2)
    assert both.title == "2 containers of shop fail alike"
    assert len(both.explains) == 2


def test_the_same_image_failing_in_two_places_is_one_finding() -> None:
    first, second = heard(1, "Shop", shop("image", after=30)), heard(2, "Other shop", shop("image", after=30))
    (found,) = find([first, second], ALL, Clock.at)
    assert found.places == ("Other shop / shop", "Shop / shop")
    assert found.action is None


def test_the_log_of_what_is_wrong_by_itself_is_that_of_its_copies() -> None:
    kind = next(one for one in KINDS["kubernetes"] if one.name == "cron-job")
    tree = {"metadata": {"name": "report", "namespace": "shop", "uid": "c1"}, "spec": {"schedule": "* * * * *"}}
    store, failed = Store(1, kind), Health(Level.AT_RISK, "Last run failed")
    top = Thing(1, kind, msgspec.convert(tree, kind.model), failed)
    assert _logs_of_copies(store, top, [top]) == "", "none has run"
    store.copies = lambda one: [Copy(one, failed)]
    assert _logs_of_copies(store, top, [top]) == top.row
    assert _logs_of_copies(store, top, [top, Thing(1, POD, top.resource, failed)]) == "", "its copies have their own"


def test_what_finds_no_node_is_not_the_fault_of_its_image() -> None:
    lost = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": lost}
    tree = {
        "metadata": {"name": "web", "namespace": "shop", "uid": "p1", "resourceVersion": "1",
                     "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "web", "image": "busybox"}]},
        "status": {"phase": "Pending", "conditions": [condition]},
    }  # fmt: skip
    clusters = []
    for number in (1, 2):
        stores = {kind.name: Store(number, kind) for kind in KINDS["kubernetes"]}
        stores["pod"].apply(Listed([msgspec.convert(tree, POD.model)]))
        clusters.append(Heard(number, f"c{number}", "kubernetes", "live", stores))
    found = find(clusters, ALL, Clock.at)
    assert [one.title for one in found] == ["web cannot be placed"] * 2


def test_what_was_seen_before_is_dated_from_then() -> None:
    cluster = heard(2, "Host", host("stuck"))
    (now,) = find([cluster], ALL, Clock.at)
    (earlier,) = find([cluster], ALL, Clock.at, {now.id: 1_700_000_000.0})
    assert earlier.since == 1_700_000_000.0


def test_a_kind_that_cannot_be_listed_says_nothing() -> None:
    store = Store(2, KINDS["docker"][0])
    from clusters.live.resource import Broken

    store.apply(Broken(Unreachable("no"), 1.0))
    assert find([Heard(2, "Host", "docker", "connecting", {"container": store})], ALL, 1.0) == []


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["leak", "image", "node"]), st.booleans(), st.integers(1, 50)), max_size=6))
def test_a_narrowed_search_finds_the_same_as_a_search_of_everything(steps: list[tuple[str, bool, int]]) -> None:
    world, now = ShopWorld(3, 1_800_000_000.0, calm=True), 1_800_000_000.0
    for fault, on, wait in steps:
        world.switch(fault, on)
        now += wait
        world.step(now)
    cluster = heard(1, "Shop", world)
    bad = {
        (1, name): {uid for uid, health in store.health.items() if health.level <= Level.UNKNOWN}
        for name, store in cluster.stores.items()
    }
    found = find([cluster], ALL, now)
    assert found == find([cluster], ALL, now, bad=bad)
    assert len({one.id for one in found}) == len(found)
    assert [one.level for one in found] == sorted(one.level for one in found)


def test_nobody_is_said_to_serve_when_no_copy_is_well() -> None:
    """A cluster counts ready copies a moment later than it says of each that it is not."""
    Clock.at = 1_800_000_000.0
    app = msgspec.convert(
        {
            "metadata": {"name": "web", "namespace": "shop", "uid": "d1"},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "web", "image": "shop/web:2"}]}}},
            "status": {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
        },
        DEPLOYMENT.model,
    )
    top = Thing(1, DEPLOYMENT, app, Health(Level.CHANGING, "Starting"))
    unwell = Health(Level.AT_RISK, "Not ready", "Its check fails.")
    copies = [Thing(1, POD, msgspec.convert({"metadata": {"name": n, "uid": n}}, POD.model), unwell) for n in "ab"]
    assert _cause(top, copies, unwell) == "2 of 2 copies are not well. Its check fails."
    assert _cause(top, copies[:1], unwell) == "1 of 2 copies is not well. Its check fails. The others serve."
    stuck = Thing(1, DEPLOYMENT, app, Health(Level.AT_RISK, "Stuck", "It is stuck. Its check fails. 2 others serve."))
    assert _cause(stuck, copies[:1], unwell) == "It is stuck. Its check fails. 2 others serve.", "it said so already"
