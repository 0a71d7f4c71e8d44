"""A pod, judged: every way it can be, in plain words with the technical term beside it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Health, Level
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.placing import placing_words
from clusters.kinds.kubernetes.pod import POD, log_sources
from clusters.kinds.kubernetes.pod_model import Container, Pod, PodSpec, PodStatus
from clusters.kinds.kubernetes.pod_settings import settings
from clusters.live.resource import Changed, Listed
from clusters.live.store import Store

RECORDED = Path(__file__).parents[1] / "recorded" / "kubernetes"


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def made(
    status: dict[str, Any] | None = None, spec: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
) -> Pod:
    """A pod that has been well for an hour, but for what is given."""
    tree = {
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "u", "creationTimestamp": ago(3600)}
        | (metadata or {}),
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "shop/web:1"}]} | (spec or {}),
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(3500)}],
            "containerStatuses": [status_of(running={"startedAt": ago(3500)})],
        }
        | (status or {}),
    }  # fmt: skip
    return msgspec.convert(tree, Pod)


def status_of(
    name: str = "main", restarts: int = 0, last: dict[str, Any] | None = None, **state: Any
) -> dict[str, Any]:
    """A container's status: ``running=``, ``waiting=`` or ``terminated=``."""
    return {
        "name": name, "ready": "running" in state, "restartCount": restarts, "image": "shop/web:1", "state": state,
        "lastState": {"terminated": last} if last else {},
    }  # fmt: skip


def judged(**status: Any) -> Health:
    return POD.health(made(status))


def waiting(reason: str, message: str = "", last: dict[str, Any] | None = None) -> Health:
    return judged(
        phase="Pending",
        containerStatuses=[status_of(waiting={"reason": reason, "message": message}, restarts=4, last=last)],
    )


def test_one_that_runs_is_healthy_and_says_no_more() -> None:
    assert POD.health(made()) == Health(Level.HEALTHY, "Running")


OOM = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": ago(30)}


def test_a_crash_loop_names_the_exit_code_and_the_memory_limit() -> None:
    limited = {"containers": [{"name": "main", "image": "shop/web:1", "resources": {"limits": {"memory": "256Mi"}}}]}
    loop = status_of(waiting={"reason": "CrashLoopBackOff"}, restarts=26, last=OOM)
    health = POD.health(made({"containerStatuses": [loop]}, limited))
    assert (health.level, health.word) == (Level.FAILING, "Crashing")
    assert "used more memory than it may (256Mi)" in health.reason
    assert health.code == "exit 137 · OOMKilled · CrashLoopBackOff"
    assert health.since == epoch(str(OOM["finishedAt"]))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('failed to pull "x": manifest unknown', "no such image or tag"),
        ("docker.io/x:1: not found", "no such image or tag"),
        ("401 Unauthorized", "does not let the cluster in"),
        ("pull access denied", "does not let the cluster in"),
        ("toomanyrequests: rate limit", "given out enough"),
        ("dial tcp: i/o timeout", "cannot reach the registry"),
        ("lookup registry: no such host", "cannot reach the registry"),
        ("x509: certificate signed by unknown authority", "cannot reach the registry"),
        ("no match for platform in manifest", "another kind of processor"),
        ("something quite new", "cannot be fetched"),
    ],
)
def test_an_image_that_cannot_be_fetched_says_why(message: str, words: str) -> None:
    health = waiting("ImagePullBackOff", message)
    assert (health.level, health.word, health.code) == (Level.FAILING, "No image", "ImagePullBackOff")
    assert words in health.reason
    assert "shop/web:1" in health.reason


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("ErrImagePull", "No image"), ("InvalidImageName", "No image"), ("ErrImageNeverPull", "No image"),
        ("ImageInspectError", "No image"), ("CreateContainerConfigError", "Setting missing"),
        ("CreateContainerError", "Cannot start"), ("RunContainerError", "Cannot start"),
        ("PostStartHookError", "Cannot start"), ("SomethingNew", "Waiting"),
    ],
)  # fmt: skip
def test_every_reason_to_wait_has_words_and_keeps_its_term(reason: str, word: str) -> None:
    health = waiting(reason, "the kubelet said so")
    assert (health.level, health.word, health.code) == (Level.FAILING, word, reason)
    assert health.reason


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("0/2 nodes are available: 2 Insufficient cpu.", "No node has enough free cpu"),
        ("0/2 nodes are available: 2 Insufficient memory. preemption: 0/2", "No node has enough free memory"),
        ("1 node(s) had untolerated taint {dedicated: gpu}", "reserved for other work"),
        ("1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }", "not well or closed to new work"),
        ("2 node(s) didn't match Pod's node affinity/selector", "carries the labels"),
        ("2 node(s) didn't match pod anti-affinity rules", "refuse to share"),
        ("node(s) didn't match pod topology spread constraints", "spread"),
        ("1 node(s) had volume node affinity conflict", "Its disk is in another place"),
        ("pod has unbound immediate PersistentVolumeClaims", "not ready"),
        ('persistentvolumeclaim "data" not found', "(data) does not exist"),
        ("node(s) exceed max volume count", "another disk"),
        ("node(s) didn't have free ports", "is taken"),
        (
            "0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {dedicated: gpu}. "
            "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
            "No node fits: 1 node has too little free memory and 2 nodes are reserved for other work.",
        ),
        (
            "0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 2 node(s) were unschedulable.",
            "1 node has too little free cpu, 1 node has too little free memory and 2 nodes are closed to new work.",
        ),
        ("0/2 nodes are available: 1 Insufficient cpu, 1 is odd.", "1 node has too little free cpu and 1 is odd."),
        ("a reason nobody knew", "a reason nobody knew"),
        ("", "No node fits it."),
    ],
)
def test_the_scheduler_is_translated(message: str, words: str) -> None:
    assert words in placing_words(message)


