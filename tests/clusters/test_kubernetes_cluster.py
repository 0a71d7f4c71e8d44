"""The Kubernetes driver and kinds on a real cluster, in a namespace of their own that is deleted at the end."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from clusters.connect.kubeconfig import read_found
from clusters.drivers.base import Call, LogOptions
from clusters.drivers.kubernetes import KubernetesDriver, terminal
from clusters.errors import Conflict, Invalid, Missing, Refused, Unsupported
from clusters.kinds.base import Kind, Level, Look
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.live.resource import Broken, Listed, Resource
from clusters.live.store import Store

pytestmark = pytest.mark.kubernetes
PATIENCE = 60
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


# --- What is seen ---------------------------------------------------------------------------------------------------


async def test_the_store_equals_what_kubectl_says(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_deployment(driver, namespace, 2)
    await live.until(DEPLOYMENT, named(name, "Running"))
    pods = {item["metadata"]["uid"] for item in kubectl("get", "pods", "-A")["items"]}
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


async def test_a_change_is_in_the_store_within_a_few_milliseconds(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    path = ("api", "v1", "namespaces", namespace, "pods", name)
    taken = []
    for number in range(40):
        body = {"metadata": {"labels": {"round": str(number)}}}
        began = time.perf_counter()
        change = asyncio.create_task(
            driver.call(Call("PATCH", path, body=body, content_type="application/merge-patch+json"))
        )
        await live.until(POD, lambda one, n=number: one.uid == pod.uid and one.labels.get("round") == str(n))
        taken.append((time.perf_counter() - began) * 1000)
        await change
    taken.sort()
    print(f"request sent to store: median {taken[20]:.1f} ms, p95 {taken[37]:.1f} ms")
    assert taken[20] < 100


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
        assert refused.error.message == f"Our account may not list pods in {namespace}."
    finally:
        await driver.close()


async def test_the_yaml_panel_leaves_out_who_manages_what(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_pod(driver, namespace, container={"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]})
    pod = await live.until(POD, named(name, "Running"))
    look = Look(cluster_id=1, kind=POD, resource=pod, driver=driver, related=live.related)
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


# --- What is wrong --------------------------------------------------------------------------------------------------


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


# --- What is done ---------------------------------------------------------------------------------------------------


async def test_a_deployment_is_scaled_up_and_down_and_back(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    scale = DEPLOYMENT.action("scale")
    assert scale is not None
    assert scale.undo is not None
    assert scale.line is not None
    assert scale.line(one, {"copies": 3}) == f"kubectl scale deployment/{name} -n {namespace} --replicas=3"
    await scale.run(driver, one, {"copies": 3})
    await live.until(DEPLOYMENT, lambda now: named(name, "Running")(now) and now.status.ready_replicas == 3)
    assert kubectl("get", "deployment", name, "-n", namespace)["spec"]["replicas"] == 3
    verb, values = scale.undo(one, {"copies": 3})
    assert (verb, values) == ("scale", {"copies": 1})
    await scale.run(driver, one, {"copies": 0})
    await live.until(DEPLOYMENT, named(name, "Stopped"))


async def test_a_restart_replaces_every_copy(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    before = next(pod for pod in live.stores["pod"].resources.values() if pod.name.startswith(name))
    restart = DEPLOYMENT.action("restart")
    assert restart is not None
    await restart.run(driver, one, {})
    await live.gone(POD, before.uid)
    await live.until(DEPLOYMENT, named(name, "Running"))
    assert any(pod.name.startswith(name) for pod in live.stores["pod"].resources.values())


async def test_a_bad_version_is_told_as_stuck_and_rolled_back(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    roll_back = DEPLOYMENT.action("roll-back")
    assert roll_back is not None
    assert roll_back.refuse is not None
    assert roll_back.refuse(one)
    with pytest.raises(Missing):
        await roll_back.run(driver, one, {})
    containers = [{"name": "main", "image": "registry.test:5000/none:1"}]
    bad = {"spec": {"progressDeadlineSeconds": 3, "template": {"spec": {"containers": containers}}}}
    path = ("apis", "apps", "v1", "namespaces", namespace, "deployments", name)
    await driver.call(Call("PATCH", path, body=bad, content_type="application/strategic-merge-patch+json"))
    stuck = await live.until(DEPLOYMENT, named(name, "Stuck"))
    assert "still serve" in DEPLOYMENT.health(stuck).reason
    assert "0 of 1 new" in DEPLOYMENT.health(stuck).reason
    assert not roll_back.refuse(stuck)
    words = await roll_back.run(driver, stuck, {})
    assert words is not None
    assert "busybox:latest" in words
    back = await live.until(DEPLOYMENT, lambda now: named(name, "Running")(now) and now.image == "busybox:latest")
    assert back.status.updated_replicas == 1


async def test_a_rollout_is_paused_and_resumed(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    pause, resume = DEPLOYMENT.action("pause"), DEPLOYMENT.action("resume")
    assert pause is not None
    assert resume is not None
    await pause.run(driver, one, {})
    await live.until(DEPLOYMENT, named(name, "Paused"))
    await resume.run(driver, one, {})
    await live.until(DEPLOYMENT, named(name, "Running"))


async def test_a_pod_is_deleted_only_when_it_is_still_the_same(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    delete = POD.action("delete")
    assert delete is not None
    with pytest.raises(Conflict):
        await delete.run(driver, another(pod), {})
    assert "nobody starts it again" in delete.effect(pod)
    await delete.run(driver, pod, {})
    await live.gone(POD, pod.uid)


def another(resource: Any) -> Any:
    """The same by name, but another object."""
    metadata = structs.replace(resource.metadata, uid="00000000-0000-0000-0000-000000000000")
    return structs.replace(resource, metadata=metadata)


async def test_a_deployment_made_anew_under_its_name_is_not_touched(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    scale = DEPLOYMENT.action("scale")
    assert scale is not None
    with pytest.raises((Conflict, Invalid)):
        await scale.run(driver, another(one), {"copies": 2})
    assert kubectl("get", "deployment", name, "-n", namespace)["spec"]["replicas"] == 1


# --- Logs and terminals ---------------------------------------------------------------------------------------------


async def test_lines_of_a_pod_are_followed_until_it_ends(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    lines = ["sh", "-c", "for i in $(seq 1 20); do echo line $i; done; sleep 2; echo last"]
    name = await run_pod(driver, namespace, restartPolicy="Never", container={"command": lines})
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    await asyncio.sleep(0.7)  # the lines are there before we look back
    heard: list[tuple[float, str, str]] = []
    async with asyncio.timeout(PATIENCE):
        async for chunk in driver.logs(POD.logs(pod)[0], LogOptions(tail=5)):
            heard += chunk.lines
    assert [text for _, _, text in heard] == ["line 16", "line 17", "line 18", "line 19", "line 20", "last"]
    assert heard[-1][0] - heard[0][0] > 1.5


async def test_a_flood_of_lines_is_never_behind_and_says_what_was_left_out(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_pod(driver, namespace, container={"command": ["sh", "-c", "yes the quick brown fox"]})
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    shown = skipped = 0
    lag = 0.0
    ends = time.monotonic() + 4
    async with aclosing(driver.logs(POD.logs(pod)[0], LogOptions(tail=10))) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            shown, skipped = shown + len(chunk.lines), skipped + chunk.skipped
            if chunk.lines:
                lag = time.time() - chunk.lines[-1][0]
            if time.monotonic() > ends:
                break
    print(f"shown {shown}, skipped {skipped}, last line {lag:.2f} s old")
    await driver.call(Call("DELETE", ("api", "v1", "namespaces", namespace, "pods", name)))
    assert skipped > 0


async def test_there_are_no_lines_of_a_life_that_was_not(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    with pytest.raises(Missing, match="life before"):
        async for _ in driver.logs(POD.logs(pod)[0], LogOptions(previous=True)):
            pass


async def test_a_terminal_finds_its_shell_knows_who_it_is_and_says_how_it_ended(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    source = POD.logs(pod)[0]
    shell = await driver.shell(source)
    assert (shell.program, shell.user) == ("/bin/ash", "root")
    heard = b""
    async with asyncio.timeout(PATIENCE):
        await shell.resize(123, 45)
        await shell.write(b"stty size; exit 7\n")
        async for data in shell.output():
            heard += data
    assert b"45 123" in heard
    assert await shell.close() == "exit 7"
    with pytest.raises(Missing, match="does not run"):
        await driver.shell(replace(source, container="none-such"))


async def test_an_image_without_a_shell_is_said_so(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    bare = {"image": "docker.io/testbed/pause:1", "imagePullPolicy": "Never", "command": ["/pause"]}
    name = await run_pod(driver, namespace, container=bare)
    pod = await live.until(POD, lambda one: one.name == name and POD.health(one).word in ("Running", "No image"))
    if POD.health(pod).word == "No image":
        pytest.skip("this cluster has no image without a shell")
    assert POD.logs is not None
    with pytest.raises(Unsupported, match="no shell"):
        await driver.shell(POD.logs(pod)[0])


async def test_closing_a_terminal_ends_its_program(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    shell = await driver.shell(POD.logs(pod)[0])
    await shell.write(b"echo ready\n")
    async for data in shell.output():
        if b"ready" in data:
            break
    assert await shell.close()
    said, _ = await terminal.run(driver._server, POD.logs(pod)[0], ("ps", "-o", "args"))
    assert b"/bin/ash" not in said


# --- Who may, and what is in the way --------------------------------------------------------------------------------


async def test_a_viewer_sees_and_is_told_what_they_may_not_do(
    live: Live, kubeconfig: Path, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name))
    viewer = driver_of(kubeconfig.parent / "viewer.yaml")
    scale = DEPLOYMENT.action("scale")
    assert scale is not None
    try:
        async with aclosing(viewer.watch(DEPLOYMENT)) as feed:  # type: ignore[type-var]
            assert isinstance(await anext(feed), Listed)
        with pytest.raises(Refused, match=f"may not patch deployments in {namespace}"):
            await scale.run(viewer, one, {"copies": 5})
    finally:
        await viewer.close()
