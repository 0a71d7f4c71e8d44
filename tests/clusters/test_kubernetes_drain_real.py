"""Cordoning and draining on a real cluster: what budgets allow goes, what they do not is told, and rights are asked before."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Refused
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.base import Metadata
from clusters.kinds.kubernetes.drain import DRAIN
from clusters.kinds.kubernetes.node import CORDON, NODE, UNCORDON, Node, NodeSpec
from clusters.kinds.kubernetes.pod import POD
from tests.clusters.fakes import all_shared
from tests.clusters.heard import Heard
from tests.clusters.real_cluster import BUSY, driver, driver_of, kubectl, namespace  # noqa: F401
from tests.clusters.test_kubernetes_drain import WORK


@pytest.fixture(scope="module")
def machine() -> Iterator[str]:
    """A simulated machine that takes no pods but ours, so that nobody else's are moved."""
    name = f"drain-{secrets.token_hex(3)}"
    tree = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "pilothouse-test": name, "kubernetes.io/os": "linux"},
        },
        "spec": {"taints": [{"key": "pilothouse-test", "value": name, "effect": "NoSchedule"}]},
        "status": {key: {"cpu": "8", "memory": "8Gi", "pods": "50"} for key in ("allocatable", "capacity")},
    }
    _apply(tree)
    try:
        for _ in range(60):
            found = kubectl("get", "node", name)["status"].get("conditions") or ()
            if any(one["type"] == "Ready" and one["status"] == "True" for one in found):
                break
            time.sleep(0.5)
        else:
            pytest.skip("this cluster simulates no machines (KWOK)")
        yield name
    finally:
        subprocess.run(["kubectl", "delete", "node", name, "--wait=false"], capture_output=True, check=False)


def _apply(*trees: dict[str, Any]) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(trees)})
    subprocess.run(["kubectl", "create", "-f", "-"], input=text.encode(), capture_output=True, check=True)


def _app(name: str, namespace: str, machine: str, copies: int, kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    pods = {
        "nodeSelector": {"pilothouse-test": machine},
        "tolerations": [{"key": "pilothouse-test", "operator": "Exists"}],
        "containers": [{"name": "main", **BUSY}],
        "terminationGracePeriodSeconds": 1,
        **spec,
    }
    replicas = {"replicas": copies} if kind == "Deployment" else {}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            **replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pods},
        },
    }


def _budget(name: str, namespace: str, least: int) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": name}}},
    }


def _on(machine: str, namespace: str) -> list[dict[str, Any]]:
    items = kubectl("get", "pods", "-n", namespace, "--field-selector", f"spec.nodeName={machine}")["items"]
    return [one for one in items if "deletionTimestamp" not in one["metadata"]]


async def _until(what: Any, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.3)


def _node(machine: str) -> Node:
    meta = kubectl("get", "node", machine)
    unschedulable = bool(meta["spec"].get("unschedulable"))
    metadata = Metadata(name=machine, uid=meta["metadata"]["uid"])
    return Node(metadata=metadata, spec=NodeSpec(unschedulable=unschedulable))


def _ready(namespace: str, name: str, copies: int) -> bool:
    found = kubectl("get", "deployment", name, "-n", namespace)["status"]
    return bool(found.get("readyReplicas", 0) == copies)


def _allowed(namespace: str, name: str) -> int:
    return int(kubectl("get", "pdb", name, "-n", namespace)["status"].get("disruptionsAllowed", -1))


@pytest.mark.kubernetes
async def test_a_node_is_cordoned_and_uncordoned(driver: KubernetesDriver, machine: str) -> None:
    await CORDON.run(driver, _node(machine), {})
    assert _node(machine).spec.unschedulable
    await UNCORDON.run(driver, _node(machine), {})
    assert not _node(machine).spec.unschedulable