def unplaced(seconds: float, reason: str = "Unschedulable") -> Health:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": reason, "message": "2 Insufficient cpu."}
    conditions = [scheduled | {"lastTransitionTime": ago(seconds)}]
    return POD.health(made({"phase": "Pending", "conditions": conditions, "containerStatuses": None}, {"nodeName": ""}))


def test_what_has_no_place_is_changing_first_and_failing_then() -> None:
    assert unplaced(2).level is Level.CHANGING
    assert (unplaced(60).level, unplaced(60).code) == (Level.FAILING, "Unschedulable")
    assert (unplaced(60, "SchedulingGated").level, unplaced(60, "SchedulingGated").word) == (Level.PAUSED, "Held")


def starting(seconds: float, reason: str = "ContainerCreating") -> Health:
    status = {"phase": "Pending", "containerStatuses": [status_of(waiting={"reason": reason})], "conditions": None}
    return POD.health(made(status, metadata={"creationTimestamp": ago(seconds)}))


def test_one_that_just_starts_is_changing_and_a_large_image_has_its_time() -> None:
    assert starting(5).level is Level.CHANGING
    assert starting(280).level is Level.CHANGING
    assert starting(400).level is Level.AT_RISK


def not_ready(seconds: float, **more: Any) -> Health:
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "ContainersNotReady",
        "lastTransitionTime": ago(seconds),
    } | more
    inside = {"type": "ContainersReady", "status": "False" if "reason" not in more else "True"}
    return judged(conditions=[ready, inside], containerStatuses=[status_of(running={}) | {"ready": False}])


def test_one_that_runs_and_takes_no_work_is_at_risk_after_two_minutes() -> None:
    assert not_ready(20).level is Level.CHANGING
    assert (not_ready(200).level, not_ready(200).word) == (Level.AT_RISK, "Not ready")
    assert "approve" in not_ready(200, reason="ReadinessGatesNotReady").reason


def test_a_node_that_fell_silent_makes_its_pods_unknown_not_well() -> None:
    health = not_ready(30, reason="")
    assert health.level is Level.UNKNOWN
    assert "node-1 does not answer" in health.reason


