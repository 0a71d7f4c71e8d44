"""What the managers do: as many copies as were asked for, replaced a few at a time when something else is asked for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from clusters.drivers.demo.host.objects import when
from clusters.drivers.demo.swarm import scheduler, tasks
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.swarm.world import SwarmWorld

LOOK = 0.5  # seconds between two looks at a rollout
GOING = {"updating": "update", "rollback_started": "rollback"}


def keep(world: SwarmWorld, service: Object) -> None:
    """As many copies as were asked for, in their places."""
    mode = service["Spec"]["Mode"]
    live = [one for one in tasks.of(world, service) if tasks.is_live(one)]
    if "Global" in mode:
        template = service["Spec"]["TaskTemplate"]
        wanted = [
            one["ID"] for one in world.all("nodes") if scheduler.takes_tasks(one) and scheduler.fits(one, template)
        ]
        for task in live:
            if task["NodeID"] not in wanted:
                tasks.end(world, task)
        for node in wanted:
            if not any(task["NodeID"] == node for task in live):
                tasks.make(world, service, 0, node)
        return
    number = int((mode.get("Replicated") or {}).get("Replicas", 1))
    for task in live:
        if task["Slot"] > number:
            tasks.end(world, task, forget=True)
    for slot in range(1, number + 1):
        if not any(task["Slot"] == slot for task in live):
            tasks.make(world, service, slot)


def change(world: SwarmWorld, service: Object, spec: Object, *, back: bool = False) -> None:
    """Another thing is asked for; copies are replaced where that is needed."""
    before = service["Spec"]
    paused = str((service.get("UpdateStatus") or {}).get("State", "")).endswith("paused")
    service["PreviousSpec"], service["Spec"] = before, copy.deepcopy(spec)
    service["UpdatedAt"] = when(world.now)
    service["Version"]["Index"] += 1
    endpoint = spec.get("EndpointSpec") or {}
    service["Endpoint"] = {"Spec": endpoint, "Ports": list(endpoint.get("Ports") or ())}
    if before["TaskTemplate"] != service["Spec"]["TaskTemplate"] or paused:
        _begin(world, service, "rollback_started" if back else "updating")
    world.put("services", service["ID"], service)
    keep(world, service)


def _begin(world: SwarmWorld, service: Object, state: str) -> None:
    service["UpdateStatus"] = {"State": state, "StartedAt": when(world.now), "Message": "update in progress"}
    world.rollout[service["ID"]] = world.now
    _look_soon(world, service, LOOK)


def _look_soon(world: SwarmWorld, service: Object, delay: float) -> None:
    uid, began = service["ID"], world.rollout.get(service["ID"])

    def due() -> None:
        now = world.get("services", uid)
        if now is not None and world.rollout.get(uid) == began:
            _step(world, now)

    world.after(delay, due)


def _step(world: SwarmWorld, service: Object) -> None:
    """Replace the next few, once those before are up; stop, go back or go on when one of the new ones failed."""
    state = service["UpdateStatus"]["State"]
    spec, began = service["Spec"], world.rollout[service["ID"]]
    how = spec.get("UpdateConfig" if state == "updating" else "RollbackConfig") or {}
    there = [one for one in tasks.of(world, service) if one["Spec"] == spec["TaskTemplate"]]
    failed = [
        one
        for one in there
        if one["Status"]["State"] in ("failed", "rejected") and world.over.get(one["ID"], 0.0) > began
    ]
    if failed and how.get("FailureAction", "pause") != "continue":
        _stop(world, service, state, failed[0]["ID"], how)
        return
    live = [one for one in tasks.of(world, service) if tasks.is_live(one)]
    old = [one for one in live if one["Spec"] != spec["TaskTemplate"]]
    if any(one["Status"]["State"] != "running" for one in live if one not in old):
        _look_soon(world, service, LOOK)
    elif not old:
        done = "completed" if state == "updating" else "rollback_completed"
        _settle(world, service, done, f"{GOING[state]} completed")
    else:
        for task in old[: int(how.get("Parallelism", 1)) or len(old)]:
            tasks.end(world, task)
            tasks.make(world, service, task.get("Slot", 0), "" if task.get("Slot") else task["NodeID"])
        _look_soon(world, service, 1.0 + float(how.get("Delay") or 0) / 1e9)


def _stop(world: SwarmWorld, service: Object, state: str, task: str, how: Object) -> None:
    if state == "updating" and how.get("FailureAction") == "rollback" and "PreviousSpec" in service:
        change(world, service, service["PreviousSpec"], back=True)
        return
    word = GOING[state]
    paused = "paused" if state == "updating" else "rollback_paused"
    _settle(world, service, paused, f"{word} paused due to failure or early termination of task {task}")


def _settle(world: SwarmWorld, service: Object, state: str, message: str) -> None:
    world.rollout.pop(service["ID"], None)
    service["UpdateStatus"] |= {"State": state, "Message": message}
    if state.endswith("completed"):
        service["UpdateStatus"]["CompletedAt"] = when(world.now)
    service["Version"]["Index"] += 1
    world.put("services", service["ID"], service)


def nodes_changed(world: SwarmWorld) -> None:
    """What is on a node that is drained, or does not fit it any more, moves; what waits for one is tried again."""
    nodes = {one["ID"]: one for one in world.all("nodes")}
    for task in world.all("tasks"):
        node = nodes.get(task["NodeID"])
        if node is None or not tasks.is_live(task):
            continue
        if node["Spec"]["Availability"] == "drain" or not scheduler.fits(node, task["Spec"]):
            tasks.end(world, task)
    for service in world.all("services"):
        keep(world, service)
    for task in world.all("tasks"):
        if task["Status"]["State"] == "pending":
            tasks.assign(world, task)


def remove(world: SwarmWorld, service: Object) -> None:
    """With all its tasks."""
    for task in tasks.of(world, service):
        world.stop_container(task)
        world.drop("tasks", task["ID"])
    world.rollout.pop(service["ID"], None)
    world.drop("services", service["ID"])
