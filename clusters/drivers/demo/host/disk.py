"""What takes room on the host's disk, as the engine counts it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from clusters.drivers.demo.host import objects, volumes
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld


def usage(world: HostWorld) -> Object:
    """The answer of ``/system/df``."""
    images = [copy.deepcopy(one) for one in world.all("images")]
    for image in images:
        image["SharedSize"] = image["Size"] // 5
        image["Containers"] = sum(one["Image"] == image["Id"] for one in world.all("containers"))
    return {
        "LayersSize": sum(one["Size"] - one["SharedSize"] for one in images) + 30_000_000,
        "Images": images,
        "Containers": [
            {**objects.summary(one), "SizeRw": 40_000 + int(one["Id"][:4], 16)} for one in world.all("containers")
        ],
        "Volumes": [
            {
                **copy.deepcopy(one),
                "UsageData": {"Size": volumes.taken(one["Name"]), "RefCount": len(volumes.users(world, one["Name"]))},
            }
            for one in world.all("volumes")
        ],
        "BuildCache": copy.deepcopy(world.all("build-cache")),
    }
