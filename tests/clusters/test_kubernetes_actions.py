"""What is done to pods and deployments of a real cluster, as kubectl says afterwards."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Invalid, Missing, Refused
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.preview import Difference
from clusters.live.resource import Listed, Resource
from tests.clusters.fakes import all_shared
from tests.clusters.real_cluster import (  # noqa: F401
    Live,
    another,
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


async def test_another_image_is_a_new_version_and_can_be_undone(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    change = DEPLOYMENT.action("set-image")
    assert change is not None
    assert change.preview is not None
    assert change.undo is not None
    wrong = {"container": "main", "image": "registry.test:5000/none:1"}

    async def related(kind_name: str) -> list[Resource]:
        return list(live.stores[kind_name].resources.values())

    plan = await change.preview(
        Look(cluster_id=1, kind=DEPLOYMENT, resource=one, driver=driver, related=related, sees=all_shared), wrong
    )
    assert plan.differences == [Difference("main › image", "busybox:latest", wrong["image"])]
    assert plan.choices == {"container": (("main", "main · busybox:latest"),)}
    with pytest.raises(Conflict, match="already"):
        await change.run(driver, one, {"container": "main", "image": "busybox:latest"})
    await change.run(driver, one, wrong)
    template = kubectl("get", "deployment", name, "-n", namespace)["spec"]["template"]
    assert [each["image"] for each in template["spec"]["containers"]] == [wrong["image"]]
    broken = await live.until(DEPLOYMENT, lambda now: now.image == wrong["image"])
    verb, values = change.undo(one, wrong)
    assert (verb, values) == ("set-image", {"container": "main", "image": "busybox:latest"})
    await change.run(driver, broken, values)
    await live.until(DEPLOYMENT, lambda now: named(name, "Running")(now) and now.image == "busybox:latest")


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
        with pytest.raises(Refused, match=f"may not change deployments in {namespace}"):
            await scale.run(viewer, one, {"copies": 5})
    finally:
        await viewer.close()


async def test_going_back_is_described_as_the_cluster_keeps_its_versions(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 1)
    one = await live.until(DEPLOYMENT, named(name, "Running"))
    variable = [{"name": "main", "env": [{"name": "MODE", "value": "fast"}]}]
    path = ("apis", "apps", "v1", "namespaces", namespace, "deployments", name)
    body = {"spec": {"template": {"spec": {"containers": variable}}}}
    await driver.call(Call("PATCH", path, body=body, content_type="application/strategic-merge-patch+json"))
    one = await live.until(DEPLOYMENT, lambda now: named(name, "Running")(now) and now.revision == 2)
    roll_back = DEPLOYMENT.action("roll-back")
    assert roll_back is not None
    assert roll_back.preview is not None

    async def related(kind_name: str) -> list[object]:
        return list(live.stores[kind_name].resources.values())

    look = Look(cluster_id=1, kind=DEPLOYMENT, resource=one, driver=driver, related=related, sees=all_shared)
    preview = await roll_back.preview(look, {})
    assert preview.effect.startswith(f"Puts {name} back to version 1, copy by copy: busybox:latest, made ")
    assert list(preview.differences) == [Difference("main › env › MODE", "fast", "–")]
    history = kubectl("get", "replicaset", "-n", namespace, "-l", f"app={name}")["items"]
    kept = {each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for each in history}
    assert {revision for revision, _ in preview.choices["revision"]} == kept - {"2"}
    assert preview.values == {"revision": "1"}
