"""The shop's objects as the Kubernetes API writes them."""

from __future__ import annotations

import copy
import zlib
from datetime import UTC, datetime
from typing import Any

from clusters.drivers.demo.shop.apps import App, Machine
from clusters.drivers.demo.world import Object

GIB = 1024**3


def when(at: float) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str | None) -> float:
    """A time of the API in epoch seconds; 0.0 for none."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0


def metadata(
    uid: str,
    namespace: str,
    name: str,
    at: float,
    labels: dict[str, str],
    owner: Object | None = None,
    owner_kind: str = "",
) -> Object:
    """What every object has."""
    found: Object = {
        "name": name,
        "uid": uid,
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": when(at),
        "labels": dict(labels),
        "annotations": {},
    }
    if namespace:
        found["namespace"] = namespace
    if owner is not None:
        found["ownerReferences"] = [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner_kind,
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return found


def template(app: App, version: str) -> Object:
    """A pod template."""
    ask = {"cpu": f"{int(app.cpu * 1000)}m", "memory": f"{app.memory}Mi"}
    most = {"cpu": f"{int(app.cpu * 2000)}m", "memory": f"{app.memory * 2}Mi"}
    probe = {
        "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
        "periodSeconds": 5,
        "timeoutSeconds": 1,
        "failureThreshold": 3,
        "successThreshold": 1,
    }
    return {
        "metadata": {"labels": {"app.kubernetes.io/name": app.name}},
        "spec": {
            "containers": [
                {
                    "name": app.name,
                    "image": f"{app.image}:{version}",
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{"name": "http", "containerPort": app.port, "protocol": "TCP"}],
                    "env": [
                        {"name": "LOG_LEVEL", "value": "info"},
                        {"name": "REGION", "value": "eu-central"},
                        {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": app.name, "key": "token"}}},
                    ],
                    "resources": {"requests": ask, "limits": most},
                    "readinessProbe": probe,
                }
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "serviceAccountName": app.name,
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
        },
    }


def deployment(uid: str, app: App, version: str, at: float) -> Object:
    """A deployment that nobody has worked on yet."""
    labels = {"app.kubernetes.io/name": app.name, "app.kubernetes.io/part-of": app.namespace}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(uid, app.namespace, app.name, at, labels),
        "spec": {
            "replicas": app.copies,
            "selector": {"matchLabels": {"app.kubernetes.io/name": app.name}},
            "template": template(app, version),
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 60,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        },
        "status": {},
    }


def replica_set(uid: str, owner: Object, hashed: str, revision: int, at: float) -> Object:
    """A replica set of a deployment, for the template it has now, with no copies yet."""
    meta, spec = owner["metadata"], copy.deepcopy(owner["spec"])
    labels = {**spec["template"]["metadata"]["labels"], "pod-template-hash": hashed}
    found: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata(uid, meta["namespace"], f"{meta['name']}-{hashed}", at, labels, owner, "Deployment"),
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {**spec["template"]["metadata"], "labels": labels},
                "spec": spec["template"]["spec"],
            },
        },
        "status": {"replicas": 0, "readyReplicas": 0, "availableReplicas": 0, "observedGeneration": 1},
    }
    annotations = found["metadata"]["annotations"]
    annotations["deployment.kubernetes.io/revision"] = str(revision)
    annotations["deployment.kubernetes.io/desired-replicas"] = str(spec["replicas"])
    return found


def pod(uid: str, owner: Object, suffix: str, at: float) -> Object:
    """A pod that waits for a node."""
    meta, shape = owner["metadata"], owner["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **metadata(
                uid,
                meta["namespace"],
                f"{meta['name']}-{suffix}",
                at,
                shape["metadata"]["labels"],
                owner,
                owner["kind"],
            ),
            "generateName": f"{meta['name']}-",
        },
        "spec": {**shape["spec"], "tolerations": []},
        "status": {"phase": "Pending", "qosClass": "Burstable", "conditions": [], "containerStatuses": []},
    }


def node(uid: str, machine: Machine, at: float) -> Object:
    """A machine that is ready."""
    labels = {
        "kubernetes.io/hostname": machine.name,
        "topology.kubernetes.io/zone": machine.zone,
        "node-role.kubernetes.io/worker": "",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
    }
    room = {"cpu": str(machine.cores), "memory": f"{machine.memory}Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    pressures = [
        condition(name, "False", at, "KubeletHasNoPressure", "kubelet has enough of it")
        for name in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(uid, "", machine.name, at, labels),
        "spec": {"podCIDR": f"10.42.{machine.name[-1]}.0/24"},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [
                *pressures,
                condition("Ready", "True", at, "KubeletReady", "kubelet is posting ready status"),
            ],
            "addresses": [
                {"type": "InternalIP", "address": f"192.0.2.{10 + int(machine.name[-1])}"},
                {"type": "Hostname", "address": machine.name},
            ],
            "nodeInfo": {
                "kubeletVersion": "v1.34.2",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "kernelVersion": "6.12.41",
                "containerRuntimeVersion": "containerd://2.1.4",
                "architecture": "amd64",
                "operatingSystem": "linux",
            },
        },
    }


def service(uid: str, app: App, at: float) -> Object:
    """The address of an app inside the cluster."""
    labels = {"app.kubernetes.io/name": app.name}
    address = f"10.43.{len(app.name)}.{zlib.crc32(app.name.encode()) % 250 + 2}"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(uid, app.namespace, app.name, at, labels),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "selector": labels,
            "ports": [{"name": "http", "port": app.port, "targetPort": "http", "protocol": "TCP"}],
        },
        "status": {"loadBalancer": {}},
    }


def namespace(uid: str, name: str, at: float) -> Object:
    """A namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata(uid, "", name, at, {"kubernetes.io/metadata.name": name}),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def condition(kind: str, status: str, at: float, reason: str = "", message: str = "") -> Object:
    """One condition of a status."""
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": when(at),
        "lastUpdateTime": when(at),
        "reason": reason,
        "message": message,
    }


def set_condition(status: Object, kind: str, value: str, at: float, reason: str = "", message: str = "") -> bool:
    """Write a condition; the time moves only when its value does. True when anything is different now."""
    conditions: list[Object] = status.setdefault("conditions", [])
    known = next((one for one in conditions if one["type"] == kind), None)
    if known is None:
        conditions.append(condition(kind, value, at, reason, message))
        return True
    if (known["status"], known["reason"], known["message"]) == (value, reason, message):
        return False
    if known["status"] != value:
        known["lastTransitionTime"] = when(at)
    known.update(status=value, reason=reason, message=message, lastUpdateTime=when(at))
    return True


def is_true(thing: Object, kind: str) -> bool:
    """Whether a condition of its status is true."""
    return any(one["type"] == kind and one["status"] == "True" for one in thing["status"].get("conditions", ()))


def quantity(text: Any) -> float:
    """A Kubernetes quantity of the few forms used here: "250m", "128Mi", "2Gi", "4"."""
    word = str(text)
    for suffix, factor in (("Gi", GIB), ("Mi", 1024**2), ("Ki", 1024), ("m", 0.001)):
        if word.endswith(suffix):
            return float(word.removesuffix(suffix)) * factor
    return float(word or 0)
