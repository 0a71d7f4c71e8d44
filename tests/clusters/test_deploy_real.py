"""Workloads from the form on a real cluster: it takes every field, and the copies come up."""

from __future__ import annotations

import subprocess

import pytest

from clusters.access import Actor, Granted
from clusters.deploy import objects
from clusters.deploy.reading import read
from clusters.deploy.where import where
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from tests.clusters.real_cluster import driver_of, kubectl, namespace  # noqa: F401
from tests.clusters.test_apply_real import ADA, OneCluster, cluster, do, driver, look  # noqa: F401
from tests.real import find_kubeconfig

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
ALL = {
    "image": "busybox:latest", "copies": "1", "pull": "IfNotPresent", "command": "sh -c",
    "arguments": "'trap exit TERM; mkdir -p /www; echo hi > /www/up; httpd -p 8080 -h /www; while true; do sleep 1; done'",
    "ports": "8080 TCP web\n53 UDP", "service": "ClusterIP", "service_port": "80", "environment": "GREETING=hello you",
    "cpu_request": "10m", "cpu_limit": "500m", "memory_request": "16Mi", "memory_limit": "64Mi", "ready": "http",
    "ready_at": "/up", "ready_every": "1", "alive": "exec", "alive_at": "true", "volumes": "/cache empty",
    "nodes": "kubernetes.io/os=linux", "tolerations": "*", "labels": "team=forms",
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
    assert [(one.place.kind, one.state) for one in done.results] == [("Deployment", "done"), ("Service", "done")]
    rollout = ["kubectl", "rollout", "status", "deployment/web", "-n", namespace, "--timeout=30s"]
    subprocess.run(rollout, check=True, capture_output=True)
    ends = kubectl("get", "endpointslices", "-n", namespace, "-l", "kubernetes.io/service-name=web")["items"][0]
    assert sorted(one["port"] for one in ends["ports"]) == [53, 8080]


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

    def driver(self, cluster_id: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return self.real

    def stores(self) -> tuple[()]:
        return ()
