"""The deployment controller of the demonstration: replica sets per template, copies replaced a few at a time."""

from __future__ import annotations

import json
import math
import zlib
from typing import TYPE_CHECKING, Any

from clusters.drivers.demo.shop import objects, pods
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

REVISION = "deployment.kubernetes.io/revision"


def reconcile(world: ShopWorld, uid: str) -> None:
    """Bring a deployment one step nearer to what was asked."""
    deployment = world.get("apps/v1/deployments", uid)
    if deployment is None:
        return
    sets = world.owned("apps/v1/replicasets", uid)
    new = _newest(world, deployment, sets)
    olds = [one for one in sets if one is not new]
    if not deployment["spec"].get("paused"):
        _roll(world, deployment, new, olds)
    _write_status(world, deployment, new, olds)
    _forget_oldest(world, deployment, olds)


def template_hash(template: Object) -> str:
    """What tells two templates apart."""
    return f"{zlib.crc32(json.dumps(template, sort_keys=True).encode()):08x}"


def image(thing: Object) -> str:
    """The image of a deployment's or replica set's first container."""
    return str(thing["spec"]["template"]["spec"]["containers"][0]["image"])


def revision(thing: Object) -> int:
    """The revision its annotation says."""
    return int(thing["metadata"]["annotations"].get(REVISION, "0"))


def _newest(world: ShopWorld, deployment: Object, sets: list[Object]) -> Object:
    hashed = template_hash(deployment["spec"]["template"])
    new = next((one for one in sets if one["metadata"]["labels"].get("pod-template-hash") == hashed), None)
    highest = max((revision(one) for one in sets), default=0)
    if new is None:
        new = objects.replica_set(world.new_uid(), deployment, hashed, highest + 1, world.now)
        world.save(new)
    elif revision(new) < highest:  # rolled back: the old set is the newest again
        new["metadata"]["annotations"][REVISION] = str(highest + 1)
        world.save(new)
    if deployment["metadata"]["annotations"].get(REVISION) != str(revision(new)):
        deployment["metadata"]["annotations"][REVISION] = str(revision(new))
        world.rollout_began[deployment["metadata"]["uid"]] = world.now
        world.save(deployment)
    return new


def _share(value: Any, of: int, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        part = of * int(value[:-1]) / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value)


def _roll(world: ShopWorld, deployment: Object, new: Object, olds: list[Object]) -> None:
    wanted = int(deployment["spec"].get("replicas", 1))
    limits = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
    surge = _share(limits.get("maxSurge", "25%"), wanted, True)
    missing = _share(limits.get("maxUnavailable", "25%"), wanted, False)
    if not surge and not missing:
        missing = 1
    if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
        for old in olds:
            scale_set(world, deployment, old, 0)
        if any(world.owned("v1/pods", old["metadata"]["uid"]) for old in olds):
            return
        surge = wanted
    total = sum(one["spec"]["replicas"] for one in (new, *olds))
    has = new["spec"]["replicas"]
    if has > wanted:
        scale_set(world, deployment, new, wanted)
    elif has < wanted and (room := wanted + (surge if any(o["spec"]["replicas"] for o in olds) else 0) - total) > 0:
        scale_set(world, deployment, new, min(wanted, has + room))
    _shrink(world, deployment, new, olds, wanted - missing)


def _shrink(world: ShopWorld, deployment: Object, new: Object, olds: list[Object], least: int) -> None:
    ready = {one["metadata"]["uid"]: len(pods.ready(world, one)) for one in (new, *olds)}
    total = sum(one["spec"]["replicas"] for one in (new, *olds))
    most = total - least - (new["spec"]["replicas"] - min(ready[new["metadata"]["uid"]], new["spec"]["replicas"]))
    for old in olds:  # copies that do not work go first
        ill = min(most, old["spec"]["replicas"] - ready[old["metadata"]["uid"]])
        if ill > 0:
            scale_set(world, deployment, old, old["spec"]["replicas"] - ill)
            most -= ill
    spare = min(most, sum(ready.values()) - least)
    for old in sorted(olds, key=revision):
        down = min(spare, old["spec"]["replicas"])
        if down > 0:
            scale_set(world, deployment, old, old["spec"]["replicas"] - down)
            spare -= down


