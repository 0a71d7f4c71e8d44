"""What is heard and measured of the shop's pods: their lines, what they use, what their shells see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from clusters.drivers.base import LogSource, Usage
from clusters.drivers.demo import load
from clusters.drivers.demo.shop import objects, pods
from clusters.drivers.demo.shop.apps import BY_NAME
from clusters.drivers.demo.voice import Life, Speaker
from clusters.drivers.demo.world import Object
from clusters.errors import Missing, NotStarted

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld


def speaker(world: ShopWorld, source: LogSource) -> Speaker:
    """Whose log lines these are."""
    pod = world.get("v1/pods", source.resource.uid)
    if pod is None or not pod["status"]["containerStatuses"]:
        raise NotStarted("This copy has not started yet, so it has no log.")
    meta, state = pod["metadata"], pod["status"]["containerStatuses"][0]
    app = BY_NAME.get((meta["namespace"], str(state["name"])))
    facts = {"app": state["name"], "version": state["image"].rpartition(":")[2]}
    lives = _lives(state, world.last_words.get(meta["uid"], ()))
    if not lives:
        raise NotStarted("This copy has not started yet, so it has no log.")
    return Speaker(
        meta["uid"],
        app.voice if app else "plain",
        lives[0],
        lives[1] if len(lives) > 1 else None,
        "leaking" if pods.leaks(pod) else "",
        app.pace if app else 0.5,
        facts,
    )


def usage_of(world: ShopWorld, uid: str, now: float) -> Usage | None:
    """What a running pod uses, or a node."""
    if (node := world.get("v1/nodes", uid)) is not None:
        return _usage_of_node(world, node, now)
    pod = world.get("v1/pods", uid)
    if pod is None or not pod["status"]["containerStatuses"] or pod["spec"].get("nodeName") in world.lost:
        return None
    running = pod["status"]["containerStatuses"][0]["state"].get("running")
    if running is None:
        return None
    resources = pod["spec"]["containers"][0]["resources"]
    ask, most = resources["requests"], resources["limits"]
    age = now - objects.seconds(running["startedAt"])
    cpu, memory = objects.quantity(ask["cpu"]), objects.quantity(ask["memory"])
    used = load.usage(
        uid,
        now,
        cpu=cpu,
        memory=memory,
        cpu_limit=objects.quantity(most["cpu"]),
        memory_limit=objects.quantity(most["memory"]),
        leaking_for=age if pods.leaks(pod) else 0.0,
    )
    return replace(used, cpu_request=cpu, memory_request=memory)


def surroundings(world: ShopWorld, source: LogSource) -> Mapping[str, str]:
    """The environment inside a pod."""
    pod = world.get("v1/pods", source.resource.uid)
    if pod is None or not any("running" in one["state"] for one in pod["status"]["containerStatuses"]):
        raise Missing("This container does not run, so nobody can enter it.")
    container = pod["spec"]["containers"][0]
    values = {one["name"]: one.get("value", "••••••") for one in container.get("env", ())}
    return {
        "HOSTNAME": pod["metadata"]["name"],
        "APP": container["name"],
        **values,
        "KUBERNETES_SERVICE_HOST": "10.43.0.1",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }


def _usage_of_node(world: ShopWorld, node: Object, now: float) -> Usage | None:
    if node["metadata"]["name"] in world.lost:
        return None
    here = [
        usage_of(world, pod["metadata"]["uid"], now)
        for pod in world.all("v1/pods")
        if pod["spec"].get("nodeName") == node["metadata"]["name"]
    ]
    room = node["status"]["allocatable"]
    return Usage(
        at=now,
        cpu=0.3 + sum(one.cpu or 0.0 for one in here if one),
        memory=1.2 * objects.GIB + sum(one.memory or 0.0 for one in here if one),
        cpu_limit=objects.quantity(room["cpu"]),
        memory_limit=objects.quantity(room["memory"]),
    )


def _lives(state: Object, last_words: tuple[str, ...]) -> list[Life]:
    """The run a log shows first, and the one before it."""
    found = []
    if running := state["state"].get("running"):
        found.append(Life(objects.seconds(running["startedAt"])))
    for ended in (state["state"].get("terminated"), state["lastState"].get("terminated")):
        if ended:
            life = Life(objects.seconds(ended["startedAt"]), objects.seconds(ended["finishedAt"]), last_words)
            if life not in found:
                found.append(life)
    return found
