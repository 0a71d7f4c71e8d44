"""What can be made to go wrong in the Swarm."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from clusters.drivers.demo.fault import Fault, silence
from clusters.drivers.demo.host.objects import when
from clusters.drivers.demo.swarm import services, tasks
from clusters.drivers.demo.swarm.apps import BROKEN
from clusters.drivers.demo.world import Object
from clusters.errors import Missing

if TYPE_CHECKING:
    from clusters.drivers.demo.swarm.world import SwarmWorld

LOST, RELEASED, NEEDED = "elm-3", "shop_api", "gpu"  # the label that media_transcoder asks for
PATIENCE = 6.0  # seconds until the tasks of a silent node are started elsewhere


def _image(world: SwarmWorld) -> str:
    try:
        return str(world.service(RELEASED)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])
    except Missing:
        return ""


def _is_broken(world: SwarmWorld) -> bool:
    return _image(world).partition("@")[0].endswith(f":{BROKEN}")


def _break(world: SwarmWorld) -> None:
    service = world.service(RELEASED)
    spec = copy.deepcopy(service["Spec"])
    container = spec["TaskTemplate"]["ContainerSpec"]
    container["Image"] = f"{container['Image'].partition('@')[0].rpartition(':')[0]}:{BROKEN}"
    services.change(world, service, spec)


def _mend(world: SwarmWorld) -> None:
    service = world.service(RELEASED)
    spec = copy.deepcopy(service["Spec"])
    container = spec["TaskTemplate"]["ContainerSpec"]
    container["Image"] = f"{container['Image'].rpartition(':')[0]}:2.6.0"
    services.change(world, service, spec)


def _lost(world: SwarmWorld) -> Object | None:
    return next((one for one in world.all("nodes") if one["Description"]["Hostname"] == LOST), None)


def _is_lost(world: SwarmWorld) -> bool:
    node = _lost(world)
    return node is not None and node["Status"]["State"] == "down"


def _lose(world: SwarmWorld) -> None:
    if (node := _lost(world)) is None:
        return
    node["Status"].update(State="down", Message="heartbeat failure")
    if "ManagerStatus" in node:
        node["ManagerStatus"]["Reachability"] = "unreachable"
    world.put("nodes", node["ID"], node)
    world.after(PATIENCE, lambda: _move(world))


def _move(world: SwarmWorld) -> None:
    node = _lost(world)
    if node is None or node["Status"]["State"] != "down":
        return
    for task in world.all("tasks"):
        if task["NodeID"] == node["ID"] and tasks.is_live(task):
            tasks.end(world, task)
    services.nodes_changed(world)


def _find(world: SwarmWorld) -> None:
    if (node := _lost(world)) is None:
        return
    node["Status"] = {"State": "ready", "Addr": node["Status"]["Addr"]}
    if "ManagerStatus" in node:
        node["ManagerStatus"]["Reachability"] = "reachable"
    node["UpdatedAt"] = when(world.now)
    world.put("nodes", node["ID"], node)
    for task in world.all("tasks"):
        if task["NodeID"] == node["ID"] and not tasks.is_live(task):
            tasks.ended(world, task)
    services.nodes_changed(world)


def _has_label(world: SwarmWorld) -> bool:
    return any((one["Spec"].get("Labels") or {}).get(NEEDED) == "true" for one in world.all("nodes"))


def _label(world: SwarmWorld, on: bool) -> None:
    """Take it from every node, or give it back to the one that had it; to another one where that is gone."""
    node = _lost(world) or world.all("nodes")[-1]
    for one in [node] if on else world.all("nodes"):
        labels = {name: value for name, value in (one["Spec"].get("Labels") or {}).items() if name != NEEDED}
        one["Spec"]["Labels"] = labels | ({NEEDED: "true"} if on else {})
        one["Version"]["Index"] += 1
        world.put("nodes", one["ID"], one)
    services.nodes_changed(world)


FAULTS: tuple[Fault[SwarmWorld], ...] = (
    Fault(
        key="crash",
        label="A release crashes",
        icon="rocket",
        words="shop_api 3.0.0-rc.1 ends as soon as it is started. The update stops at the first copy, the other one "
        "serves on. Roll back, or end the fault.",
        is_on=_is_broken,
        begin=_break,
        end=_mend,
    ),
    Fault(
        key="label",
        label="A service finds no machine",
        icon="tag",
        words=f"Somebody took the label {NEEDED}=true from the only node that had it: media_transcoder cannot be "
        "placed any more. Give it to a node (Edit labels), or end the fault.",
        is_on=lambda world: not _has_label(world),
        begin=lambda world: _label(world, False),
        end=lambda world: _label(world, True),
    ),
    Fault(
        key="node",
        label="A node of the Swarm falls silent",
        icon="unplug",
        words=f"{LOST} does not answer any more. After {PATIENCE:g} seconds its copies are started on the other nodes; "
        "one manager is missing.",
        is_on=_is_lost,
        begin=_lose,
        end=_find,
    ),
    silence("Swarm", "its manager"),
)
