"""The shop's stateful set and daemon set, and their controllers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clusters.drivers.demo.shop import objects, pods
from clusters.drivers.demo.shop.apps import REGISTRY, App
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

BEFORE = 86400.0  # seconds before now that these were installed: the apps are older
LEDGER = App("ledger", "data", f"{REGISTRY}/library/postgres", "17.2", "17.2", 2, "database", 5432, 0.2, 512, 0.3)
AGENT = App("node-agent", "ops", f"{REGISTRY}/ops/node-agent", "2.1.0", "2.1.0", 1, "levelled", 9100, 0.05, 64, 0.2)
DISK = "books"  # what each copy of the ledger keeps


def add(world: ShopWorld) -> None:
    """Somebody installs them."""
    world.save(objects.service(world.new_uid(), LEDGER, world.now))
    world.save(_stateful(world))
    world.save(_daemon(world))


def _kept(world: ShopWorld, app: App, kind: str) -> Object:
    """What is the same in a deployment and in these."""
    found = objects.deployment(world.new_uid(), replace(app), app.version, world.now)
    spec = found["spec"]
    for name in ("strategy", "progressDeadlineSeconds"):
        del spec[name]
    return {**found, "kind": kind}


def _stateful(world: ShopWorld) -> Object:
    found = _kept(world, LEDGER, "StatefulSet")
    found["spec"].update(
        serviceName=LEDGER.name,
        podManagementPolicy="OrderedReady",
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"},
        volumeClaimTemplates=[
            {
                "metadata": {"name": DISK},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}},
            }
        ],
    )
    return found


def _daemon(world: ShopWorld) -> Object:
    found = _kept(world, AGENT, "DaemonSet")
    del found["spec"]["replicas"]
    found["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    return found


def reconcile_stateful(world: ShopWorld, uid: str) -> None:
    """Copies come one after the other, each when all before it are ready, and go the last first."""
    one = world.get("apps/v1/statefulsets", uid)
    if one is None:
        return
    wanted, name = int(one["spec"].get("replicas", 1)), one["metadata"]["name"]
    there = {pod["metadata"]["name"]: pod for pod in world.owned("v1/pods", uid)}
    _replace_oldest(world, one, list(there.values()))
    for number in range(wanted):
        pod = there.get(f"{name}-{number}")
        if pod is None:
            pods.create(world, one, str(number))
        if pod is None or not objects.is_true(pod, "Ready"):
            break
    surplus = [pod for pod in pods.active(world, one) if int(pod["metadata"]["name"].rpartition("-")[2]) >= wanted]
    for pod in sorted(surplus, key=lambda pod: str(pod["metadata"]["name"]))[-1:]:
        pods.delete(world, pod)
    has, ready = len(pods.active(world, one)), len(pods.ready(world, one))
    _write(
        world,
        one,
        replicas=has,
        readyReplicas=ready,
        availableReplicas=ready,
        currentReplicas=has,
        updatedReplicas=sum(_is_new(one, pod) for pod in pods.active(world, one)),
        currentRevision=f"{name}-1",
        updateRevision=f"{name}-1",
    )


def reconcile_daemon(world: ShopWorld, uid: str) -> None:
    """One copy on each machine that is open to new work."""
    one = world.get("apps/v1/daemonsets", uid)
    if one is None:
        return
    active = pods.active(world, one)
    _replace_oldest(world, one, active)
    active, there = pods.active(world, one), world.owned("v1/pods", uid)
    placed = {(pod["spec"].get("nodeSelector") or {}).get("kubernetes.io/hostname") for pod in there}
    machines = [node["metadata"]["name"] for node in world.all("v1/nodes")]
    for machine in machines:
        if machine not in placed:
            pods.create(world, one, selector={"kubernetes.io/hostname": machine})
    ready = len(pods.ready(world, one))
    _write(
        world,
        one,
        currentNumberScheduled=len(active),
        desiredNumberScheduled=len(machines),
        numberAvailable=ready,
        numberReady=ready,
        numberMisscheduled=0,
        updatedNumberScheduled=sum(_is_new(one, pod) for pod in active),
    )


def _template(one: Object) -> Object:
    """What a new copy is told apart by: the image, and when somebody asked for a restart."""
    template = one["spec"]["template"]
    marks = template["metadata"].get("annotations") or {}
    return {"image": template["spec"]["containers"][0]["image"], "marks": dict(marks)}


def _is_new(one: Object, pod: Object) -> bool:
    marks = {k: v for k, v in pod["metadata"]["annotations"].items() if k.startswith("kubectl.kubernetes.io/")}
    return {"image": pod["spec"]["containers"][0]["image"], "marks": marks} == _template(one)


def _replace_oldest(world: ShopWorld, owner: Object, found: list[Object]) -> None:
    """After a change copies are replaced, the last first, each when all the others are ready."""
    old = [pod for pod in found if not _is_new(owner, pod) and "deletionTimestamp" not in pod["metadata"]]
    if old and all(objects.is_true(pod, "Ready") for pod in found):
        pods.delete(world, max(old, key=lambda pod: str(pod["metadata"]["name"])))


def _write(world: ShopWorld, one: Object, **status: object) -> None:
    new = {"observedGeneration": one["metadata"]["generation"], **status}
    if new != one["status"]:
        one["status"] = new
        world.save(one)
