"""A deployment whose pods crash, on a real cluster: failing from the second end on, whatever its own status says."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from clusters.kinds.base import Health, Level
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.live.store import Delta, Store
from tests.clusters.real_cluster import driver_of, namespace  # noqa: F401 (a fixture)

pytestmark = pytest.mark.kubernetes
PATIENCE, WATCHED = 60.0, 25.0  # seconds
CRASHER = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "crasher"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "crasher"}},
        "template": {
            "metadata": {"labels": {"app": "crasher"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {
                        "name": "main",
                        "image": "busybox:latest",
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["sh", "-c", "sleep 2; exit 3"],
                    }
                ],
            },
        },
    },
}


@pytest.fixture
async def connection(kubeconfig: Path) -> AsyncIterator[Connection]:
    info = ClusterInfo(1, "Test", "test", "kubernetes", "kubernetes")
    made = Connection(info, driver_of(kubeconfig), lambda _: None)
    made.start()
    yield made
    await made.close()


async def test_it_is_failing_all_the_time_and_its_pods_restarts_are_its_own(
    connection: Connection, namespace: str  # noqa: F811 (a fixture)
) -> None:  # fmt: skip
    store, key = connection.stores["deployment"], f"{namespace}/crasher"
    subprocess.run(
        ["kubectl", "apply", "-n", namespace, "-f", "-"], input=json.dumps(CRASHER).encode(), check=True,
        capture_output=True,
    )  # fmt: skip
    await _failing(store, key)
    seen: list[tuple[Health, int]] = []

    def note(told: Store, deltas: Sequence[Delta]) -> None:
        if one := store.find(key):
            seen.append((store.health[one.uid], one.status.available_replicas))  # type: ignore[attr-defined]

    stop = store.subscribe(note)
    await asyncio.sleep(WATCHED)
    stop()
    assert {(health.level, health.word, health.code) for health, _ in seen} == {
        (Level.FAILING, "Crashing", "exit 3 · CrashLoopBackOff")
    }
    assert {health.reason for health, _ in seen} == {
        "0 of 2 copies stay up. It stops again and again. The program ended with an error."
    }
    assert len({available for _, available in seen}) > 1, "the cluster itself called it well now and then"
    row = _row(connection, key)
    pods = [one for one in connection.stores["pod"].resources.values() if one.namespace == namespace]
    assert row.restarts == sum(pod.restarts for pod in pods) >= 4  # type: ignore[attr-defined]


async def _failing(store: Store, key: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if (one := store.find(key)) and store.health[one.uid].level is Level.FAILING:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never failed")


def _row(connection: Connection, key: str) -> Row:
    store = connection.stores["deployment"]
    found = store.find(key)
    assert found is not None
    row = connection.row(store, found.uid)
    assert row is not None
    return row
