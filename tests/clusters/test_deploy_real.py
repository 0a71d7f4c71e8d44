"""Workloads from the form on a real cluster: it takes every field, and the copies come up."""

from __future__ import annotations

import secrets
import subprocess

import pytest

from clusters.access import Actor, Granted
from clusters.deploy import objects
from clusters.deploy.form import DeployForm
from clusters.deploy.reading import read
from clusters.deploy.refused import by_field
from clusters.deploy.where import where
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from tests.clusters.apply_real import ADA, OneCluster, cluster, config, do, kept, look  # noqa: F401
from tests.clusters.real_cluster import driver, driver_of, kubectl, namespace  # noqa: F401
from tests.real import find_kubeconfig

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
ALL = {
    "image": "busybox:latest", "copies": "1", "pull": "IfNotPresent", "command": "sh -c",
    "arguments": "'trap exit TERM; mkdir -p /www; echo hi > /www/up; httpd -p 8080 -h /www; while true; do sleep 1; done'",
    "ports": "8080 TCP web>80\n53 UDP", "service": "ClusterIP", "environment": "GREETING=hello you",
    "cpu_request": "10m", "cpu_limit": "500m", "memory_request": "16Mi", "memory_limit": "64Mi", "ready": "http",
    "ready_at": "/up", "ready_every": "1", "alive": "exec", "alive_at": "true", "volumes": "/cache empty",
    "nodes": "kubernetes.io/os=linux", "tolerations": "example.com/taint=yes:NoSchedule", "labels": "team=forms",
}  # fmt: skip


async def test_a_workload_and_its_service_come_up_as_filled_in(cluster: OneCluster, namespace: str) -> None:  # noqa: F811
    for kind in ("stateful-set", "daemon-set"):  # strictly checked by the cluster itself, and not made
        more = {
            "volumes": "/data new 1Gi\n/tls secret tls ro",
            "sources": "secret db password PW",
            "service": "Headless",
        }
        form = read({**ALL, **more, "kind": kind, "name": f"a-{kind}", "namespace": namespace})
        plan = await look(cluster, objects.text(form))
        assert plan.ready, [one.error for one in plan.errors]
        assert not cluster.writes
    form = read({**ALL, "kind": "deployment", "name": "web", "namespace": namespace})
    done = await do(cluster, objects.text(form))
    assert [(one.served.kind, one.state) for one in done.results] == [("Deployment", "done"), ("Service", "done")]
    rollout = ["kubectl", "rollout", "status", "deployment/web", "-n", namespace, "--timeout=30s"]
    subprocess.run(rollout, check=True, capture_output=True)
    ends = kubectl("get", "endpointslices", "-n", namespace, "-l", "kubernetes.io/service-name=web")["items"][0]
    assert sorted(one["port"] for one in ends["ports"]) == [53, 8080]


async def test_every_rarer_field_is_what_the_copies_run_with(cluster: OneCluster, namespace: str) -> None:  # noqa: F811
    for words in (
        ("serviceaccount", "robot"),
        ("configmap", "settings", "--from-literal=index.html=from-the-config-map"),
        ("secret", "docker-registry", "hub", "--docker-username=a", "--docker-password=b"),
    ):
        subprocess.run(["kubectl", "create", "-n", namespace, *words], check=True, capture_output=True)
    port = 30_000 + secrets.randbelow(2_700)
    form = read({
        "kind": "deployment", "name": "strict", "namespace": namespace, "image": "busybox:latest", "pull": "IfNotPresent",
        "command": "httpd -f -p 8080 -h /www", "ports": f"8080 TCP web>80@{port}\n9090>90", "service": "NodePort",
        "init": "first busybox:latest sh -c 'echo made > /work/file'\nthen busybox:latest test -f /work/file",
        "volumes": "/work empty\n/www/index.html config settings:index.html ro", "service_account": "robot",
        "no_token": "1", "security": "restricted", "user": "10001", "user_group": "10002", "volume_group": "10003",
        "read_only_root": "1", "pull_secret": "hub",
    })  # fmt: skip
    done = await do(cluster, objects.text(form))
    assert [one.state for one in done.results] == ["done"] * 2, [one.words for one in done.results]
    rollout = ["kubectl", "rollout", "status", "deployment/strict", "-n", namespace, "--timeout=60s"]
    subprocess.run(rollout, check=True, capture_output=True)
    pod = kubectl("get", "pods", "-n", namespace, "-l", "app.kubernetes.io/name=strict")["items"][0]
    spec, container = pod["spec"], pod["spec"]["containers"][0]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("robot", False)
    assert spec["imagePullSecrets"] == [{"name": "hub"}]
    assert spec["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10002, "fsGroup": 10003,
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    for one in (container, *spec["initContainers"]):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True
        }  # fmt: skip
    assert [one["state"]["terminated"]["exitCode"] for one in pod["status"]["initContainerStatuses"]] == [0, 0]
    ask = "id -u; id -g; cat /work/file; touch /x 2>&1; wget -q -O - http://127.0.0.1:8080/index.html"
    said = subprocess.run(
        ["kubectl", "exec", "-n", namespace, pod["metadata"]["name"], "--", "sh", "-c", ask],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.split() == [
        "10001",
        "10002",
        "made",
        "touch:",
        "/x:",
        "Read-only",
        "file",
        "system",
        "from-the-config-map",
    ]
    service = kubectl("get", "service", "strict", "-n", namespace)["spec"]
    first, second = service["ports"]
    assert (first["port"], first["nodePort"], second["port"]) == (80, port, 90)

    again = read({**vars_of(form), "name": "other", "ports": f"8080@{port}"})
    plan = await look(cluster, objects.text(again))
    assert "already allocated" in by_field(plan)["ports"]


def vars_of(form: DeployForm) -> dict[str, str]:
    """The least that another workload beside this one needs."""
    return {"kind": form.kind, "namespace": form.namespace, "image": form.image, "service": form.service}


async def test_only_namespaces_in_which_the_account_may_create_are_offered() -> None:
    two = ("shop", "default")
    for who, chosen, expected in (("shop-only", two, ["shop"]), ("viewer", two, [])):
        real = driver_of(find_kubeconfig().parent / f"{who}.yaml")
        found = await where(Gateway(_Empty(real)), ADA, 1, "deployments", chosen)  # type: ignore[arg-type]
        await real.close()
        assert (list(found.namespaces), bool(found.why_not)) == (expected, not expected)
        assert "may make deployments in no namespace" in found.why_not or expected


async def test_where_no_namespace_is_known_any_may_be_tried() -> None:
    real = driver_of(find_kubeconfig().parent / "shop-only.yaml")
    found = await where(Gateway(_Empty(real)), ADA, 1, "deployments")  # type: ignore[arg-type]
    await real.close()
    assert (list(found.namespaces), found.why_not) == ([], "")


async def test_who_is_granted_one_namespace_is_offered_that_one_alone() -> None:
    actor = Actor(3, "otto", (Granted(Role.OPERATOR, 1, frozenset({"shop"}), frozenset({"apply"})),))
    real = driver_of(find_kubeconfig())
    found = await where(Gateway(_Empty(real)), actor, 1, "deployments", ("default",))  # type: ignore[arg-type]
    await real.close()
    assert list(found.namespaces) == ["shop"]


class _Empty(OneCluster):
    """Of which nothing is known yet."""

    def clusters(self) -> list[int]:
        return [1]

    def driver(self, cluster_id: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return self.real

    def stores(self) -> tuple[()]:
        return ()
