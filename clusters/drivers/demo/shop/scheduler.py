"""The scheduler of the demonstration: the machine with the fewest copies that has room, or why there is none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from clusters.drivers.demo.shop import objects, pods
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

AGAIN = 2.0  # seconds until those that found no place are looked at again
FITS = ""
Room = dict[str, float]  # what is left of a machine: "pods", "cpu", "memory"


def place_all(world: ShopWorld, _: str = "") -> None:
    """Place every copy that waits, the oldest first. The room is counted once for all of them."""
    waiting = [pod for uid in world.unplaced if (pod := world.get("v1/pods", uid)) and _is_wanted(pod)]
    world.unplaced.clear()
    room = _free(world)
    for pod in waiting:
        _place(world, pod, room)
    if world.unplaced:
        world.soon("Scheduler", "", AGAIN)


def _is_wanted(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"]


def _place(world: ShopWorld, pod: Object, room: dict[str, Room]) -> None:
    asked, nodes = _asked(pod), world.all("v1/nodes")
    verdicts = {node["metadata"]["name"]: _verdict(world, node, pod, asked, room) for node in nodes}
    fitting = [name for name, why in verdicts.items() if why == FITS]
    if not fitting:
        _leave_waiting(world, pod, Counter(verdicts.values()))
        return
    chosen = max(fitting, key=lambda name: room[name]["pods"])  # of equal ones the first
    for what, number in asked.items():
        room[chosen][what] -= number
    pods.placed(world, pod, chosen)


def _leave_waiting(world: ShopWorld, pod: Object, why: Counter[str]) -> None:
    reasons = ", ".join(sorted(f"{many} {words}" for words, many in why.items()))
    message = f"0/{why.total()} nodes are available: {reasons}."
    if objects.set_condition(pod["status"], "PodScheduled", "False", world.now, "Unschedulable", message):
        world.save(pod)
        world.event(pod, "Pod", "FailedScheduling", message, "Warning")
    world.unplaced[pod["metadata"]["uid"]] = None


def _verdict(world: ShopWorld, node: Object, pod: Object, asked: Room, room: dict[str, Room]) -> str:
    """Why it cannot be there, in the words of the real scheduler; "" when it can."""
    name = node["metadata"]["name"]
    if name in world.lost:
        return "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
    if node["spec"].get("unschedulable"):
        return "node(s) were unschedulable"
    if not (pod["spec"].get("nodeSelector") or {}).items() <= node["metadata"]["labels"].items():
        return "node(s) didn't match Pod's node affinity/selector"
    short = next((what for what, number in asked.items() if number > room[name][what]), FITS)
    return "Too many pods" if short == "pods" else f"Insufficient {short}" if short else FITS


def _asked(pod: Object) -> Room:
    asked = {"pods": 1.0, "cpu": 0.0, "memory": 0.0}
    for container in pod["spec"]["containers"]:
        for what, amount in ((container.get("resources") or {}).get("requests") or {}).items():
            if what in asked:
                asked[what] += objects.quantity(amount)
    return asked


def _free(world: ShopWorld) -> dict[str, Room]:
    room = {
        node["metadata"]["name"]: {
            what: objects.quantity(node["status"]["allocatable"][what]) for what in ("pods", "cpu", "memory")
        }
        for node in world.all("v1/nodes")
    }
    for pod in world.all("v1/pods"):
        left = room.get(pod["spec"].get("nodeName", ""))
        if left is not None and pod["status"].get("phase") not in ("Succeeded", "Failed"):
            for what, number in _asked(pod).items():
                left[what] -= number
    return room
