"""Pods and deployments of a real cluster are seen as they are."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.kinds.base import Level, Look
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.live.resource import Broken, Listed
from tests.clusters.fakes import all_shared
from tests.clusters.real_cluster import (  # noqa: F401
    PATIENCE,
    Live,
    driver,
    driver_of,
    kubectl,
    live,
    named,
    namespace,
    run_deployment,
    run_pod,
)

pytestmark = pytest.mark.kubernetes


async def test_the_store_equals_what_kubectl_says(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_deployment(driver, namespace, 2)
    await live.until(DEPLOYMENT, named(name, "Running"))
    for _ in range(20):  # others come and go while it is compared
        pods = {item["metadata"]["uid"] for item in kubectl("get", "pods", "-A")["items"]}
        if set(live.stores["pod"].resources) == pods:
            break
        await asyncio.sleep(0.5)
    assert set(live.stores["pod"].resources) == pods
    copies = [one for one in live.stores["pod"].resources.values() if one.name.startswith(name)]
    assert all(POD.health(one).level is Level.HEALTHY for one in copies)
    owner = POD.owner and POD.owner(copies[0])
    assert owner is not None
    assert owner[0] == "replica-set"
    assert REPLICA_SET.owner is not None
    upper = REPLICA_SET.owner(live.stores["replica-set"].resources[owner[1]])
    assert upper == (
        "deployment",
        next(one.uid for one in live.stores["deployment"].resources.values() if one.name == name),
    )


async def test_each_of_many_quick_changes_is_in_the_store(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    """How fast is measured by the bench."""
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    path = ("api", "v1", "namespaces", namespace, "pods", name)
    for number in range(20):
        body = {"metadata": {"labels": {"round": str(number)}}}
        await driver.call(Call("PATCH", path, body=body, content_type="application/merge-patch+json"))
        await live.until(POD, lambda one, n=number: one.uid == pod.uid and one.labels.get("round") == str(n))


async def test_a_namespace_alone_can_be_watched_by_somebody_who_sees_no_other(kubeconfig: Path, namespace: str) -> None:
    driver = driver_of(kubeconfig.parent / "shop-only.yaml")
    try:
        async with aclosing(driver.watch(POD, frozenset({"shop"}))) as feed, asyncio.timeout(10):  # type: ignore[type-var]
            assert isinstance(await anext(feed), Listed)
        async with aclosing(driver.watch(POD, frozenset({"shop", namespace}))) as feed, asyncio.timeout(10):  # type: ignore[type-var]
            while not isinstance(await anext(feed), Listed):
                pass
            refused = await anext(feed)
        assert isinstance(refused, Broken)
        assert refused.error.message == f"This cluster's account may not list pods in {namespace}."
    finally:
        await driver.close()


async def test_the_yaml_panel_leaves_out_who_manages_what(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_pod(driver, namespace, container={"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]})
    pod = await live.until(POD, named(name, "Running"))
    look = Look(cluster_id=1, kind=POD, resource=pod, driver=driver, related=live.related, sees=all_shared)
    for key in ("overview", "conditions", "events", "yaml"):
        panel = POD.panel(key)
        assert panel is not None
        assert panel.load is not None
        shown = await panel.load(look)
        assert "hunter2" not in str(shown)
        if key == "yaml":
            assert "managedFields" not in shown["text"]
            assert f"name: {name}" in shown["text"]
        if key == "events":
            assert any(event["reason"] == "Started" for event in shown["events"])


@pytest.mark.parametrize(
    ("spec", "word", "part"),
    [
        ({"container": {"command": ["sh", "-c", "exit 3"]}}, "Crashing", "exit 3"),
        ({"container": {"command": ["/no/such/program"]}}, "Cannot start|Crashing", ""),
        ({"container": {"image": "registry.test:5000/no/such:image"}}, "No image", ""),
        ({"container": {"image": "Not A Name"}}, "No image", "InvalidImageName"),
        ({"container": {"resources": {"requests": {"cpu": "500"}}}}, "Cannot be placed", "Unschedulable"),
        ({"nodeSelector": {"no": "such"}}, "Cannot be placed", "Unschedulable"),
        ({"container": {"envFrom": [{"secretRef": {"name": "missing"}}]}}, "Setting missing", "ConfigError"),
        ({"schedulingGates": [{"name": "example.com/wait"}]}, "Held", "SchedulingGated"),
        ({"restartPolicy": "Never", "container": {"command": ["true"]}}, "Finished", ""),
        ({"restartPolicy": "Never", "container": {"command": ["false"]}}, "Failed", "exit 1"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_pod_is_said_as_it_is(
    live: Live, driver: KubernetesDriver, namespace: str, spec: dict[str, Any], word: str, part: str
) -> None:
    name = await run_pod(driver, namespace, **spec)
    async with asyncio.timeout(PATIENCE):
        while True:
            pod = await live.until(POD, named(name))
            health = POD.health(pod)
            if health.word in word.split("|") and part in health.code:
                break
            await asyncio.sleep(0.3)
    assert health.level is Level.STOPPED if word == "Finished" else health.reason
    await driver.call(Call("DELETE", ("api", "v1", "namespaces", namespace, "pods", name)))
