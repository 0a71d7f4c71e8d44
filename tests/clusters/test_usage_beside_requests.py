"""Usage beside requests and limits: counted as the cluster counts, known where nothing is measured, told when near."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Usage
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.metrics import Sample, _usage
from clusters.kinds.kubernetes.asking import booked
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.quantities import quantity
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.resource import Listed
from clusters.live.row import Row
from clusters.live.usage import asked, total, usage_cells
from tests.clusters.docker_things import until
from tests.clusters.kubernetes_objects import watched
from tests.clusters.pods import made
from tests.clusters.real_cluster import driver  # noqa: F401

MIB = 2.0**20


def container(name: str, request: str, limit: str = "", **more: Any) -> dict[str, Any]:
    limits = {"limits": {"memory": limit}} if limit else {}
    return {"name": name, "image": "a", "resources": {"requests": {"memory": request}, **limits}, **more}


def test_a_pod_requests_what_the_scheduler_keeps_free_for_it() -> None:
    own = [container("a", "10Mi"), container("b", "20Mi")]
    sidecar, step = container("s", "5Mi", restartPolicy="Always"), container("i", "100Mi")
    assert made(spec={"containers": own}).requests == (0.0, 30 * MIB)
    assert made(spec={"containers": own, "initContainers": [sidecar]}).requests[1] == 35 * MIB
    assert made(spec={"containers": own, "initContainers": [sidecar, step]}).requests[1] == 105 * MIB
    assert made(spec={"containers": own, "overhead": {"memory": "1Mi"}}).requests[1] == 31 * MIB
    whole = {"requests": {"memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    together = made(spec={"containers": own, "resources": whole})
    assert (together.requests[1], together.memory_limit) == (64 * MIB, 128 * MIB)


def test_a_node_has_booked_what_its_pods_request_but_for_those_that_are_over() -> None:
    spec = {"containers": [container("a", "10Mi")], "nodeName": "node-1"}
    over, elsewhere = made({"phase": "Succeeded"}, spec), made(spec=spec | {"nodeName": "node-2"})
    assert booked([made(spec=spec), made(spec=spec), over, elsewhere])["node-1"] == (0.0, 20 * MIB)


def test_a_container_near_its_limit_is_told_though_the_pod_has_room() -> None:
    pod = made(spec={"containers": [container("a", "1Mi", "10Mi"), container("b", "1Mi", "90Mi")]})
    usages = [{"name": "a", "usage": {"memory": "9Mi"}}, {"name": "b", "usage": {"memory": "9Mi"}}]
    sample = _usage(POD, msgspec.convert({"metadata": {"name": "web-1"}, "containers": usages}, Sample), pod)
    assert (sample.memory, sample.memory_limit, sample.memory_request) == (18 * MIB, 100 * MIB, 2 * MIB)
    assert sample.nearest == (0.9, "a")
    assert usage_cells(total([sample, Usage(at=1.0, cpu=None, memory=MIB)]))["memory"][3:] == [2 * MIB, 0.9, "a"]


def test_where_nothing_was_requested_the_cells_stay_short() -> None:
    assert usage_cells(Usage(at=0.0, cpu=0.5, memory=None))["cpu"] == [0.5, 0.0, "cores"]


async def test_requests_and_limits_are_known_where_nothing_is_measured() -> None:
    cluster = ClusterInfo(1, "One", "one", "kubernetes", "kubernetes")
    driver: Any = SimpleNamespace(platform="kubernetes")
    connection = Connection(cluster, driver, lambda connection: None)
    pod = made(spec={"containers": [container("a", "10Mi", "20Mi")], "nodeName": "node-1"})
    connection.stores["pod"].apply(Listed([pod]))
    said = asked(connection, Row(cluster, POD, pod, POD.health(pod)))
    assert said is not None
    assert (said.memory, said.memory_request, said.memory_limit) == (None, 10 * MIB, 20 * MIB)
    over = made({"phase": "Failed"})
    assert asked(connection, Row(cluster, POD, over, POD.health(over))) is None
    node = msgspec.convert({"metadata": {"name": "node-1"}, "status": {"allocatable": {"memory": "1Gi"}}}, NODE.model)
    room = asked(connection, Row(cluster, NODE, node, NODE.health(node)))
    assert room is not None
    assert (room.memory_request, room.memory_limit) == (10 * MIB, 1024 * MIB)
    connection.cluster = replace(cluster, namespaces=frozenset({"shop"}))
    part = asked(connection, Row(cluster, NODE, node, NODE.health(node)))
    assert part is not None  # of pods in some namespaces nobody knows what all of them request
    assert usage_cells(part)["memory"] == [None, 1024 * MIB, "bytes", None, 0.0]


@pytest.mark.kubernetes
async def test_what_is_booked_on_a_real_node_is_what_kubectl_says(driver: KubernetesDriver) -> None:  # noqa: F811
    def said() -> tuple[float, float]:
        words = subprocess.run(["kubectl", "describe", "node", "node-1"], capture_output=True, text=True, check=True)
        lines = [line.split() for line in words.stdout.partition("Allocated resources:")[2].splitlines()]
        by_name = {line[0]: quantity(line[1]) for line in lines if len(line) > 1}
        return by_name["cpu"], by_name["memory"]

    async with watched(driver, POD) as connection:
        pods = connection.stores["pod"]
        # Others begin and end pods meanwhile: what both say is the same at some moment.
        await until(lambda: pods.listed and booked(pods.resources.values())["node-1"] == pytest.approx(said()), 20.0)
