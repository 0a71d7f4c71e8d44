"""Storage, networking, settings and limits of a real cluster: joined as they are, and deleted as kubectl says afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Invalid
from clusters.kinds import KINDS
from clusters.kinds.base import Kind, Level
from clusters.kinds.kubernetes.ingress import INGRESS
from clusters.kinds.kubernetes.namespace import NAMESPACE
from clusters.kinds.kubernetes.persistent_volume import PERSISTENT_VOLUME
from clusters.kinds.kubernetes.persistent_volume_claim import PERSISTENT_VOLUME_CLAIM
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.resource_quota import RESOURCE_QUOTA
from clusters.kinds.kubernetes.service import SERVICE
from tests.clusters.docker_things import until
from tests.clusters.kubernetes_objects import (
    PATIENCE,
    a_name,
    act,
    apply,
    gone,
    page,
    pod_template,
    said,
    seen,
    watched,
)
from tests.clusters.real_cluster import another, driver, driver_of, namespace  # noqa: F401

pytestmark = pytest.mark.kubernetes
RBAC = "rbac.authorization.k8s.io/v1"
NETWORKING = "networking.k8s.io/v1"
DISK = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
# What a cluster has of each kind that is only made and deleted: name, apiVersion, kind, the rest of it.
MADE: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("disruption-budget", "policy/v1", "PodDisruptionBudget", {"spec": {"minAvailable": 1, "selector": {}}}),
    ("config-map", "v1", "ConfigMap", {"data": {"mode": "fast"}}),
    ("secret", "v1", "Secret", {"stringData": {"password": "hunter2"}}),
    ("service-account", "v1", "ServiceAccount", {}),
    ("persistent-volume-claim", "v1", "PersistentVolumeClaim", {"spec": DISK}),
    (
        "persistent-volume",
        "v1",
        "PersistentVolume",
        {"spec": {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/tmp/none"}}},
    ),
    ("storage-class", "storage.k8s.io/v1", "StorageClass", {"provisioner": "example.com/nobody"}),
    ("resource-quota", "v1", "ResourceQuota", {"spec": {"hard": {"pods": "50"}}}),
    ("limit-range", "v1", "LimitRange", {"spec": {"limits": [{"type": "Pod", "max": {"memory": "64Gi"}}]}}),
    ("priority-class", "scheduling.k8s.io/v1", "PriorityClass", {"value": 10}),
    ("service", "v1", "Service", {"spec": {"selector": {"app": "none"}, "ports": [{"port": 80}]}}),
    ("ingress-class", NETWORKING, "IngressClass", {"spec": {"controller": "example.com/nobody"}}),
    (
        "ingress",
        NETWORKING,
        "Ingress",
        {"spec": {"defaultBackend": {"service": {"name": "none", "port": {"number": 80}}}}},
    ),
    ("network-policy", NETWORKING, "NetworkPolicy", {"spec": {"podSelector": {"matchLabels": {"app": "none"}}}}),
    ("role", RBAC, "Role", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
    ("cluster-role", RBAC, "ClusterRole", {"rules": []}),
    (
        "role-binding",
        RBAC,
        "RoleBinding",
        {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}, "subjects": []},
    ),
    (
        "cluster-role-binding",
        RBAC,
        "ClusterRoleBinding",
        {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "none"}, "subjects": []},
    ),
)


def kind_of(name: str) -> Kind[Any]:
    return next(kind for kind in KINDS["kubernetes"] if kind.name == name)


@pytest.mark.parametrize(("kind_name", "api", "sort", "rest"), MADE, ids=[one[0] for one in MADE])
async def test_it_is_seen_shown_and_deleted_and_another_of_its_name_is_not(
    driver: KubernetesDriver, namespace: str, kind_name: str, api: str, sort: str, rest: dict[str, Any]
) -> None:
    kind, name = kind_of(kind_name), a_name("pilothouse-test")
    inside = namespace if kind.namespaced else ""
    apply(inside, api, sort, name, **rest)
    key = f"{inside}/{name}" if inside else name
    where = (sort, name, *(("-n", inside) if inside else ()))
    try:
        async with watched(driver, kind, POD) as connection:
            one = await seen(connection, kind, key)
            assert connection.stores[kind.name].health[one.uid].level is not Level.FAILING or kind_name in (
                "service",
                "ingress",
            )
            shown = await page(connection, kind, one)
            assert "hunter2" not in str(shown)
            assert name in (await page(connection, kind, one, "yaml"))["text"]
            with pytest.raises((Conflict, Invalid)):
                await act(driver, kind, another(one), "delete")
            assert said(*where) is not None
            await act(driver, kind, one, "delete")
            await gone(connection, kind, one.uid)
        assert said(*where) is None
    finally:
        subprocess.run(
            ["kubectl", "delete", "--ignore-not-found", "--wait=false", *where], capture_output=True, check=True
        )


async def test_a_claim_says_who_uses_it_and_its_volume_says_whose_it_is(
    driver: KubernetesDriver, namespace: str
) -> None:
    name, pod = a_name("photos"), a_name("gallery")
    apply(namespace, "v1", "PersistentVolumeClaim", name, spec=DISK)
    async with watched(driver, PERSISTENT_VOLUME_CLAIM, PERSISTENT_VOLUME) as connection:
        one = await seen(connection, PERSISTENT_VOLUME_CLAIM, f"{namespace}/{name}", "Waiting")
        facts = {fact.label: fact.text for fact in (await page(connection, PERSISTENT_VOLUME_CLAIM, one))["facts"]}
        assert "made when the first pod that uses it is placed" in facts["Why it has no disk"]
        volume = {"name": "p", "persistentVolumeClaim": {"claimName": name}}
        template = pod_template(pod, volumes=[volume])
        apply(namespace, "v1", "Pod", pod, spec=template["spec"])
        one = await seen(connection, PERSISTENT_VOLUME_CLAIM, f"{namespace}/{name}", "In use")
        one = await until(lambda: _placed(connection, one.uid), PATIENCE)
        node = (said("pod", pod, "-n", namespace) or {})["spec"]["nodeName"]
        users = (await page(connection, PERSISTENT_VOLUME_CLAIM, one))["users"]
        assert [(row.name, row.node) for row in users.rows] == [(pod, node)]
        disk = await seen(connection, PERSISTENT_VOLUME, one.spec.volume_name, "In use")
        assert disk.holder == f"{namespace}/{name}"
        # Asked to go while it is used, it waits for its pod, as kubectl shows it ("Terminating").
        await act(driver, PERSISTENT_VOLUME_CLAIM, one, "delete")
        await seen(connection, PERSISTENT_VOLUME_CLAIM, f"{namespace}/{name}", "Ending")
        held = said("pvc", name, "-n", namespace)
        assert held is not None
        assert held["metadata"]["deletionTimestamp"]
        subprocess.run(
            ["kubectl", "delete", "pod", pod, "-n", namespace, "--wait=false"], capture_output=True, check=True
        )
        await gone(connection, PERSISTENT_VOLUME_CLAIM, one.uid)
        await gone(connection, PERSISTENT_VOLUME, disk.uid)


def _placed(connection: Any, uid: str) -> Any:
    one = connection.stores["persistent-volume-claim"].resources[uid]
    return one if all(user.node for user in one.users) else None


@pytest.mark.parametrize(
    ("sort", "why"),
    [
        ("pilothouse-test-absent", "There is no storage class called pilothouse-test-absent."),
        ("", "No volume fits it, and it names no storage class that could make one."),
    ],
)
async def test_why_a_claim_has_no_disk_is_said_in_words(
    driver: KubernetesDriver, namespace: str, sort: str, why: str
) -> None:
    name = a_name("waits")
    spec = {**DISK, "storageClassName": sort, "resources": {"requests": {"storage": "900Ti"}}}
    apply(namespace, "v1", "PersistentVolumeClaim", name, spec=spec)
    async with watched(driver, PERSISTENT_VOLUME_CLAIM) as connection:
        one = await seen(connection, PERSISTENT_VOLUME_CLAIM, f"{namespace}/{name}")
        for _ in range(100):
            facts = {fact.label: fact.text for fact in (await page(connection, PERSISTENT_VOLUME_CLAIM, one))["facts"]}
            if facts["Why it has no disk"] == why:
                break
        assert facts["Why it has no disk"] == why


async def test_a_service_says_at_once_when_its_copies_come_and_go(driver: KubernetesDriver, namespace: str) -> None:
    name = a_name("web")
    spec = {"selector": {"matchLabels": {"app": name}}, "template": pod_template(name), "replicas": 0}
    apply(namespace, "apps/v1", "Deployment", name, spec=spec)
    apply(namespace, "v1", "Service", name, spec={"selector": {"app": name}, "ports": [{"port": 80}]})
    path = ("apis", "apps", "v1", "namespaces", namespace, "deployments", name)

    async def scale(copies: int) -> None:
        body = {"spec": {"replicas": copies}}
        await driver.call(Call("PATCH", path, body=body, content_type="application/merge-patch+json"))

    async with watched(driver, SERVICE) as connection:
        one = await seen(connection, SERVICE, f"{namespace}/{name}", "Switched off")
        await scale(2)
        await seen(connection, SERVICE, f"{namespace}/{name}", "Answers")
        await until(lambda: connection.stores["service"].resources[one.uid].answers.ready == 2, PATIENCE)  # type: ignore[attr-defined]
        await scale(0)
        await seen(connection, SERVICE, f"{namespace}/{name}", "Switched off")


async def test_a_quota_says_what_is_taken(driver: KubernetesDriver, namespace: str) -> None:
    name = a_name("quota")
    apply(namespace, "v1", "ResourceQuota", name, spec={"hard": {"count/replicationcontrollers": "0", "pods": "1k"}})
    async with watched(driver, RESOURCE_QUOTA) as connection:
        one = await seen(connection, RESOURCE_QUOTA, f"{namespace}/{name}", "Room left")
        now = said("quota", name, "-n", namespace)
        assert now is not None
        assert {(what, taken, most) for what, taken, most, _ in one.shares} == {
            (what, now["status"]["used"][what], most) for what, most in now["status"]["hard"].items()
        }


async def test_a_namespace_that_cannot_end_says_which_finalizer_of_what_holds_it(driver: KubernetesDriver) -> None:
    name = a_name("pilothouse-test-held")
    apply("", "v1", "Namespace", name)
    apply(name, "v1", "ConfigMap", "held", metadata={"finalizers": ["example.com/audit"]})
    try:
        async with watched(driver, NAMESPACE) as connection:
            one = await seen(connection, NAMESPACE, name, "Active")
            assert "2 config maps" in {fact.label: fact.text for fact in (await page(connection, NAMESPACE, one))["facts"]}["In it"]  # fmt: skip
            await act(driver, NAMESPACE, one, "delete")
            held = "1 config map with the finalizer example.com/audit"
            await until(lambda: _held_by(connection, name) == held, PATIENCE)
            assert connection.stores["namespace"].health[one.uid].word == "Ending"
            shown = await page(connection, NAMESPACE, connection.stores["namespace"].find(name))
            (row,) = shown["users"].rows
            assert (row.kind, row.key, row.how) == ("config-map", f"{name}/held", "example.com/audit")
            body = {"metadata": {"finalizers": None}}
            path = ("api", "v1", "namespaces", name, "configmaps", "held")
            await driver.call(Call("PATCH", path, body=body, content_type="application/merge-patch+json"))
            await gone(connection, NAMESPACE, one.uid)
    finally:
        free = [
            "kubectl",
            "patch",
            "configmap",
            "held",
            "-n",
            name,
            "--type=merge",
            "-p",
            '{"metadata":{"finalizers":null}}',
        ]
        subprocess.run(free, capture_output=True, check=False)
        subprocess.run(["kubectl", "delete", "namespace", name, "--ignore-not-found", "--wait=false"], capture_output=True, check=True)  # fmt: skip


def _held_by(connection: Any, name: str) -> str:
    one = connection.stores["namespace"].find(name)
    return str(one.held_by) if one else ""


@pytest.fixture
async def services_only(namespace: str, tmp_path: Path) -> AsyncIterator[KubernetesDriver]:
    """A driver whose account may list services and ingresses of the whole cluster, and nothing else."""
    name = a_name("pilothouse-test")
    rules = [
        {
            "apiGroups": ["", "networking.k8s.io"],
            "resources": ["services", "ingresses"],
            "verbs": ["get", "list", "watch"],
        }
    ]
    apply("", RBAC, "ClusterRole", name, rules=rules)
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    apply(namespace, "v1", "ServiceAccount", name)
    subject = {"kind": "ServiceAccount", "namespace": namespace, "name": name}
    apply("", RBAC, "ClusterRoleBinding", name, roleRef=ref, subjects=[subject])
    run = lambda *words: subprocess.run(["kubectl", *words], capture_output=True, check=True).stdout  # noqa: E731
    config = json.loads(run("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    config["users"][0]["user"] = {"token": run("create", "token", name, "-n", namespace).decode()}
    path = tmp_path / "kubeconfig.json"
    path.write_text(json.dumps(config))
    made = driver_of(path)
    yield made
    await made.close()
    run("delete", "clusterrole,clusterrolebinding", name, "--wait=false")


async def test_an_account_that_may_not_list_pods_is_told_so_and_sees_its_services(
    services_only: KubernetesDriver, namespace: str
) -> None:
    name = a_name("web")
    apply(namespace, "v1", "Service", name, spec={"selector": {"app": name}, "ports": [{"port": 80}]})
    backend = {"service": {"name": name, "port": {"number": 80}}}
    apply(namespace, NETWORKING, "Ingress", name, spec={"ingressClassName": "some", "defaultBackend": backend})
    async with watched(services_only, SERVICE, INGRESS) as connection:
        one = await seen(connection, SERVICE, f"{namespace}/{name}", "Cannot tell")
        store = connection.stores["service"]
        assert "may not list pods" in store.health[one.uid].reason
        assert store.trouble is not None
        words = "What depends on pods is not told. This cluster's account may not list pods in all namespaces."
        assert store.trouble.message == words
        steps = (await page(connection, SERVICE, one))["steps"]
        assert [step["status"][1] for step in steps] == ["Fine", "Fine", "Cannot tell"]
        way = await seen(connection, INGRESS, f"{namespace}/{name}", "Cannot tell")
        assert "may not list pods" in connection.stores["ingress"].health[way.uid].reason