def test_set_up_steps_hold_it_up_and_sidecars_do_not() -> None:
    steps = {
        "initContainers": [
            {"name": "migrate", "image": "m"},
            {"name": "proxy", "image": "p", "restartPolicy": "Always"},
        ]
    }
    at_work = {"phase": "Pending", "initContainerStatuses": [status_of("migrate", running={})], "conditions": None}
    young = {"creationTimestamp": ago(20)}
    assert POD.health(made(at_work, steps, young)).word == "Setting up"
    assert POD.health(made(at_work, steps)).level is Level.AT_RISK
    crash = status_of("migrate", waiting={"reason": "CrashLoopBackOff"}, last={"exitCode": 1})
    failing = POD.health(made(at_work | {"initContainerStatuses": [crash]}, steps, young))
    assert failing.level is Level.FAILING
    assert "set-up step (migrate)" in failing.reason
    done = status_of("migrate", terminated={"exitCode": 0, "reason": "Completed"})
    sidecar = status_of("proxy", running={"startedAt": ago(100)})
    well = made({"initContainerStatuses": [done, sidecar]}, steps)
    assert POD.health(well).level is Level.HEALTHY
    assert (well.ready, len(well.containers)) == (2, 2)


def test_what_is_over_says_how_it_ended() -> None:
    assert (judged(phase="Succeeded").level, judged(phase="Succeeded").word) == (Level.STOPPED, "Finished")
    evicted = judged(phase="Failed", reason="Evicted", message="The node was low on resource: memory.")
    assert (evicted.level, evicted.word) == (Level.AT_RISK, "Evicted")
    assert "low on resource" in evicted.reason
    failed = judged(phase="Failed", containerStatuses=[status_of(terminated={"exitCode": 2})])
    assert (failed.level, failed.code) == (Level.FAILING, "exit 2")
    sidecar = [status_of(terminated={"exitCode": 0}), status_of("proxy", terminated={"exitCode": 143})]
    assert judged(phase="Succeeded", containerStatuses=sidecar).level is Level.STOPPED


def ending(seconds: float, finalizers: list[str] | None = None) -> Health:
    return POD.health(made(metadata={"deletionTimestamp": ago(seconds), "finalizers": finalizers}))


def test_one_that_will_not_go_away_names_what_holds_it() -> None:
    assert ending(5).level is Level.CHANGING
    assert ending(700, ["example.com/backup"]).level is Level.AT_RISK
    assert "example.com/backup" in ending(700, ["example.com/backup"]).reason
    assert ending(2000).level is Level.FAILING


def test_restarts_of_late_are_told_while_it_runs() -> None:
    recent = {"exitCode": 1, "finishedAt": ago(60)}
    old = {"exitCode": 1, "finishedAt": ago(7200)}
    assert judged(containerStatuses=[status_of(running={}, restarts=9, last=recent)]).level is Level.AT_RISK
    assert judged(containerStatuses=[status_of(running={}, restarts=9, last=old)]).level is Level.HEALTHY
    assert judged(containerStatuses=[status_of(running={}, restarts=1, last=recent)]).level is Level.HEALTHY


def test_the_worst_container_speaks_for_the_pod() -> None:
    both = [status_of(running={}), status_of("side", waiting={"reason": "CrashLoopBackOff"}, last={"exitCode": 127})]
    health = judged(containerStatuses=both)
    assert health.level is Level.FAILING
    assert "not found in the image" in health.reason


def test_limits_are_summed_and_one_without_a_limit_has_none() -> None:
    limited = {"name": "a", "image": "a", "resources": {"limits": {"cpu": "250m", "memory": "64Mi"}}}
    free = {"name": "b", "image": "b"}
    assert made(spec={"containers": [limited, limited]}).cpu_limit == 0.5
    assert made(spec={"containers": [limited, limited]}).memory_limit == 128 * 2**20
    assert made(spec={"containers": [limited, free]}).memory_limit == 0.0


