"""Before a node is drained: which of its pods would find no room on the others, and why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Look
from clusters.kinds.kubernetes.drain_plan import DrainPod
from clusters.kinds.kubernetes.drain_room import without_room
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.pod_model import Pod
from tests.clusters.fakes import all_shared

READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def node(
    name: str, memory: str = "8Gi", *, ready: str = "True", labels: Any = None, pods: str = "110", **spec: Any
) -> Any:
    room = {"cpu": "4", "memory": memory, "pods": pods}
    status = {"conditions": [{"type": "Ready", "status": ready}], "allocatable": room}
    return msgspec.convert(
        {"metadata": {"name": name, "uid": name, "labels": labels}, "spec": spec, "status": status}, NODE.model
    )


def tree(name: str, memory: str, where: str = "node-1", **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "resources": {"requests": {"memory": memory}}}
    owner = {"kind": "ReplicaSet", "name": "web", "uid": "r", "controller": True}
    meta = {"name": name, "namespace": "shop", "uid": name, "ownerReferences": [owner]}
    return {
        "metadata": meta,
        "spec": {"nodeName": where, "containers": [container], **spec},
        "status": {"phase": "Running"},
    }


async def lost(nodes: list[Any], leaving: list[Any], there: list[Any] = (), *, seen: bool = True) -> Any:  # type: ignore[assignment]
    pods = [msgspec.convert(one, Pod) for one in (*(leaving if seen else ()), *there)]

    async def related(kind: str) -> list[Any]:
        return nodes if kind == "node" else pods

    look = Look(cluster_id=1, kind=NODE, resource=node("node-1"), driver=None, related=related, sees=all_shared)
    found = await without_room(look, [msgspec.convert(one, DrainPod) for one in leaving])
    return None if found is None else {fate.pod.name: fate.words for fate in found}


ONE, OTHER = node("node-1"), node("node-2")
NOT_READY, CLOSED = node("node-2", ready="False"), node("node-2", unschedulable=True)
TAINTED = node("node-2", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
PREFERRED = node("node-2", taints=[{"key": "gpu", "effect": "PreferNoSchedule"}])
BEARS = {"tolerations": [{"key": "gpu", "operator": "Exists"}]}
FAST = {"nodeSelector": {"disk": "fast"}}


@pytest.mark.parametrize(
    ("nodes", "leaving", "there", "words"),
    [
        ([ONE, OTHER], [tree("a", "4Gi"), tree("b", "4Gi")], [], {}),
        ([ONE, OTHER], [tree("a", "5Gi"), tree("b", "4Gi")], [], {"b": "on node-2, which has the most, 4 cores and 3 GiB are left"}),
        ([ONE, OTHER], [tree("a", "4Gi")], [tree("c", "5Gi", "node-2")], {"a": "it requests 4 GiB; on node-2"}),
        ([ONE, OTHER, node("node-3")], [tree("a", "5Gi"), tree("b", "5Gi")], [], {}),
        ([ONE], [tree("a", "1Gi")], [], {"a": "no other node is ready and takes pods"}),
        ([ONE, NOT_READY], [tree("a", "1Gi")], [], {"a": "no other node is ready and takes pods"}),
        ([ONE, CLOSED], [tree("a", "1Gi")], [], {"a": "no other node is ready and takes pods"}),
        ([ONE, TAINTED], [tree("a", "1Gi")], [], {"a": "reserved (tainted) for others"}),
        ([ONE, TAINTED], [tree("a", "1Gi", **BEARS)], [], {}),
        ([ONE, PREFERRED], [tree("a", "1Gi")], [], {}),
        ([ONE, OTHER], [tree("a", "1Gi", **FAST)], [], {"a": "has the labels it asks for: disk=fast"}),
        ([ONE, node("node-2", labels={"disk": "fast"})], [tree("a", "1Gi", **FAST)], [], {}),
        ([ONE, node("node-2", pods="1")], [tree("a", "1Gi"), tree("b", "0")], [], {"b": "it requests a place"}),
    ],
)  # fmt: skip
async def test_what_finds_no_room_elsewhere_is_named(
    nodes: Any, leaving: Any, there: Any, words: dict[str, str]
) -> None:
    found = await lost(nodes, leaving, there)
    assert set(found) == set(words)
    for name, part in words.items():
        assert part in found[name]


async def test_what_is_not_seen_is_not_reckoned_with() -> None:
    assert await lost([OTHER], [tree("a", "1Gi")]) is None  # not even the node itself is known
    assert await lost([ONE, OTHER], [tree("a", "1Gi")], seen=False) is None


async def test_what_nobody_makes_again_needs_no_room() -> None:
    alone = tree("a", "90Gi")
    alone["metadata"]["ownerReferences"] = []
    assert await lost([ONE, OTHER], [alone]) == {}
