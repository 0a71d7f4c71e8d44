"""What happens on the host by itself: an update, a crash now and then, the import of stock every few minutes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clusters.drivers.demo.host import engine
from clusters.drivers.demo.host.containers import BY_NAME

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld


def begin(world: HostWorld) -> None:
    """Let the first of each happen soon: somebody has just opened the page."""
    world.after(35.0, lambda: _import(world))
    world.after(110.0, lambda: _stumble(world))
    world.after(170.0, lambda: _update(world))


def _import(world: HostWorld) -> None:
    world.after(world.between(500.0, 900.0), lambda: _import(world))
    for thing in world.all("containers"):
        if thing["Name"] == "/stock-import":
            engine.start(world, thing)


def _stumble(world: HostWorld) -> None:
    world.after(world.between(300.0, 700.0), lambda: _stumble(world))
    for thing in world.all("containers"):
        if thing["Name"] == "/shop-worker-1" and thing["State"]["Status"] == "running":
            engine.die(world, thing, 1, ("ERROR cannot go on: connection to db was reset", "exit status 1"))


def _update(world: HostWorld) -> None:
    """Compose brings a newer image: the old container goes, one of the same name comes."""
    world.after(world.between(400.0, 800.0), lambda: _update(world))
    old = next((one for one in world.all("containers") if one["Name"] == "/shop-web-1"), None)
    if old is None or old["State"]["Status"] != "running":
        return
    name, _, tag = old["Config"]["Image"].rpartition(":")
    first, _, last = tag.rpartition(".")
    if last.isdigit():
        engine.remove(world, old)
        engine.start(world, world.make(replace(BY_NAME["shop-web-1"], image=f"{name}:{first}.{int(last) + 1}")))
