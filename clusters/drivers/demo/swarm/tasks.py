"""The life of a task: placed, prepared, running, and over. What ended is never started again: another one comes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

from clusters.drivers.demo.host.objects import when
from clusters.drivers.demo.swarm import scheduler
from clusters.drivers.demo.swarm.apps import BROKEN, REPOSITORIES
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.swarm.world import SwarmWorld

KEPT = 4  # tasks of the past, of each place
OVER = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


def is_live(task: Object) -> bool:
    """Is it to run, now or as soon as its turn comes?"""
    return task["DesiredState"] in ("running", "ready")


def of(world: SwarmWorld, service: Object) -> list[Object]:
    """All tasks of a service, oldest first."""
    return [one for one in world.all("tasks") if one["ServiceID"] == service["ID"]]


def make(world: SwarmWorld, service: Object, slot: int, node: str = "", delay: float = 0.0) -> Object:
    """One more, in that place or on that node; begun after a delay where the one before failed."""
    uid = world.new_id("task")
    task: Object = {
        "ID": uid,
        "Version": {"Index": 10},
        "CreatedAt": when(world.now),
        "UpdatedAt": when(world.now),
        "Spec": copy.deepcopy(service["Spec"]["TaskTemplate"]),
        "ServiceID": service["ID"],
        "NodeID": node,
        "DesiredState": "ready" if delay else "running",
        "Status": {},
    }
    if slot:
        task["Slot"] = slot
    world.put("tasks", uid, task)
    _set(world, task, "new", "created")
    _later(world, task, 0.2, assign)
    if delay:
        _later(world, task, delay, _let_run)
    _prune(world, service, slot, node)
    return task


def assign(world: SwarmWorld, task: Object) -> None:
    """Find a node for it; without one it waits, and says why."""
    service = world.get("services", task["ServiceID"])
    if service is None or not is_live(task) or task["Status"]["State"] not in ("new", "pending"):
        return
    why = ""
    if not task["NodeID"]:
        task["NodeID"], why = scheduler.choose(world, service)
    if why:
        _set(world, task, "pending", "pending task scheduling", why)
        return
    _set(world, task, "preparing", "preparing")
    _later(world, task, world.between(0.8, 2.2), _prepared)


def _prepared(world: SwarmWorld, task: Object) -> None:
    image = task["Spec"]["ContainerSpec"]["Image"].partition("@")[0]
    if task["Status"]["State"] != "preparing":
        return
    if image.rpartition(":")[0] not in REPOSITORIES:
        fail(world, task, 0, f"No such image: {image}", state="rejected")
    elif task["DesiredState"] == "ready":
        _set(world, task, "ready", "prepared")
    else:
        _run(world, task)


def _let_run(world: SwarmWorld, task: Object) -> None:
    if task["DesiredState"] != "ready":
        return
    task["DesiredState"] = "running"
    world.put("tasks", task["ID"], task)
    if task["Status"]["State"] == "ready":
        _run(world, task)


def _run(world: SwarmWorld, task: Object) -> None:
    world.began[task["ID"]] = world.now
    task["Status"]["ContainerStatus"] = {"ContainerID": world.run_container(task), "PID": 4000, "ExitCode": 0}
    _set(world, task, "running", "started")
    if task["Spec"]["ContainerSpec"]["Image"].partition("@")[0].endswith(f":{BROKEN}"):
        _later(world, task, world.between(1.0, 1.8), lambda w, t: fail(w, t, 3))


def fail(world: SwarmWorld, task: Object, code: int, said: str = "", state: str = "failed") -> None:
    """It ended by itself, or could not begin; its service's policy says whether another one is started."""
    if task["Status"]["State"] in OVER:
        return
    was_live = is_live(task)
    task["Status"].setdefault("ContainerStatus", {})["ExitCode"] = code
    task["DesiredState"] = "shutdown"
    _over(world, task, state, said or f"task: non-zero exit ({code})")
    service = world.get("services", task["ServiceID"])
    if service is None or not was_live:
        return
    policy = service["Spec"]["TaskTemplate"].get("RestartPolicy") or {}
    if policy.get("Condition", "any") != "none":
        on = task["NodeID"] if not task.get("Slot") else ""
        make(world, service, task.get("Slot", 0), on, max(0.5, (policy.get("Delay") or 5 * 10**9) / 1e9))


def end(world: SwarmWorld, task: Object, *, forget: bool = False) -> None:
    """It is to end: another one takes its place, or fewer are asked for."""
    task["DesiredState"] = "remove" if forget else "shutdown"
    world.put("tasks", task["ID"], task)
    node = world.get("nodes", task["NodeID"])
    if node is None or node["Status"]["State"] == "ready":
        _later(world, task, 0.8, ended)


def ended(world: SwarmWorld, task: Object) -> None:
    """Its node has let go of it."""
    if task["DesiredState"] == "remove":
        world.stop_container(task)
        world.drop("tasks", task["ID"])
    elif task["Status"]["State"] not in OVER:
        _over(world, task, "shutdown", "")
    world.touch(task["ServiceID"])


def _over(world: SwarmWorld, task: Object, state: str, said: str) -> None:
    world.over[task["ID"]] = world.now
    world.stop_container(task)
    _set(world, task, state, "started" if state != "rejected" else "preparing", said)


def _set(world: SwarmWorld, task: Object, state: str, message: str, said: str = "") -> None:
    task["Status"].update(Timestamp=when(world.now), State=state, Message=message)
    task["Status"].pop("Err", None)
    if said:
        task["Status"]["Err"] = said
    task["Version"]["Index"] += 1
    world.put("tasks", task["ID"], task)
    world.touch(task["ServiceID"])


def _prune(world: SwarmWorld, service: Object, slot: int, node: str) -> None:
    """Of each place's past the newest few are kept."""
    same = [one for one in of(world, service) if (one.get("Slot", 0), "" if slot else one["NodeID"]) == (slot, node)]
    past = [one for one in same if one["Status"]["State"] in OVER and not is_live(one)]
    for one in past[: max(0, len(past) - KEPT)]:
        world.drop("tasks", one["ID"])
        world.began.pop(one["ID"], None)
        world.over.pop(one["ID"], None)


def _later(world: SwarmWorld, task: Object, delay: float, happen: Callable[[SwarmWorld, Object], None]) -> None:
    uid = task["ID"]

    def due() -> None:
        if (now := world.get("tasks", uid)) is not None:
            happen(world, now)

    world.after(delay, due)


def container_ended(world: SwarmWorld, thing: Object) -> None:
    """Somebody stopped the container of a task behind the Swarm's back."""
    task = world.get("tasks", thing["Config"]["Labels"].get("com.docker.swarm.task.id", ""))
    if task is not None and task["Status"]["State"] == "running":
        fail(world, task, int(thing["State"]["ExitCode"]) or 137)
