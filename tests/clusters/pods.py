"""Pods as a cluster tells of them, and how they are judged."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from clusters.kinds.base import Health
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.pod_model import Pod


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


def not_ready(seconds: float, **more: Any) -> Health:
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "ContainersNotReady",
        "lastTransitionTime": ago(seconds),
    } | more
    inside = {"type": "ContainersReady", "status": "False" if "reason" not in more else "True"}
    return judged(conditions=[ready, inside], containerStatuses=[status_of(running={}) | {"ready": False}])
