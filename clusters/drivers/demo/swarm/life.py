"""What happens in the Swarm by itself: a release, and a copy that fails now and then."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from clusters.drivers.demo.swarm import services, tasks

if TYPE_CHECKING:
    from clusters.drivers.demo.swarm.world import SwarmWorld

RELEASED = ("shop_web", "shop_worker", "media_gallery")


def begin(world: SwarmWorld) -> None:
    """Let the first of each happen soon: somebody has just opened the page."""
    world.after(40.0, lambda: _release(world))
    world.after(90.0, lambda: _stumbles(world))


def _release(world: SwarmWorld) -> None:
    world.after(world.between(180.0, 360.0), lambda: _release(world))
    there = [one for one in world.all("services") if one["Spec"]["Name"] in RELEASED]
    if not there or world.rollout:
        return
    chosen = world.chance.choice(there)
    spec = copy.deepcopy(chosen["Spec"])
    name, _, tag = spec["TaskTemplate"]["ContainerSpec"]["Image"].partition("@")[0].rpartition(":")
    first, _, last = tag.rpartition(".")
    if last.isdigit():
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = f"{name}:{first}.{int(last) + 1}"
        services.change(world, chosen, spec)


def _stumbles(world: SwarmWorld) -> None:
    world.after(world.between(240.0, 520.0), lambda: _stumbles(world))
    stumble(world)


def stumble(world: SwarmWorld, service: str = "") -> None:
    """A copy, of that service or any, ends with an error; another one takes its place."""
    found = [one for one in world.all("services") if service in ("", one["Spec"]["Name"])]
    there = [task for one in found for task in tasks.of(world, one)]
    running = [task for task in there if tasks.is_live(task) and task["Status"]["State"] == "running"]
    if running:
        tasks.fail(world, world.chance.choice(running), 1)
