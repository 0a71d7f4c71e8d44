"""What pods request and may use at most, beside which their usage is shown; and what is booked on a node by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from clusters.drivers.base import Usage
from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.pod_model import Pod


def asked_for(pod: Pod) -> Usage | None:
    """What it requested and may use; nothing of it is measured. None for one that is over."""
    if pod.status.phase in OVER:
        return None
    cpu, memory = pod.requests
    return Usage(
        at=0.0,
        cpu=None,
        memory=None,
        cpu_limit=pod.cpu_limit,
        memory_limit=pod.memory_limit,
        cpu_request=cpu,
        memory_request=memory,
    )


def booked(pods: Iterable[Any]) -> Mapping[str, tuple[float, float]]:
    """By node, what is kept free there for pods, as ``kubectl describe node`` counts it: cores, and bytes."""
    found: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for pod in pods:
        if pod.spec.node_name and pod.status.phase not in OVER:
            cores, memory = found[pod.spec.node_name]
            cpu, size = pod.requests
            found[pod.spec.node_name] = (cores + cpu, memory + size)
    return found