def test_set_up_steps_that_have_begun_have_lines_too() -> None:
    steps = {"initContainers": [{"name": "migrate", "image": "m"}, {"name": "later", "image": "m"}]}
    begun = [
        status_of("migrate", terminated={"exitCode": 1}),
        status_of("later", waiting={"reason": "PodInitializing"}),
    ]
    assert [one.container for one in log_sources(made({"initContainerStatuses": begun}, steps))] == ["main", "migrate"]


@pytest.mark.parametrize("path", sorted(RECORDED.glob("pod*.json")), ids=lambda path: path.stem)
def test_recorded_pods_are_understood(path: Path) -> None:
    pod = msgspec.json.decode(path.read_bytes(), type=Pod)
    tree = json.loads(path.read_bytes())
    assert pod.uid == tree["metadata"]["uid"]
    assert POD.health(pod).word
    for column in POD.columns:
        column.value(pod)
        if column.sort:
            column.sort(pod)


def test_checks_and_variables_are_told_and_secrets_are_not() -> None:
    container = {
        "name": "main",
        "env": [
            {"name": "MODE", "value": "fast"}, {"name": "API_TOKEN", "value": "hunter2"},
            {"name": "DB", "value": "postgres://app:hunter2@db/shop"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "main"}}},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
        "envFrom": [{"configMapRef": {"name": "web"}}],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "failureThreshold": 1},
        "readinessProbe": {"exec": {"command": ["test", "-f", "/ready"]}, "periodSeconds": 5},
    }  # fmt: skip
    told = settings({"spec": {"containers": [container], "initContainers": None}})["main"]
    assert told["checks"] == [
        ("Is it alive?", "HTTP /healthz on port http every 10 s; failing once restarts it"),
        ("Can it take work?", "test -f /ready every 5 s; failing 3 times in a row sends it no work"),
    ]
    assert told["environment"][:2] == [("everything of", "config map web", False), ("MODE", "fast", False)]
    assert ("KEY", "main of secret keys", True) in told["environment"]
    assert ("NODE", "the pod's spec.nodeName", False) in told["environment"]
    assert "hunter2" not in str(told)
    assert settings({"spec": {"containers": 7}}) == {}


@pytest.mark.parametrize(("phase", "pips"), [("Running", [0, 1, 0]), ("Succeeded", [0, 0, 0]), ("Failed", [0, 0, 0])])
def test_nothing_is_missing_of_a_pod_that_is_over(phase: str, pips: list[int]) -> None:
    over = Pod(spec=PodSpec(containers=[Container(name="main")]), status=PodStatus(phase=phase))
    ready = next(column for column in POD.columns if column.key == "ready")
    assert ready.value(over) == pips


def test_its_own_check_is_named_at_once_and_a_risk_after_a_minute() -> None:
    def held_back(seconds: float) -> Health:
        unready = {
            "type": "Ready",
            "status": "False",
            "reason": "ContainersNotReady",
            "lastTransitionTime": ago(seconds),
        }
        up = status_of(running={"startedAt": ago(seconds)}) | {"ready": False}
        return POD.health(made({"conditions": [unready], "containerStatuses": [up]}))

    assert held_back(2).level is Level.CHANGING
    assert held_back(2).reason == "It runs, and does not take work. Its own check does not let it yet."
    assert (held_back(65).level, held_back(65).word) == (Level.AT_RISK, "Not ready")


def test_one_that_nobody_keeps_is_an_app_until_something_adopts_it() -> None:
    store = Store(1, POD)
    store.apply(Listed([made(metadata={"resourceVersion": "1"})]))
    assert list(store.apps) == ["u"]
    owner = {"kind": "ReplicaSet", "name": "web", "uid": "set", "controller": True}
    store.apply(Changed([made(metadata={"resourceVersion": "2", "ownerReferences": [owner]})]))
    assert not store.apps
    store.apply(Changed([made(metadata={"resourceVersion": "3"})]))
    store.apply(Changed((), ["u"]))
    assert not store.apps