@pytest.mark.kubernetes
async def test_a_node_is_drained_as_its_budgets_allow(driver: KubernetesDriver, namespace: str, machine: str) -> None:
    name, agent = f"web-{secrets.token_hex(2)}", f"agent-{secrets.token_hex(2)}"
    _apply(
        _app(name, namespace, machine, 3),
        _app(agent, namespace, machine, 1, "DaemonSet"),
        _budget(name, namespace, 3),
    )
    await _until(lambda: _ready(namespace, name, 3) and len(_on(machine, namespace)) == 4)
    await _until(lambda: _allowed(namespace, name) == 0)
    look = Look(cluster_id=1, kind=NODE, resource=_node(machine), driver=driver, related=_none, sees=all_shared)
    assert DRAIN.preview is not None
    preview = await DRAIN.preview(look, {})
    told = {part.label: part.items for part in preview.told}
    assert {len(items) for label, items in told.items() if label.startswith("Have to wait")} == {3}
    assert f"the disruption budget {name} lets none go now" in told["Have to wait: 3"][0][1]
    assert any(place.startswith(f"{namespace}/{agent}") for place, _ in told["Stay: 1"])
    assert preview.held == ""
    says = Heard()
    task = asyncio.ensure_future(WORK(driver, _node(machine), {"minutes": 2}, says))
    await _until(lambda: any("waits. A disruption budget" in line for lines in says.things.values() for line in lines))
    quoted = [line for lines in says.things.values() for line in lines if "waits. A disruption" in line]
    assert f"The disruption budget {name} needs 3 healthy pods and has 3 currently." in quoted[0]
    assert len(_on(machine, namespace)) == 4
    subprocess.run(["kubectl", "delete", "pdb", name, "-n", namespace], capture_output=True, check=True)
    words = await asyncio.wait_for(task, 60)
    assert words == f"3 pods gone from {machine}; 1 pod stays. It is cordoned until somebody uncordons it."
    left = _on(machine, namespace)
    assert [one["metadata"]["ownerReferences"][0]["kind"] for one in left] == ["DaemonSet"]
    assert _node(machine).spec.unschedulable
    await UNCORDON.run(driver, _node(machine), {})
    await _until(lambda: _ready(namespace, name, 3))


@pytest.mark.kubernetes
async def test_a_pod_is_evicted_in_the_words_of_its_budget(
    driver: KubernetesDriver, namespace: str, machine: str
) -> None:
    name = f"kept-{secrets.token_hex(2)}"
    _apply(_app(name, namespace, machine, 1), _budget(name, namespace, 1))
    await _until(lambda: _ready(namespace, name, 1) and _allowed(namespace, name) == 0)
    tree = next(one for one in _on(machine, namespace) if one["metadata"]["labels"]["app"] == name)
    one = POD.model(metadata=Metadata(name=tree["metadata"]["name"], namespace=namespace, uid=tree["metadata"]["uid"]))
    evict = POD.action("evict")
    assert evict is not None
    with pytest.raises(Conflict) as raised:
        await evict.run(driver, one, {})
    assert raised.value.hint == f"The disruption budget {name} needs 1 healthy pods and has 1 currently."
    subprocess.run(["kubectl", "delete", "pdb", name, "-n", namespace], capture_output=True, check=True)
    await evict.run(driver, one, {})
    await _until(lambda: all(each["metadata"]["uid"] != one.uid for each in _on(machine, namespace)))


@pytest.mark.kubernetes
async def test_who_may_not_evict_is_told_so_before_anything_is_closed(
    kubeconfig: Path, namespace: str, machine: str
) -> None:
    viewer = driver_of(kubeconfig.parent / "viewer.yaml")
    try:
        with pytest.raises(Refused, match="This cluster's account may not change nodes"):
            await WORK(viewer, _node(machine), {"selector": "app=none"}, Heard())
    finally:
        await viewer.close()
    assert not _node(machine).spec.unschedulable


async def _none(kind_name: str) -> list[Any]:
    return []
