"""The demonstration's shop acts as a real cluster does: copy by copy, and the same for the same seed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.drivers.base import Call
from clusters.drivers.demo.shop.world import ShopWorld
from clusters.errors import Conflict, Invalid, Missing, Unsupported
from clusters.kinds.kubernetes.names import collection_of

START = 1_800_000_000.0
DEPLOYMENTS = ("apis", "apps", "v1", "namespaces", "shop", "deployments")
PODS = ("api", "v1", "namespaces", "shop", "pods")
MERGE = "application/merge-patch+json"


@pytest.fixture
def shop() -> ShopWorld:
    return ShopWorld(7, START, calm=True)


def pods_of(world: ShopWorld, app: str) -> list[dict[str, Any]]:
    return [pod for pod in world.all("v1/pods") if pod["metadata"]["labels"]["app.kubernetes.io/name"] == app]


def ready(world: ShopWorld, app: str) -> int:
    return sum(
        any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])
        for pod in pods_of(world, app)
    )


def scale(world: ShopWorld, app: str, copies: Any) -> None:
    world.answer(Call("PATCH", (*DEPLOYMENTS, app), body={"spec": {"replicas": copies}}, content_type=MERGE))


def test_everything_is_well_when_it_begins(shop: ShopWorld) -> None:
    for deployment in shop.all("apps/v1/deployments"):
        assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"]
        assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    assert not any(fault.on for fault in shop.fault_states())


def test_the_same_seed_tells_the_same_story_however_often_it_is_stepped() -> None:
    one, other = ShopWorld(11, START), ShopWorld(11, START)
    for second in range(600):
        one.step(START + second)
    other.step(START + 599)
    assert one.objects == other.objects


def test_a_scaled_app_shows_its_new_copies_starting_before_they_are_ready(shop: ShopWorld) -> None:
    scale(shop, "web", 6)
    seen = set()
    for tenth in range(150):
        shop.step(START + tenth / 10)
        for pod in pods_of(shop, "web"):
            states = [one["state"] for one in pod["status"]["containerStatuses"]]
            waits = [one["waiting"]["reason"] for one in states if "waiting" in one]
            seen.add((pod["status"]["phase"], bool(pod["spec"].get("nodeName")), *waits))
    assert ("Pending", False) in seen
    assert ("Pending", True, "ContainerCreating") in seen
    assert ready(shop, "web") == 6


def test_copies_without_room_wait_and_say_why_until_there_is_some(shop: ShopWorld) -> None:
    scale(shop, "web", 500)
    shop.step(START + 30)
    placed = [pod for pod in pods_of(shop, "web") if pod["spec"].get("nodeName")]
    waiting = [pod for pod in pods_of(shop, "web") if not pod["spec"].get("nodeName")]
    assert len(placed) + len(waiting) == 500
    assert ready(shop, "web") == len(placed) > 20
    why = {one["reason"]: one["message"] for one in waiting[0]["status"]["conditions"]}
    assert why["Unschedulable"] == "0/3 nodes are available: 3 Insufficient cpu."
    status = shop.named("apps/v1/deployments", "shop", "web")["status"]
    assert (status["replicas"], status["readyReplicas"]) == (500, len(placed))

    scale(shop, "web", 600)
    scale(shop, "catalogue", 0)
    shop.step(START + 60)
    assert ready(shop, "web") > len(placed), "what another app leaves is taken"
    scale(shop, "web", 4)
    scale(shop, "catalogue", 3)
    shop.step(START + 120)
    assert (len(pods_of(shop, "web")), ready(shop, "web"), ready(shop, "catalogue")) == (4, 4, 3)


def test_what_counts_follows_the_copies(shop: ShopWorld) -> None:
    scale(shop, "web", 6)
    shop.step(START + 30)
    autoscaler = shop.named("autoscaling/v2/horizontalpodautoscalers", "shop", "web")["status"]
    assert (autoscaler["currentReplicas"], autoscaler["desiredReplicas"]) == (6, 6)
    budget = shop.named("policy/v1/poddisruptionbudgets", "shop", "web")["status"]
    assert (budget["currentHealthy"], budget["expectedPods"], budget["disruptionsAllowed"]) == (6, 6, 4)
    quota = shop.named("v1/resourcequotas", "shop", "budget")["status"]["used"]
    alive = [pod for pod in shop.all("v1/pods") if pod["metadata"]["namespace"] == "shop"]
    assert quota["pods"] == str(sum(pod["status"]["phase"] == "Running" for pod in alive))


def test_a_deleted_pod_is_replaced_by_another(shop: ShopWorld) -> None:
    before = pods_of(shop, "cart")
    gone = before[0]["metadata"]
    shop.answer(Call("DELETE", (*PODS, gone["name"]), body={"preconditions": {"uid": gone["uid"]}}))
    shop.step(START + 0.5)
    assert "deletionTimestamp" in shop.named("v1/pods", "shop", gone["name"])["metadata"]
    shop.step(START + 15)
    assert gone["uid"] not in {pod["metadata"]["uid"] for pod in pods_of(shop, "cart")}
    assert ready(shop, "cart") == len(before)


def test_a_pod_of_another_identity_is_not_deleted(shop: ShopWorld) -> None:
    name = pods_of(shop, "cart")[0]["metadata"]["name"]
    with pytest.raises(Conflict):
        shop.answer(Call("DELETE", (*PODS, name), body={"preconditions": {"uid": "another"}}))


def test_a_new_version_never_leaves_fewer_copies_than_it_may(shop: ShopWorld) -> None:
    shop.release("shop", "web", "6.0.0")
    for tenth in range(400):
        shop.step(START + tenth / 10)
        assert ready(shop, "web") >= 3
        assert len(pods_of(shop, "web")) <= 7  # one more than asked for, and some on their way out
    images = {pod["spec"]["containers"][0]["image"] for pod in pods_of(shop, "web")}
    assert images == {"registry.example/shop/web:6.0.0"}


def test_a_leaking_version_crashes_until_it_is_rolled_back(shop: ShopWorld) -> None:
    shop.switch("leak", True)
    shop.step(START + 60)
    ended = [
        s["lastState"]["terminated"]
        for pod in pods_of(shop, "checkout-api")
        for s in pod["status"]["containerStatuses"]
        if "terminated" in s["lastState"]
    ]
    assert {(one["exitCode"], one["reason"]) for one in ended} == {(137, "OOMKilled")}
    old = next(
        one
        for one in shop.all("apps/v1/replicasets")
        if one["metadata"]["name"].startswith("checkout-api")
        and one["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.4.1")
    )
    template = {**old["spec"]["template"], "metadata": {"labels": {"app.kubernetes.io/name": "checkout-api"}}}
    shop.answer(
        Call(
            "PATCH",
            (*DEPLOYMENTS, "checkout-api"),
            content_type="application/json-patch+json",
            body=[{"op": "replace", "path": "/spec/template", "value": template}],
        )
    )
    shop.step(START + 120)
    assert ready(shop, "checkout-api") == 3
    assert not any(fault.on for fault in shop.fault_states())


def test_a_version_that_does_not_exist_leaves_the_old_copies_serving(shop: ShopWorld) -> None:
    shop.switch("image", True)
    shop.step(START + 90)
    deployment = shop.named("apps/v1/deployments", "shop", "search-ui")
    reasons = {one["type"]: one["reason"] for one in deployment["status"]["conditions"]}
    assert reasons["Progressing"] == "ProgressDeadlineExceeded"
    assert ready(shop, "search-ui") == 3


def test_the_copies_of_a_silent_machine_are_made_again_elsewhere(shop: ShopWorld) -> None:
    shop.switch("node", True)
    shop.step(START + 1)
    lost = [pod for pod in shop.all("v1/pods") if pod["spec"]["nodeName"] == "oak-3"]
    assert lost
    assert all(c["reason"] == "NodeLost" for pod in lost for c in pod["status"]["conditions"] if c["type"] == "Ready")
    shop.step(START + 45)
    for deployment in shop.all("apps/v1/deployments"):
        assert deployment["status"]["readyReplicas"] == deployment["spec"]["replicas"], deployment["metadata"]["name"]
    stranded = [pod["metadata"] for pod in shop.all("v1/pods") if pod["spec"]["nodeName"] == "oak-3"]
    assert all("deletionTimestamp" in meta for meta in stranded)


def test_a_stateful_set_grows_in_order_and_shrinks_from_its_end(shop: ShopWorld) -> None:
    ledger = shop.named("apps/v1/statefulsets", "data", "ledger")
    path = ("apis", "apps", "v1", "namespaces", "data", "statefulsets", "ledger")
    shop.answer(Call("PATCH", path, body={"spec": {"replicas": 4}}, content_type=MERGE))
    shop.step(START + 4)
    assert names_of(shop, ledger) == ["ledger-0", "ledger-1", "ledger-2"]
    shop.step(START + 30)
    assert names_of(shop, ledger) == ["ledger-0", "ledger-1", "ledger-2", "ledger-3"]
    shop.answer(Call("PATCH", path, body={"spec": {"replicas": 1}}, content_type=MERGE))
    shop.step(START + 60)
    assert names_of(shop, ledger) == ["ledger-0"]


def test_a_daemon_set_has_a_copy_on_each_machine(shop: ShopWorld) -> None:
    agent = shop.named("apps/v1/daemonsets", "ops", "node-agent")
    pods = shop.owned("v1/pods", agent["metadata"]["uid"])
    assert {pod["spec"]["nodeName"] for pod in pods} == {"oak-1", "oak-2", "oak-3"}


def test_a_cron_job_runs_by_the_clock_and_keeps_its_last_jobs(shop: ShopWorld) -> None:
    cron = shop.named("batch/v1/cronjobs", "shop", "stock-sync")
    for minute in range(0, 30, 5):
        shop.step(START + minute * 60)
    jobs = shop.owned("batch/v1/jobs", cron["metadata"]["uid"])
    assert 3 <= len(jobs) <= 5
    assert any(job["status"].get("completionTime") for job in jobs)
    assert shop.named("batch/v1/cronjobs", "shop", "stock-sync")["status"]["lastSuccessfulTime"]


def names_of(shop: ShopWorld, owner: dict[str, Any]) -> list[str]:
    return sorted(pod["metadata"]["name"] for pod in shop.owned("v1/pods", owner["metadata"]["uid"]))


@pytest.mark.parametrize("copies", [-1, 1001, "3", True, 1.5])
def test_a_number_of_copies_that_makes_no_sense_is_refused(shop: ShopWorld, copies: Any) -> None:
    with pytest.raises(Invalid):
        scale(shop, "web", copies)


def test_what_the_shop_has_not_is_refused_in_words(shop: ShopWorld) -> None:
    with pytest.raises(Unsupported):
        shop.answer(Call("GET", ("api", "v1", "podtemplates")))
    with pytest.raises(Missing):
        shop.answer(Call("GET", (*PODS, "nobody")))


def test_a_dry_run_changes_nothing(shop: ShopWorld) -> None:
    answer = shop.answer(Call("PATCH", (*DEPLOYMENTS, "web"), {"dryRun": "All"}, {"spec": {"replicas": 9}}, MERGE))
    assert answer["spec"]["replicas"] == 9
    assert shop.named("apps/v1/deployments", "shop", "web")["spec"]["replicas"] == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["leak", "image", "node", "silence", "scale", "delete", "restart", "wait"]), st.integers(1, 40)
    ),
    max_size=14,
)


@settings(max_examples=25)
@given(STEPS)
def test_whatever_was_done_all_is_well_again_when_the_faults_are_over(steps: list[tuple[str, int]]) -> None:
    world, now = ShopWorld(3, START, calm=True), START
    for what, number in steps:
        if what == "scale":
            scale(world, "web", number % 8 + 1)
        elif what == "delete":
            found = world.all("v1/pods")
            pod = found[number % len(found)]["metadata"]
            world.answer(Call("DELETE", ("api", "v1", "namespaces", pod["namespace"], "pods", pod["name"])))
        elif what == "restart":
            stamp = {"kubectl.kubernetes.io/restartedAt": str(now)}
            body = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
            world.answer(Call("PATCH", (*DEPLOYMENTS, "cart"), body=body, content_type=MERGE))
        elif what != "wait":
            world.switch(what, number % 2 == 1)
        now += number
        world.step(now)
        assert_ownership(world)
    for fault in world.fault_states():
        world.switch(fault.key, False)
    world.step(now + 240)
    assert_ownership(world)
    for deployment in world.all("apps/v1/deployments"):
        status = deployment["status"]
        assert status["readyReplicas"] == status["replicas"] == deployment["spec"]["replicas"]
        assert status["updatedReplicas"] == status["replicas"]
    assert all("deletionTimestamp" not in pod["metadata"] for pod in world.all("v1/pods"))


def assert_ownership(world: ShopWorld) -> None:
    """Every pod and replica set that is not on its way out has an owner that is there, and names are taken once."""
    for collection in ("v1/pods", "apps/v1/replicasets"):
        names = [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in world.all(collection)]
        assert len(names) == len(set(names))
        for one in world.all(collection):
            if "deletionTimestamp" in one["metadata"]:
                continue  # as in a real cluster, a copy ends a moment after what it was a copy of
            owner = one["metadata"]["ownerReferences"][0]
            assert world.get(collection_of(owner["apiVersion"], owner["kind"]), owner["uid"]) is not None
