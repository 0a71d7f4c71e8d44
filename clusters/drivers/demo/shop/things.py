"""What the shop's apps use: settings, secrets, accounts, disks, limits. Objects as the Kubernetes API writes them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from clusters.drivers.demo.shop import objects
from clusters.drivers.demo.shop.apps import APPS
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

FAST, SLOW = "fast-ssd", "archive"
NAMESPACES = sorted({app.namespace for app in APPS})
API = {
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "StorageClass": "storage.k8s.io/v1",
    "PriorityClass": "scheduling.k8s.io/v1",
}


def add(world: ShopWorld) -> None:
    """Somebody sets it all up."""

    def save(kind: str, namespace: str, name: str, **rest: Any) -> Object:
        meta = objects.metadata(world.new_uid(), namespace, name, world.now, {})
        thing = {"apiVersion": API.get(kind, "v1"), "kind": kind, "metadata": meta, **rest}
        world.save(thing)
        return thing

    for name, policy, default in ((FAST, "Delete", True), (SLOW, "Retain", False)):
        made = save(
            "StorageClass",
            "",
            name,
            provisioner="disks.example",
            reclaimPolicy=policy,
            volumeBindingMode="WaitForFirstConsumer",
            allowVolumeExpansion=default,
        )
        made["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] = str(default).lower()
    save("PriorityClass", "", "shop-critical", value=100_000, description="What the shop cannot do without.")
    for namespace in NAMESPACES:
        save("ServiceAccount", namespace, "default")
        save(
            "LimitRange",
            namespace,
            "sizes",
            spec={"limits": [{"type": "Container", "max": {"memory": "4Gi"}, "defaultRequest": {"cpu": "50m"}}]},
        )
    for app in APPS:
        save("ServiceAccount", app.namespace, app.name)
        _save_secret(world, app.namespace, app.name)
    save(
        "ConfigMap", "shop", "web", data={"banner": "Free delivery this week", "web.conf": "workers: 4\ntimeout: 30s\n"}
    )
    save("ConfigMap", "data", "ledger", data={"postgresql.conf": "shared_buffers = 256MB\nmax_connections = 80\n"})
    save(
        "ResourceQuota",
        "shop",
        "budget",
        spec={"hard": {"pods": "80", "requests.memory": "24Gi"}},
        status={"hard": {"pods": "80", "requests.memory": "24Gi"}, "used": {"pods": "32", "requests.memory": "7Gi"}},
    )
    _save_scaling(save)
    for number in range(2):
        _save_disk(save, f"books-ledger-{number}", bound=True)
    _save_disk(save, "old-reports", bound=False)


def _save_secret(world: ShopWorld, namespace: str, name: str) -> None:
    value = base64.b64encode(f"demonstration-of-{name}".encode()).decode()
    meta = objects.metadata(world.new_uid(), namespace, name, world.now, {})
    meta["managedFields"] = [{"manager": "installer", "operation": "Update", "fieldsV1": {"f:data": {"f:token": {}}}}]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": {"token": value}}
    world.save(secret)


def _save_scaling(save: Any) -> None:
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
    now = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 52}}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    save(
        "HorizontalPodAutoscaler",
        "shop",
        "web",
        spec={"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 8, "metrics": [metric]},
        status={
            "currentReplicas": 4,
            "desiredReplicas": 4,
            "currentMetrics": [now],
            "conditions": [{"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"}],
        },
    )
    save(
        "PodDisruptionBudget",
        "shop",
        "web",
        spec={"minAvailable": 2, "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}}},
        status={
            "disruptionsAllowed": 2,
            "currentHealthy": 4,
            "desiredHealthy": 2,
            "expectedPods": 4,
            "observedGeneration": 1,
        },
    )


def _save_disk(save: Any, name: str, *, bound: bool) -> None:
    """A claim with its disk; not bound: the disk that a claim left."""
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": FAST if bound else SLOW}
    claim, volume, size = {"namespace": "data", "name": name}, f"disk-{name}", {"storage": "20Gi"}
    if bound:
        save(
            "PersistentVolumeClaim",
            "data",
            name,
            spec={**spec, "resources": {"requests": size}, "volumeName": volume},
            status={"phase": "Bound", "capacity": size},
        )
    policy = "Delete" if bound else "Retain"
    save(
        "PersistentVolume",
        "",
        volume,
        spec={**spec, "capacity": size, "claimRef": claim, "persistentVolumeReclaimPolicy": policy},
        status={"phase": "Bound" if bound else "Released"},
    )
