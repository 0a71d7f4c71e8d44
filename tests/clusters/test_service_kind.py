"""Who answers on a service: the first broken step of the way to its copies is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.service import SERVICE
from clusters.kinds.kubernetes.service_model import Service, join

RECORDED = Path(__file__).parent.parent / "recorded" / "kubernetes" / "service.json"
PORT = {"port": 80, "targetPort": "http"}


def service(**spec: Any) -> Service:
    spec = {"type": "ClusterIP", "clusterIP": "10.0.0.7", "selector": {"app": "web"}, "ports": [PORT], **spec}
    meta = {"name": "web", "namespace": "shop", "uid": "s", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return msgspec.convert({"metadata": meta, "spec": spec}, Service)


def pod(
    name: str, ready: bool = True, port: str = "http", namespace: str = "shop", phase: str = "Running", **labels: str
) -> Pod:
    return msgspec.convert(
        {
            "metadata": {"name": name, "namespace": namespace, "uid": name, "labels": labels or {"app": "web"}},
            "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 8080, "name": port}]}]},
            "status": {
                "phase": phase,
                "conditions": [{"type": "Ready", "status": str(ready), "reason": "ContainersNotReady"}],
                "startTime": "2026-01-01T00:00:00Z",
                "containerStatuses": [{"name": "c", "ready": ready, "state": {"running": {}}}],
            },
        },
        Pod,
    )


def joined(one: Service, *pods: Pod, deployments: tuple[Deployment, ...] = ()) -> Service:
    return join([one], {"pod": pods, "deployment": deployments, "stateful-set": ()})[0]


def test_it_answers_when_a_ready_copy_has_its_port() -> None:
    one = joined(service(), pod("a"), pod("b", ready=False), pod("c", phase="Succeeded"), pod("d", namespace="other"))
    assert SERVICE.health(one).level is Level.HEALTHY
    assert (one.answers.ready, one.answers.copies) == (1, 2)


def test_a_selector_that_matches_nothing_is_named_with_the_nearest_labels() -> None:
    health = SERVICE.health(joined(service(), pod("a", app="webb")))
    assert (health.level, health.word) == (Level.FAILING, "Nobody answers")
    assert "its selector matches nothing (app=web). The nearest: a has app=webb." in health.reason


@pytest.mark.parametrize(
    ("there", "is_mistyped"),
    [("webb", True), ("wbe", True), ("web-2", False), ("prod-web", False), ("cart", False), ("", False)],
)
def test_only_a_mistyped_selector_is_surely_wrong(there: str, is_mistyped: bool) -> None:
    one = service(selector={"app": "web-1" if there == "web-2" else "web"})
    health = SERVICE.health(joined(one, pod("a", app=there)))
    assert health.level is (Level.FAILING if is_mistyped else Level.AT_RISK)
    assert ("The nearest" in health.reason) is is_mistyped


def test_copies_that_are_not_ready_do_not_answer() -> None:
    health = SERVICE.health(joined(service(), pod("a", ready=False), pod("b", ready=False)))
    assert health.word == "Nobody answers"
    assert "no copy is ready (0 of 2)" in health.reason


def test_a_target_port_that_no_copy_has_by_name_is_the_wrong_door() -> None:
    health = SERVICE.health(joined(service(), pod("a", port="web")))
    assert (health.level, health.word) == (Level.FAILING, "Wrong port")
    assert "nobody listens on “http”" in health.reason
    assert SERVICE.health(joined(service(), pod("a", port="web"), pod("b"))).level is Level.AT_RISK


def test_what_was_scaled_to_no_copies_is_switched_off_and_no_fault() -> None:
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}}
    off = msgspec.convert({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}, Deployment)
    health = SERVICE.health(joined(service(), deployments=(off,)))
    assert (health.level, health.word) == (Level.STOPPED, "Switched off")


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "ExternalName", "externalName": "db.example"},
        {"selector": None},
        {"targetPort": 1, "clusterIP": "None"},
    ],
)
def test_services_that_point_elsewhere_or_have_no_address_are_no_fault(spec: dict[str, Any]) -> None:
    assert SERVICE.health(joined(service(**spec), pod("a"))).level is Level.HEALTHY


def test_a_balancer_that_gives_no_address_is_said() -> None:
    assert SERVICE.health(joined(service(type="LoadBalancer"), pod("a"))).word == "Inside only"


def test_a_recorded_service_is_read() -> None:
    one = msgspec.json.decode(RECORDED.read_bytes(), type=Service)
    assert [SERVICE.key(one), one.spec.type, one.ports[0].target] == ["shop/web", "NodePort", "http"]


def test_a_change_of_a_pod_that_says_nothing_new_leaves_the_service_as_it_was() -> None:
    assert joined(service(), pod("a")) == joined(service(), pod("b"))


def test_it_is_another_version_when_its_copies_come_and_go() -> None:
    alone, answered = joined(service()), joined(service(), pod("a"))
    assert alone.version != answered.version
    assert answered.version == joined(service(), pod("a")).version
    assert answered.version != joined(service(), pod("a", ready=False)).version


def test_who_answers_cannot_be_told_where_pods_may_not_be_listed() -> None:
    one = join([service()], {})[0]
    health = SERVICE.health(one)
    assert (health.level, health.word) == (Level.UNKNOWN, "Cannot tell")
    assert "may not list pods" in health.reason
    pips = SERVICE.column("ready")
    assert pips is not None
    assert pips.value(one) is None
    outside = service(type="ExternalName", externalName="db.example", selector=None)
    assert SERVICE.health(join([outside], {})[0]).word == "Points outside"


def test_it_is_judged_by_its_pods_where_what_keeps_them_may_not_be_listed() -> None:
    assert SERVICE.health(join([service()], {"pod": [pod("a")]})[0]).word == "Answers"
    assert SERVICE.health(join([service()], {"pod": []})[0]).word == "Nobody answers"
