"""The picture of the layers of real apps: on a real cluster, and on the machines of a real Swarm."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser

from clusters.connect.kubeconfig import read_found
from clusters.connect.secrets import write_secret
from clusters.drivers.base import Call
from clusters.models import Cluster
from dashboard.asgi import router
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.clusters.kubernetes_objects import apply, pod_template
from tests.clusters.real_cluster import namespace  # noqa: F401
from tests.real import find_swarm_manager, find_swarm_worker
from tests.tab import ORIGIN, Tab, cookies

pytestmark = [pytest.mark.docker, pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
async def running(db: Any) -> AsyncIterator[Callable[..., Any]]:
    """Connects clusters, and lets go of them at the end."""

    async def connect(slug: str, driver: str, platform: str, settings: Any, secret: Any = None) -> Cluster:
        row = await Cluster.objects.acreate(
            name=slug.title(), slug=slug, driver=driver, platform=platform, settings=settings
        )
        if secret:
            await sync_to_async(write_secret)(row, secret)
            await row.asave()
        await engine.start()
        await engine.connect(row)
        return row

    yield connect
    await engine.stop()


class Shown:
    """What a tab shows of a picture: the page's first state, and all that was pushed since."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.parts, self.told = tab, {}, []  # type: ignore[var-annotated]

    async def until(self, right: Callable[[dict[str, str]], Any], seconds: float = 40) -> None:
        async with asyncio.timeout(seconds):
            while not (self.parts and right(self.parts)):
                frame = await self.tab.frame()
                if frame.get("t") == "end" and frame["code"] == "later":
                    await asyncio.sleep(0.2)
                    await self.tab.send(self.asked)
                self.parts |= frame.get("parts", {})
                self.told += frame.get("told", [])

    async def follow(self, **args: Any) -> None:
        self.asked = {"op": "sub", "id": 1, "topic": "layers", "args": args}
        await self.tab.send(self.asked)


async def opened(user: AbstractUser) -> Shown:
    tab = Tab(router, headers=[await cookies(user), ORIGIN])
    assert await tab.open()
    return Shown(tab)


def things(part: str) -> int:
    return part.count('class="thing"')


async def test_a_deployment_of_a_real_cluster_is_seen_to_grow_and_to_lose_a_copy(
    ada: AbstractUser,
    kubeconfig: Path,
    namespace: str,  # noqa: F811
    running: Callable[..., Any],
) -> None:
    name, labels = a_name(), {"app": "layers"}
    ports = [{"port": 80, "targetPort": 8080}]
    apply(namespace, "v1", "Service", name, spec={"selector": labels, "ports": ports, "type": "NodePort"})
    template = pod_template("layers")
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    apply(namespace, "apps/v1", "Deployment", name, spec=spec)
    offer = read_found(kubeconfig)[0]
    await running("real", "kubernetes", "kubernetes", offer.settings, offer.secret)
    shown = await opened(ada)
    await shown.follow(cluster="real", kind="deployment", key=f"{namespace}/{name}")
    await shown.until(lambda parts: "Running" in parts["container"] and things(parts["service"]) == 1)
    assert "of every node" in shown.parts["entry"]
    assert f"/clusters/real/deployment/{namespace}/{name}/" in shown.parts["workload"]
    assert "containerd" in shown.parts["engine"]
    assert "/clusters/real/node/node-" in shown.parts["machine"]
    assert "busybox" in shown.parts["image"]
    subprocess.run(
        ["kubectl", "scale", "-n", namespace, f"deployment/{name}", "--replicas=2"], check=True, capture_output=True
    )
    await shown.until(lambda parts: things(parts["copy"]) == 2)
    assert sum("appeared" in one for one in shown.told) >= 1
    subprocess.run(
        ["kubectl", "scale", "-n", namespace, f"deployment/{name}", "--replicas=1"], check=True, capture_output=True
    )
    await shown.until(lambda parts: things(parts["copy"]) == 1)
    assert any("is gone" in one for one in shown.told)


async def test_a_task_of_a_real_swarm_is_the_container_of_the_engine_that_is_connected_too(
    ada: AbstractUser, running: Callable[..., Any]
) -> None:
    manager = await running("manager", "docker", "swarm", {"address": f"unix://{find_swarm_manager()}"})
    await running("worker", "docker", "docker", {"address": f"unix://{find_swarm_worker()}"})
    driver, name = engine.supervisor.driver(manager.pk), a_name()
    worker = engine.supervisor.driver(engine.supervisor.by_slug("worker").cluster.id)  # type: ignore[union-attr]
    node = (await worker.call(Call("GET", ("info",))))["Swarm"]["NodeID"]
    container = {"Image": "busybox:latest", "Args": ["sh", "-c", "trap exit TERM; while :; do sleep 0.2; done"]}
    spec = {
        "Name": name,
        "TaskTemplate": {"ContainerSpec": container, "Placement": {"Constraints": [f"node.id=={node}"]}},
        "Mode": {"Replicated": {"Replicas": 2}},
        "EndpointSpec": {"Mode": "dnsrr"},
    }
    uid = (await driver.call(Call("POST", ("services", "create"), body=spec)))["ID"]
    try:
        shown = await opened(ada)
        await shown.follow(cluster="manager", kind="swarm-service", key=uid)
        await shown.until(lambda parts: parts["container"].count("/clusters/worker/container/") == 2)
        assert things(parts := shown.parts["container"]) == 2, parts
        assert things(shown.parts["copy"]) == 2
        assert '"/clusters/worker/"' in shown.parts["engine"]
        assert things(shown.parts["engine"]) == 1
        assert "/clusters/manager/swarm-node/" in shown.parts["machine"]
        assert json.dumps(name)[1:-1] in shown.parts["workload"]
    finally:
        await driver.call(Call("DELETE", ("services", uid)))
