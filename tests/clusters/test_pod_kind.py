"""A pod, judged: every way it can be, in plain words with the technical term beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Health, Level
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.deployment_actions import CHANGE_IMAGE
from clusters.kinds.kubernetes.deployment_model import Deployment, DeploymentSpec
from clusters.kinds.kubernetes.files import OF_POD
from clusters.kinds.kubernetes.pod import POD, log_sources
from clusters.kinds.kubernetes.pod_model import Container, Pod, PodSpec, PodStatus
from clusters.kinds.kubernetes.pod_settings import settings
from clusters.kinds.kubernetes.replica_set import Template
from clusters.live.resource import Changed, Listed
from clusters.live.store import Store
from tests.clusters.pods import ago, judged, made, not_ready, status_of

RECORDED = Path(__file__).parents[1] / "recorded" / "kubernetes"


def test_one_that_runs_is_healthy_and_says_no_more() -> None:
    assert POD.health(made()) == Health(Level.HEALTHY, "Running")


def test_the_first_container_stands_for_the_app_as_it_does_for_kubectl() -> None:
    containers = [{"name": "web", "image": "shop/web:1"}, {"name": "envoy", "image": "mesh/envoy:2"}]
    running: list[dict[str, Any]] = [
        {"name": name, "state": {"running": {}}} for name in ("envoy", "web")
    ]  # as a cluster tells them
    pod = made({"containerStatuses": running}, {"containers": containers})
    name = POD.column("name")
    assert name is not None
    assert name.value(pod) == [pod.name, "shop/web:1"]
    assert OF_POD.containers(pod) == ["web", "envoy"]
    template = Template(spec=pod.spec)
    assert template.image == "shop/web:1"
    kept = Deployment(metadata=pod.metadata, spec=DeploymentSpec(template=template))
    assert CHANGE_IMAGE.undo is not None
    assert CHANGE_IMAGE.undo(kept, {}) == ("set-image", {"container": "web", "image": "shop/web:1"})


OOM = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": ago(30)}


def test_a_crash_loop_names_the_exit_code_and_the_memory_limit() -> None:
    limited = {"containers": [{"name": "main", "image": "shop/web:1", "resources": {"limits": {"memory": "256Mi"}}}]}
    loop = status_of(waiting={"reason": "CrashLoopBackOff"}, restarts=26, last=OOM)
    health = POD.health(made({"containerStatuses": [loop]}, limited))
    assert (health.level, health.word) == (Level.FAILING, "Crashing")
    assert "used more memory than it may (256Mi)" in health.reason
    assert health.code == "exit 137 · OOMKilled · CrashLoopBackOff"
    assert health.since == epoch(str(OOM["finishedAt"]))


def test_a_node_that_fell_silent_makes_its_pods_unknown_not_well() -> None:
    health = not_ready(30, reason="")
    assert health.level is Level.UNKNOWN
    assert "node-1 does not answer" in health.reason


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