def scale_set(world: ShopWorld, deployment: Object, replica_set: Object, wanted: int) -> None:
    """Ask a replica set for another number of copies."""
    before = replica_set["spec"]["replicas"]
    if before != wanted:
        replica_set["spec"]["replicas"] = wanted
        way = "up" if wanted > before else "down"
        world.event(
            deployment,
            "Deployment",
            "ScalingReplicaSet",
            f"Scaled {way} replica set {replica_set['metadata']['name']} from {before} to {wanted}",
        )
        world.save(replica_set)
    reconcile_set(world, replica_set["metadata"]["uid"])


def reconcile_set(world: ShopWorld, uid: str) -> None:
    """Make or remove pods until a replica set has as many as it should."""
    replica_set = world.get("apps/v1/replicasets", uid)
    if replica_set is None:
        return
    active = pods.active(world, replica_set)
    for _ in range(replica_set["spec"]["replicas"] - len(active)):
        pods.create(world, replica_set)
    surplus = len(active) - replica_set["spec"]["replicas"]
    if surplus > 0:
        active.sort(key=lambda pod: (objects.is_true(pod, "Ready"), bool(pod["spec"].get("nodeName"))))
        for pod in active[:surplus]:
            pods.delete(world, pod)
    ready = len(pods.ready(world, replica_set))
    status = {
        "replicas": len(pods.active(world, replica_set)),
        "fullyLabeledReplicas": replica_set["spec"]["replicas"],
        "readyReplicas": ready,
        "availableReplicas": ready,
        "observedGeneration": 1,
    }
    if status != replica_set["status"]:
        replica_set["status"] = status
        world.save(replica_set)


def _write_status(world: ShopWorld, deployment: Object, new: Object, olds: list[Object]) -> None:
    wanted, uid = int(deployment["spec"].get("replicas", 1)), deployment["metadata"]["uid"]
    sets = (new, *olds)
    ready = sum(len(pods.ready(world, one)) for one in sets)
    updated = len(pods.active(world, new))
    total = sum(len(pods.active(world, one)) for one in sets)
    status = deployment["status"]
    before = json.dumps(status, sort_keys=True)
    status.update(
        observedGeneration=deployment["metadata"]["generation"],
        replicas=total,
        updatedReplicas=updated,
        readyReplicas=ready,
        availableReplicas=ready,
        unavailableReplicas=max(0, wanted - ready),
    )
    missing = _share(
        (deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}).get("maxUnavailable", "25%"), wanted, False
    )
    enough = ready >= wanted - missing
    objects.set_condition(
        status,
        "Available",
        "True" if enough else "False",
        world.now,
        "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    )
    _write_progress(world, deployment, new, done=updated == total == wanted and ready >= wanted)
    if json.dumps(status, sort_keys=True) != before:
        world.save(deployment)
    if not _settled(deployment):
        world.soon("Deployment", uid, 3.0)


def _settled(deployment: Object) -> bool:
    status, wanted = deployment["status"], deployment["spec"].get("replicas", 1)
    return bool(status["readyReplicas"] == status["updatedReplicas"] == status["replicas"] == wanted)


def _write_progress(world: ShopWorld, deployment: Object, new: Object, done: bool) -> None:
    uid, name = deployment["metadata"]["uid"], new["metadata"]["name"]
    status, seen = deployment["status"], world.rollout_seen
    mark = (deployment["status"]["updatedReplicas"], deployment["status"]["readyReplicas"], revision(new))
    if seen.get(uid, (None, 0.0))[0] != mark:
        seen[uid] = (mark, world.now)
    if done:
        world.rollout_began.pop(uid, None)
        objects.set_condition(
            status,
            "Progressing",
            "True",
            world.now,
            "NewReplicaSetAvailable",
            f'ReplicaSet "{name}" has successfully progressed.',
        )
    elif uid in world.rollout_began:
        late = world.now - seen[uid][1] > deployment["spec"].get("progressDeadlineSeconds", 600)
        objects.set_condition(
            status,
            "Progressing",
            "False" if late else "True",
            world.now,
            "ProgressDeadlineExceeded" if late else "ReplicaSetUpdated",
            f'ReplicaSet "{name}" {"has timed out progressing" if late else "is progressing"}.',
        )


def _forget_oldest(world: ShopWorld, deployment: Object, olds: list[Object]) -> None:
    idle = sorted(
        (one for one in olds if not one["spec"]["replicas"] and not world.owned("v1/pods", one["metadata"]["uid"])),
        key=revision,
    )
    for old in idle[: max(0, len(idle) - deployment["spec"].get("revisionHistoryLimit", 10))]:
        world.forget(old)
