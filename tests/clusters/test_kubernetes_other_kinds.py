"""Claims without a disk, budgets, autoscalers, replica sets, and how anything is that was asked to go."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import pytest

from clusters.kinds import KINDS
from clusters.kinds.base import Health, Kind, Level
from clusters.kinds.kubernetes.config_map import CONFIG_MAP
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.disruption_budget import DISRUPTION_BUDGET
from clusters.kinds.kubernetes.horizontal_autoscaler import HORIZONTAL_AUTOSCALER
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.persistent_volume_claim import PERSISTENT_VOLUME_CLAIM
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.kinds.kubernetes.storage import join
from clusters.kinds.kubernetes.storage_class import STORAGE_CLASS, StorageClass

OWN_WORDS = {"pod", "namespace", "persistent-volume", "persistent-volume-claim"}


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def made(kind: Kind[Any], metadata: dict[str, Any] | None = None, **parts: Any) -> Any:
    meta = {"name": "it", "namespace": "shop", "uid": "u", "creationTimestamp": ago(900), **(metadata or {})}
    return msgspec.convert({"metadata": meta, **parts}, kind.model)


@pytest.mark.parametrize("kind", KINDS["kubernetes"], ids=lambda kind: kind.name)
def test_what_was_asked_to_go_is_never_called_well_and_names_what_holds_it(kind: Kind[Any]) -> None:
    soon = kind.health(made(kind, {"deletionTimestamp": ago(2)}))
    assert (soon.level, soon.word) == (Level.CHANGING, "Ending")
    if kind.name not in OWN_WORDS:
        held = kind.health(made(kind, {"deletionTimestamp": ago(90), "finalizers": ["example.com/audit"]}))
        assert (held.level, held.word, held.code) == (Level.AT_RISK, "Cannot end", "finalizers: example.com/audit")


def claim(sort: str | None, *users: str, age: float = 900, **status: Any) -> Any:
    spec = {"storageClassName": sort} if sort is not None else {}
    one = made(
        PERSISTENT_VOLUME_CLAIM, {"creationTimestamp": ago(age)}, spec=spec, status={"phase": "Pending", **status}
    )
    volume = {"persistentVolumeClaim": {"claimName": "it"}}
    pods = [
        msgspec.convert({"metadata": {"name": name, "namespace": "shop"}, "spec": {"volumes": [volume]}}, Pod)
        for name in users
    ]
    classes = [
        msgspec.convert({"metadata": {"name": name}, "volumeBindingMode": mode}, StorageClass)
        for name, mode in (("late", "WaitForFirstConsumer"), ("early", "Immediate"))
    ]
    return join([one], {"pod": pods, "storage-class": classes})[0]


@pytest.mark.parametrize(
    ("one", "level", "word", "part"),
    [
        (partial(claim, "late"), Level.STOPPED, "Waiting", "its disk is made when the first one does"),
        (partial(claim, "late", "pod", age=5), Level.CHANGING, "Making", "is being made"),
        (partial(claim, "late", "pod"), Level.FAILING, "No disk", "Its page says why"),
        (partial(claim, "early", age=5), Level.CHANGING, "Making", "is being made"),
        (partial(claim, "early"), Level.AT_RISK, "No disk", "Its page says why"),
        (partial(claim, "gone"), Level.AT_RISK, "No disk", "there is no storage class called gone"),
        (partial(claim, "gone", "pod"), Level.FAILING, "No disk", "there is no storage class called gone"),
        (partial(claim, None), Level.AT_RISK, "No disk", "names no storage class"),
        (partial(claim, "late", "pod", phase="Bound"), Level.HEALTHY, "In use", ""),
        (partial(claim, "late", phase="Bound"), Level.STOPPED, "Unused", "No pod uses it"),
    ],
)
def test_why_a_claim_has_no_disk_is_said_of_it(one: Callable[[], Any], level: Level, word: str, part: str) -> None:
    health = PERSISTENT_VOLUME_CLAIM.health(one())  # made now: a run of all tests is longer than they are young
    assert (health.level, health.word) == (level, word)
    assert part in health.reason


def test_whose_a_claim_is_cannot_be_told_where_pods_may_not_be_listed() -> None:
    one = made(PERSISTENT_VOLUME_CLAIM, spec={"storageClassName": "late"}, status={"phase": "Bound"})
    health = PERSISTENT_VOLUME_CLAIM.health(join([one], {})[0])
    assert (health.word, health.code) == ("Has a disk", "list pods: forbidden")
    assert "cannot be told" in health.reason


def test_a_disk_made_for_one_pod_is_used_by_it() -> None:
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}
    pod = msgspec.convert(
        {"metadata": {"name": "web-1"}, "spec": {"volumes": [volume, {"name": "x", "emptyDir": {}}]}}, Pod
    )
    assert pod.claims == ["web-1-scratch"]


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ({"matchLabels": {"app": "web"}}, "app=web"),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, "app is a or b"),
        ({}, "all pods of its namespace"),
        (None, "nothing: it has no selector"),
    ],
)
def test_a_budget_says_which_copies_it_guards(selector: Any, words: str) -> None:
    spec = {"minAvailable": 1} | ({} if selector is None else {"selector": selector})
    assert made(DISRUPTION_BUDGET, spec=spec).guards == words


def test_an_autoscaler_says_what_it_goes_by_whatever_measures_it() -> None:
    def metric(kind: str, part: str, name: str, **more: Any) -> dict[str, Any]:
        return {"type": kind, part: {"name": name} | more if part == "resource" else {"metric": {"name": name}, **more}}

    metrics = [
        metric("Resource", "resource", "cpu", target={"averageUtilization": 60}),
        metric("Pods", "pods", "messages", target={"averageValue": "30"}),
        metric("External", "external", "queue", target={"value": "9"}),
    ]
    now = [metric("Pods", "pods", "messages", current={"averageValue": "12"})]
    one = made(HORIZONTAL_AUTOSCALER, spec={"metrics": metrics}, status={"currentMetrics": now})
    assert one.load == "CPU not measured of 60 %, messages 12 of 30, queue not measured of 9"


@pytest.mark.parametrize(
    ("copies", "status", "owned", "expected"),
    [
        (0, {}, True, Health(Level.STOPPED, "Replaced", "Another version is in use; this one is kept for going back.")),
        (0, {}, False, Health(Level.STOPPED, "Stopped", "No copies were asked for.")),
        (0, {"replicas": 1}, True, Health(Level.CHANGING, "Stopping", "1 copy still to end.")),
        (2, {"replicas": 2, "readyReplicas": 2}, False, Health(Level.HEALTHY, "Running")),
    ],
)
def test_a_replica_set_is_replaced_only_where_a_deployment_keeps_it(
    copies: int, status: Any, owned: bool, expected: Health
) -> None:
    owners = [{"kind": "Deployment", "name": "web", "uid": "d", "controller": True}] if owned else []
    one = made(REPLICA_SET, {"ownerReferences": owners}, spec={"replicas": copies}, status=status)
    assert REPLICA_SET.health(one) == expected


def of_class(name: str, default: str = "false") -> Any:
    meta = {"name": name, "namespace": "", "annotations": {"storageclass.kubernetes.io/is-default-class": default}}
    return made(STORAGE_CLASS, meta)


@pytest.mark.parametrize(
    ("classes", "word", "part"),
    [
        ([("fast", "true"), ("slow", "false")], "Default", ""),
        ([("fast", "true"), ("slow", "true")], "Several defaults", "fast and slow"),
        ([("fast", "false")], "Ready", "No class is the default"),
    ],
)
def test_none_or_several_default_classes_are_said(classes: list[tuple[str, str]], word: str, part: str) -> None:
    assert STORAGE_CLASS.join
    known = STORAGE_CLASS.join.make([of_class(*one) for one in classes], {})
    health = STORAGE_CLASS.health(known[0])
    assert health.word == word
    assert part in health.reason


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [{"type": "ControllerResizeError", "status": "True", "message": "too large"}]},
        {"allocatedResourceStatuses": {"storage": "NodeResizeInfeasible"}},
    ],
)
def test_a_claim_that_cannot_grow_says_so(status: dict[str, Any]) -> None:
    health = PERSISTENT_VOLUME_CLAIM.health(claim("late", "pod", phase="Bound", **status))
    assert (health.level, health.word) == (Level.AT_RISK, "Cannot grow")


def test_a_config_map_that_is_nearly_as_large_as_one_may_be_says_so() -> None:
    assert CONFIG_MAP.health(made(CONFIG_MAP, data={"a": "x" * 1000})).word == "Ready"
    assert CONFIG_MAP.health(made(CONFIG_MAP, data={"a": "x" * 1_000_000})).word == "Nearly full"


def test_an_autoscaler_says_when_as_many_copies_as_it_may_make_would_never_fit() -> None:
    container = {"name": "main", "resources": {"requests": {"cpu": "500m"}}}
    spec = {"template": {"spec": {"containers": [container]}}}
    target = made(DEPLOYMENT, {"name": "web"}, spec=spec)
    node = made(NODE, {"namespace": ""}, status={"allocatable": {"cpu": "4", "memory": "8Gi"}})
    one = made(HORIZONTAL_AUTOSCALER, spec={"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 20})
    assert HORIZONTAL_AUTOSCALER.join
    known = HORIZONTAL_AUTOSCALER.join.make([one], {"node": [node], "deployment": [target]})
    health = HORIZONTAL_AUTOSCALER.health(known[0])
    assert health.level is Level.HEALTHY  # machines may be added
    assert "up to 20 copies" in health.reason
    assert "room for 8 at most" in health.reason
    hidden = HORIZONTAL_AUTOSCALER.join.make([one], {"deployment": [target]})
    assert "room for" not in HORIZONTAL_AUTOSCALER.health(hidden[0]).reason
