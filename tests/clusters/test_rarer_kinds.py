"""Endpoint slices, events, leases, custom kinds and API services: how they are, in words, and where they lead."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import LIST_EVERY, Call
from clusters.kinds.base import Kind, Level, Look
from clusters.kinds.kubernetes.api_service import API_SERVICE
from clusters.kinds.kubernetes.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION
from clusters.kinds.kubernetes.endpoint_slice import ENDPOINT_SLICE
from clusters.kinds.kubernetes.event import EVENT
from clusters.kinds.kubernetes.general import several
from clusters.kinds.kubernetes.lease import LEASE
from clusters.kinds.kubernetes.limit_range import LIMIT_RANGE
from clusters.kinds.kubernetes.names import page_of, plural
from clusters.kinds.kubernetes.namespace import NAMESPACE
from tests.clusters.fakes import all_shared

READ_AT = time.time()
pytestmark = pytest.mark.usefixtures("still")


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).isoformat()


def made(kind: Kind[Any], age: float = 900, **parts: Any) -> Any:
    meta = {"name": "it", "namespace": "shop", "uid": "u", "creationTimestamp": ago(age), **parts.pop("metadata", {})}
    return msgspec.convert({"metadata": meta, **parts}, kind.model)


def told(type_: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    return {"type": type_, "status": status, "reason": reason, "message": message}


class Answering:
    """A driver that knows one list."""

    def __init__(self, items: list[dict[str, Any]], more: str = "") -> None:
        self.items, self.more, self.asked = items, more, list[Call]()

    async def call(self, call: Call) -> Any:
        self.asked.append(call)
        return {"items": self.items, "metadata": {"continue": self.more}}


async def overview(kind: Kind[Any], one: Any, driver: Any = None) -> Any:
    driver = driver or Answering([])

    async def related(name: str) -> list[Any]:
        return []

    panel = kind.panel("overview")
    assert panel is not None
    assert panel.load is not None
    return await panel.load(
        Look(cluster_id=1, kind=kind, resource=one, driver=driver, related=related, sees=all_shared)
    )


@pytest.mark.parametrize(
    ("conditions", "level", "word"),
    [
        ([{"ready": True}, {}], Level.HEALTHY, "Ready"),
        ([{"ready": False}, {"ready": True}], Level.HEALTHY, "Ready"),
        ([{"ready": False, "terminating": True}], Level.AT_RISK, "None ready"),
        ([], Level.STOPPED, "Empty"),
    ],
)
def test_a_slice_says_whether_anybody_answers_by_it(conditions: Any, level: Level, word: str) -> None:
    ends = [{"addresses": ["192.0.2.1"], "conditions": one} for one in conditions]
    health = ENDPOINT_SLICE.health(made(ENDPOINT_SLICE, endpoints=ends))
    assert (health.level, health.word) == (level, word)


async def test_a_slice_leads_to_its_service_and_to_the_pods_behind_its_addresses() -> None:
    target = {"kind": "Pod", "namespace": "shop", "name": "web-1"}
    ends = [{"addresses": ["192.0.2.1"], "conditions": {"ready": False}, "targetRef": target, "nodeName": "n1"}]
    labels = {"kubernetes.io/service-name": "web"}
    shown = await overview(ENDPOINT_SLICE, made(ENDPOINT_SLICE, metadata={"labels": labels}, endpoints=ends))
    assert (shown["facts"][0].kind, shown["facts"][0].key) == ("service", "shop/web")
    row = shown["users"].rows[0]
    assert (row.kind, row.key, row.how, row.node) == ("pod", "shop/web-1", "192.0.2.1: not ready", "n1")


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"holderIdentity": "a", "leaseDurationSeconds": 40, "renewTime": ago(20)}, "Held"),
        ({"holderIdentity": "a", "leaseDurationSeconds": 40, "renewTime": ago(90)}, "Run out"),
        ({"holderIdentity": "a"}, "Held"),
        ({}, "Free"),
    ],
)
def test_a_lease_is_held_free_or_run_out(spec: dict[str, Any], word: str) -> None:
    assert LEASE.health(made(LEASE, spec=spec)).word == word
    assert not LEASE.watched
    assert not LEASE.always


def test_a_lease_that_is_not_renewed_does_not_stay_held() -> None:
    one = made(LEASE, spec={"holderIdentity": "n1", "leaseDurationSeconds": 40, "renewTime": ago(20)})
    until = LEASE.health(one).until
    assert abs(until - (one.renewed + 40 + 2 * LIST_EVERY)) < 1
    of_node = {"name": "n1", "namespace": "kube-node-lease"}
    spec = {"holderIdentity": "n1", "leaseDurationSeconds": 40, "renewTime": ago(300)}
    assert "not heard any more" in LEASE.health(made(LEASE, metadata=of_node, spec=spec)).reason


def test_an_event_leads_to_what_it_is_about_and_a_warning_stands_out() -> None:
    about = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "namespace": "shop", "name": "web"}
    one = made(EVENT, involvedObject=about, type="Warning", reason="FailedScale", count=3, lastTimestamp=ago(30))
    assert (EVENT.health(one).word, one.often) == ("Warning", 3)
    assert one.involved_object.page == ("horizontal-autoscaler", "shop/web")
    series = made(EVENT, series={"count": 7, "lastObservedTime": ago(5)}, lastTimestamp=ago(500), type="Normal")
    assert (EVENT.health(series).level, series.often) == (Level.HEALTHY, 7)
    assert time.time() - series.seen < 60
    assert sorted([one, series], key=EVENT.column(EVENT.sort).sort) == [series, one]


@pytest.mark.parametrize(
    ("conditions", "age", "level", "word"),
    [
        ([told("NamesAccepted", "True"), told("Established", "True")], 900, Level.HEALTHY, "Served"),
        ([told("NamesAccepted", "False", "NameConflict", "“boats” is taken.")], 900, Level.FAILING, "Name taken"),
        ([told("NamesAccepted", "True"), told("Established", "False", "Installing")], 900, Level.FAILING, "Not served"),
        ([], 900, Level.FAILING, "Not served"),
        ([], 3, Level.CHANGING, "Setting up"),
        ([told("Established", "True"), told("NonStructuralSchema", "True")], 900, Level.AT_RISK, "Schema unfit"),
    ],
)
def test_a_custom_kind_says_whether_the_cluster_serves_it(conditions: Any, age: float, level: Level, word: str) -> None:
    health = CUSTOM_RESOURCE_DEFINITION.health(made(CUSTOM_RESOURCE_DEFINITION, age, status={"conditions": conditions}))
    assert (health.level, health.word) == (level, word)


def boats(*versions: dict[str, Any], stored: tuple[str, ...] = ("v1",)) -> Any:
    spec = {"group": "example.com", "names": {"kind": "Boat", "plural": "boats"}, "versions": list(versions)}
    status = {"conditions": [told("Established", "True")], "storedVersions": list(stored)}
    meta = {"name": "boats.example.com", "namespace": ""}
    return made(CUSTOM_RESOURCE_DEFINITION, metadata=meta, spec=spec, status=status)


V1 = {"name": "v1", "served": True, "storage": True, "additionalPrinterColumns": [{"name": "Harbour"}]}


def test_what_is_stored_in_a_version_that_nobody_reads_is_said() -> None:
    one = boats(V1, {"name": "v1alpha1", "served": False}, stored=("v1alpha1", "v1"))
    health = CUSTOM_RESOURCE_DEFINITION.health(one)
    assert (health.level, health.word) == (Level.AT_RISK, "Old versions")
    assert "v1alpha1" in health.reason


async def test_a_custom_kind_leads_to_its_list_and_to_what_there_is_of_it() -> None:
    driver = Answering([{"metadata": {"name": "albatross", "namespace": "north"}}], more="token")
    shown = await overview(CUSTOM_RESOURCE_DEFINITION, boats(V1), driver)
    facts = {fact.label: fact for fact in shown["facts"]}
    assert facts["All of them"].listed == "boats.example.com"
    assert facts["Its lists show"].text == "Harbour"
    assert "/".join(driver.asked[0].path) == "apis/example.com/v1/boats"
    row = shown["users"].rows[0]
    assert (row.kind, row.key, row.how) == ("boats.example.com", "north/albatross", "north")
    assert "Only the first 100" in shown["users"].beyond


@pytest.mark.parametrize(
    ("conditions", "service", "age", "level", "word"),
    [
        ([told("Available", "True")], None, 900, Level.HEALTHY, "Built in"),
        ([told("Available", "True")], {"namespace": "ops", "name": "metrics"}, 900, Level.HEALTHY, "Answers"),
        (
            [told("Available", "False", "MissingEndpoints", "no")],
            {"name": "metrics"},
            900,
            Level.FAILING,
            "Unavailable",
        ),
        (
            [{**told("Available", "False", "MissingEndpoints", "no"), "lastTransitionTime": ago(20)}],
            {"name": "metrics"},
            900,
            Level.CHANGING,
            "Starting",
        ),
        (
            [{**told("Available", "False", "MissingEndpoints", "no"), "lastTransitionTime": ago(400)}],
            {"name": "metrics"},
            900,
            Level.FAILING,
            "Unavailable",
        ),
        ([], {"name": "metrics"}, 3, Level.CHANGING, "Not checked"),
    ],
)
def test_a_part_of_the_api_that_nobody_answers_is_failing(
    conditions: Any, service: Any, age: float, level: Level, word: str
) -> None:
    spec = {"group": "metrics.k8s.io", "version": "v1beta1", **({"service": service} if service else {})}
    health = API_SERVICE.health(made(API_SERVICE, age, spec=spec, status={"conditions": conditions}))
    assert (health.level, health.word) == (level, word)
    if level is Level.FAILING:
        assert "metrics.k8s.io/v1beta1" in health.reason
        assert "no copy that is ready" in health.reason
        assert API_SERVICE.always  # it is a finding, also when nobody looks


@pytest.mark.parametrize(
    ("kind", "name"),
    [("NetworkPolicy", "networkpolicies"), ("Ingress", "ingresses"), ("StorageClass", "storageclasses"), ("Gateway", "gateways")],
)  # fmt: skip
def test_collections_are_called_as_kubernetes_calls_them(kind: str, name: str) -> None:
    assert plural(kind) == name


def test_a_kind_without_a_page_of_its_own_is_found_by_its_full_name() -> None:
    assert page_of("apps/v1/deployments") == "deployment"
    assert page_of("example.com/v1/boats") == "boats.example.com"
    assert page_of("leases.coordination.k8s.io") == "lease"


def ending(age: float, left: str, finalizers: str) -> Any:
    """A namespace that was asked to go, as the cluster words what is left in it."""
    remaining = f"Some resources are remaining: {left}"
    conditions = [told("NamespaceContentRemaining", "True", "SomeResourcesRemain", remaining)]
    if finalizers:
        holders = f"Some content in the namespace has finalizers remaining: {finalizers}"
        conditions.append(told("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", holders))
    status = {"phase": "Terminating", "conditions": conditions}
    return made(NAMESPACE, metadata={"deletionTimestamp": ago(age), "namespace": ""}, status=status)


@pytest.mark.parametrize(
    ("left", "finalizers", "words"),
    [
        ("pods. has 2 resource instances", "", "2 pods"),
        (
            "configmaps. has 1 resource instances",
            "example.com/audit in 1 resource instances",
            "1 config map with the finalizer example.com/audit",
        ),
        (
            "configmaps. has 1 resource instances, widgets.example.com has 2 resource instances",
            "example.com/audit in 1 resource instances, example.com/other in 2 resource instances",
            "1 config map and 2 widgets.example.com, 1 of them with the finalizer example.com/audit, "
            "2 of them with the finalizer example.com/other",
        ),
    ],
)
def test_a_namespace_that_goes_says_what_is_left_in_it_in_plain_words(left: str, finalizers: str, words: str) -> None:
    health = NAMESPACE.health(ending(30, left, finalizers))
    assert (health.level, health.word) == (Level.CHANGING, "Ending")
    assert health.reason == f"It is being deleted with all that is in it. Still there: {words}."


def test_a_finalizer_that_nobody_serves_is_known_after_minutes_and_what_kubernetes_waits_for_takes_its_time() -> None:
    left = "persistentvolumeclaims. has 1 resource instances"
    foreign = ending(130, left, "example.com/audit in 1 resource instances")
    assert NAMESPACE.health(foreign).word == "Stuck ending"
    assert NAMESPACE.health(foreign).reason.endswith("held by: 1 claim with the finalizer example.com/audit.")
    for own in ("kubernetes.io/pvc-protection", "service.kubernetes.io/load-balancer-cleanup", "foregroundDeletion"):
        assert NAMESPACE.health(ending(130, left, f"{own} in 1 resource instances")).word == "Ending"
        assert NAMESPACE.health(ending(610, left, f"{own} in 1 resource instances")).word == "Stuck ending"


async def test_a_limit_range_says_all_its_rules_in_plain_words() -> None:
    limits = [
        {
            "type": "Container",
            "min": {"cpu": "100m"},
            "max": {"cpu": "1", "memory": "2Gi"},
            "default": {"cpu": "500m"},
            "defaultRequest": {"cpu": "250m"},
            "maxLimitRequestRatio": {"cpu": "4"},
        },
        {"type": "PersistentVolumeClaim", "max": {"storage": "10Gi"}},
        {"type": "openshift.io/Image", "max": {"storage": "1Gi"}},
    ]
    shown = await overview(LIMIT_RANGE, made(LIMIT_RANGE, spec={"limits": limits}))
    assert {fact.label: fact.text for fact in shown["facts"]} == {
        "Processor of a container": "at least 0.1 cores; at most 1 core; asks for 0.25 cores unless it says otherwise; "
        "limited to 0.5 cores unless it says otherwise; its limit is at most 4 times what it asks for",
        "Memory of a container": "at most 2 GiB",
        "Storage of a claim": "at most 10 GiB",
        "Storage of openshift.io/Image": "at most 1 GiB",
    }
    assert LIMIT_RANGE.health(made(LIMIT_RANGE)).word == "Empty"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("NetworkPolicy", "NetworkPolicies"),
        ("RuntimeClass", "RuntimeClasses"),
        ("Gateway", "Gateways"),
        ("IPAddress", "IPAddresses"),
        ("PodMetrics", "PodMetrics"),
        ("Boat", "Boats"),
    ],
)
def test_several_of_what_a_cluster_describes_itself_are_called_as_people_would(label: str, words: str) -> None:
    assert several(label) == words
