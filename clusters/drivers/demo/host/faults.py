"""What can be made to go wrong on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.drivers.demo.fault import Fault, silence
from clusters.drivers.demo.host import engine

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

STUCK = "/shop-search-1"


def _fill_disk(world: HostWorld) -> None:
    world.disk_full = True
    for thing in world.all("containers"):
        if world.writes_much(thing) and thing["State"]["Status"] == "running":
            engine.die(world, thing, 1, engine.FULL_DISK)


def _free_disk(world: HostWorld) -> None:
    world.disk_full = False


def _block(world: HostWorld) -> None:
    for thing in world.all("containers"):
        if thing["Name"] == STUCK and thing["State"]["Status"] == "running":
            world.stuck.add(thing["Id"])
            engine.check(world, thing)


def _unblock(world: HostWorld) -> None:
    world.stuck.clear()


FAULTS: tuple[Fault[HostWorld], ...] = (
    Fault(
        key="disk",
        label="The disk is full",
        icon="hard-drive",
        words="The database of the shop cannot write any more, stops, and is started again and again. It heals when "
        "there is room.",
        is_on=lambda world: world.disk_full,
        begin=_fill_disk,
        end=_free_disk,
    ),
    Fault(
        key="stuck",
        label="A program hangs",
        icon="activity",
        words="The search of the shop runs but does not answer its own health check. Restarting it heals it.",
        is_on=lambda world: bool(world.stuck),
        begin=_block,
        end=_unblock,
    ),
    silence("host", "a host"),
)
