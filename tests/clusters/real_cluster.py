"""The Kubernetes driver and its stores on a real cluster, in a namespace of its own that is deleted at the end."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from clusters.connect.kubeconfig import read_found
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.live.resource import Resource
from clusters.live.store import Store

PATIENCE = 60
READS = ("get", "list", "watch")
BUSY = {"image": "busybox:latest", "imagePullPolicy": "IfNotPresent"}
TICK = ["sh", "-c", "trap 'exit 0' TERM; while true; do echo tick; sleep 0.2 & wait $!; done"]


def driver_of(path: Path, **changes: Any) -> KubernetesDriver:
    """The driver for the context in use of a kubeconfig."""
    offer = read_found(path)[0]
    return KubernetesDriver({**offer.settings, **changes}, offer.secret)


@pytest.fixture
async def driver(kubeconfig: Path) -> AsyncIterator[KubernetesDriver]:
    made = driver_of(kubeconfig)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    made = subprocess.run(["kubectl", "create", "namespace", name], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no namespace could be made: {made.stderr.decode()[:200]}")
    yield name
    subprocess.run(["kubectl", "delete", "namespace", name, "--wait=false"], capture_output=True, check=False)


@contextmanager
def audited(user: str) -> Iterator[list[dict[str, Any]]]:
    """What the API server itself writes down of this user's calls meanwhile."""
    logs = os.environ.get("TESTBED_LOGS", "")
    path = Path(os.environ.get("PILOTHOUSE_KUBERNETES_AUDIT") or f"{logs}/kube-audit.log")
    if not path.is_file():
        pytest.skip("the audit log of the cluster is not at hand: set PILOTHOUSE_KUBERNETES_AUDIT")
    calls: list[dict[str, Any]] = []
    size = path.stat().st_size
    yield calls
    with path.open("rb") as log:
        log.seek(size)
        told = [json.loads(line) for line in log.read().splitlines() if line.startswith(b"{") and line.endswith(b"}")]
    calls += [one for one in told if one["user"]["username"] == user and one["stage"] != "RequestReceived"]


def changes(calls: list[dict[str, Any]]) -> list[str]:
    """Those that change something, or reach into a container; not the questions about what may be done."""
    found = []
    for one in calls:
        about = one.get("objectRef") or {}
        inside = about.get("subresource") in ("exec", "attach", "portforward", "proxy", "log", "ephemeralcontainers")
        if about.get("resource", "").startswith("selfsubject") or not (inside or one["verb"] not in READS):
            continue
        found.append(f"{one['verb']} {one['requestURI']}")
    return found


def kubectl(*words: str) -> Any:
    """What kubectl says, as JSON."""
    return json.loads(subprocess.run(["kubectl", *words, "-o", "json"], capture_output=True, check=True).stdout)


class Live:
    """Stores fed by the driver's watches, as in the product."""

    def __init__(self, driver: KubernetesDriver, *kinds: Kind[Any]) -> None:
        self.driver = driver
        self.stores = {kind.name: Store(1, kind) for kind in kinds}
        self.news = asyncio.Event()
        self.tasks = [asyncio.create_task(self._feed(store)) for store in self.stores.values()]

    async def _feed(self, store: Store) -> None:
        async with aclosing(self.driver.watch(store.kind)) as feed:  # type: ignore[type-var]
            async for item in feed:
                store.apply(item)
                self.news.set()

    async def until(self, kind: Kind[Any], fits: Callable[[Any], object]) -> Any:
        """The first resource of that kind that fits, now or later."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for one in tuple(self.stores[kind.name].resources.values()):
                    if fits(one):
                        return one
                self.news.clear()
                await self.news.wait()

    async def gone(self, kind: Kind[Any], uid: str) -> None:
        """Return when it is not there any more."""
        async with asyncio.timeout(PATIENCE):
            while uid in self.stores[kind.name].resources:
                self.news.clear()
                await self.news.wait()

    async def related(self, kind: str) -> list[Resource]:
        return list(self.stores[kind].resources.values())


@pytest.fixture
async def live(driver: KubernetesDriver) -> AsyncIterator[Live]:
    made = Live(driver, DEPLOYMENT, POD, REPLICA_SET)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def run_pod(driver: KubernetesDriver, namespace: str, **spec: Any) -> str:
    """Make a pod; its name."""
    name = f"pod-{secrets.token_hex(3)}"
    container = {"name": "main", "command": TICK, **BUSY} | spec.pop("container", {})
    body = {"metadata": {"name": name}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec}}
    await driver.call(Call("POST", ("api", "v1", "namespaces", namespace, "pods"), body=body))
    return name


async def run_deployment(driver: KubernetesDriver, namespace: str, copies: int = 1, command: list[str] = TICK) -> str:
    """Make a deployment; its name."""
    name = f"app-{secrets.token_hex(3)}"
    labels = {"app": name}
    spec = {"containers": [{"name": "main", "command": command, **BUSY}], "terminationGracePeriodSeconds": 1}
    template = {"metadata": {"labels": labels}, "spec": spec}
    body = {
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": copies, "selector": {"matchLabels": labels}, "template": template},
    }
    await driver.call(Call("POST", ("apis", "apps", "v1", "namespaces", namespace, "deployments"), body=body))
    return name


def named(name: str, word: str = "") -> Callable[[Any], bool]:
    """Fits the resource of that name, when it is as that word says."""

    def fits(one: Any) -> bool:
        kind = DEPLOYMENT if isinstance(one, DEPLOYMENT.model) else POD
        return one.name == name and (not word or kind.health(one).word == word)

    return fits


def another(resource: Any) -> Any:
    """The same by name, but another object."""
    metadata = structs.replace(resource.metadata, uid="00000000-0000-0000-0000-000000000000")
    return structs.replace(resource, metadata=metadata)
