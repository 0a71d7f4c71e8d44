"""Whether what leaves a node finds room on the others: what it requests, beside what is requested there already.

As the scheduler sees it, but for what only it knows: affinities, spreading, disks that live on one node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.kinds.base import Look
from clusters.kinds.formats import size
from clusters.kinds.kubernetes.asking import booked
from clusters.kinds.kubernetes.base import condition
from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.drain_plan import DrainPod, Fate
from clusters.kinds.kubernetes.quantities import quantity
from clusters.kinds.kubernetes.taints import KEEPS_AWAY

UNKNOWN = "Whether they find room elsewhere cannot be told: not all nodes and pods are seen."


@dataclass(slots=True)
class Room:
    """What is free on one other node."""

    node: Any
    cores: float
    memory: float
    pods: float

    def takes(self, cores: float, memory: float) -> bool:
        """Is there enough of everything for a pod that requests that?"""
        return self.pods >= 1 and cores <= self.cores + 1e-9 and memory <= self.memory

    def take(self, cores: float, memory: float) -> None:
        """Keep its part for it."""
        self.cores, self.memory, self.pods = self.cores - cores, self.memory - memory, self.pods - 1


async def without_room(look: Look, leaving: Sequence[DrainPod]) -> list[Fate] | None:
    """Which of these would find none, with the reason; None where it cannot be told."""
    nodes, pods = await look.related("node"), await look.related("pod")
    known = {one.uid for one in pods}
    moving = [pod for pod in leaving if pod.controller is not None and pod.status.phase not in OVER]
    if all(one.uid != look.resource.uid for one in nodes) or any(pod.uid not in known for pod in moving):
        return None
    others = [one for one in nodes if one.uid != look.resource.uid]
    return await asyncio.to_thread(lambda: judged(moving, rooms(others, pods)))  # seconds, on the largest clusters


def rooms(nodes: Iterable[Any], pods: Sequence[Any]) -> list[Room]:
    """What is free on each node that takes pods now."""
    taken = booked(pods)
    number: dict[str, int] = {}
    for pod in pods:
        if pod.status.phase not in OVER:
            number[pod.spec.node_name] = number.get(pod.spec.node_name, 0) + 1
    found = []
    for node in nodes:
        ready = condition(node.status.conditions, "Ready")
        if node.spec.unschedulable or ready is None or ready.status != "True":
            continue
        cores, memory = taken.get(node.name, (0.0, 0.0))
        most = quantity((node.status.allocatable or {}).get("pods", "")) or 110.0
        free = most - number.get(node.name, 0)
        found.append(Room(node, node.cpu_limit - cores, node.memory_limit - memory, free))
    return found


def judged(moving: Iterable[DrainPod], free: Sequence[Room]) -> list[Fate]:
    """The largest are placed first, each where most is free. What is left has no room."""
    left, rooms_left = [], list(free)
    asked = [(pod, *pod.requests) for pod in moving]  # read once: it takes longer than all the rest
    for pod, cores, memory in sorted(asked, key=lambda one: (one[2], one[1]), reverse=True):
        rooms_left.sort(key=lambda room: (room.memory, room.cores), reverse=True)
        fitting = next((room for room in rooms_left if room.takes(cores, memory) and _may(pod, room)), None)
        if fitting:
            fitting.take(cores, memory)
        else:
            left.append(Fate(pod, _why(pod, free)))
    return sorted(left, key=lambda fate: fate.pod.key)


def _may(pod: DrainPod, room: Room) -> bool:
    return _is_selected(pod, room) and _is_borne(pod, room)


def _is_selected(pod: DrainPod, room: Room) -> bool:
    wanted = (pod.spec.node_selector or {}).items()
    return all(room.node.labels.get(key) == value for key, value in wanted)


def _is_borne(pod: DrainPod, room: Room) -> bool:
    bears = pod.spec.tolerations or ()
    taints = [one for one in room.node.spec.taints or () if one.effect in KEEPS_AWAY]
    return all(any(each.bears(taint) for each in bears) for taint in taints)


def _why(pod: DrainPod, free: Sequence[Room]) -> str:
    if not free:
        return "no other node is ready and takes pods"
    selected = [room for room in free if _is_selected(pod, room)]
    if not selected:
        wanted = ", ".join(f"{key}={value}" for key, value in sorted((pod.spec.node_selector or {}).items()))
        return f"no other node that takes pods has the labels it asks for: {wanted}"
    borne = [room for room in selected if _is_borne(pod, room)]
    if not borne:
        return "the nodes that it may be on are reserved (tainted) for others"
    cores, memory = pod.requests
    most = max(borne, key=lambda room: (room.memory, room.cores))
    asked = " and ".join(filter(None, (f"{cores:.3g} cores" if cores else "", size(memory) if memory else "")))
    room = f"{max(0.0, most.cores):.3g} cores and {size(max(0.0, most.memory))}"
    return f"it requests {asked or 'a place'}; on {most.node.name}, which has the most, {room} are left by then"
