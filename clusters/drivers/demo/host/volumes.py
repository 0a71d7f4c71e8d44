"""The host's volumes: as the engine writes them, and what can be asked about them."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Call
from clusters.drivers.demo.host import objects
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Invalid, Missing, Unsupported

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}")
MOST = 60


def make(world: HostWorld, name: str, labels: dict[str, str] | None = None, options: Any = None) -> Object:
    """A volume of that name; the one that is there, where there is one, as the engine does."""
    thing = world.get("volumes", name)
    if thing is None:
        thing = {
            "Name": name,
            "Driver": "local",
            "Mountpoint": f"/var/lib/docker/volumes/{name}/_data",
            "Scope": "local",
            "CreatedAt": objects.when(world.now),
            "Labels": labels or None,
            "Options": options or None,
        }
        world.put("volumes", name, thing)
    return thing


def leave_one(world: HostWorld) -> None:
    """One that nothing mounts any longer, as every host has some."""
    make(world, "office_wiki_2024", of_project("office", "office_wiki_2024"))


def of_project(project: str, name: str) -> dict[str, str]:
    """The labels that Compose gives a volume."""
    if not project:
        return {}
    short = name.removeprefix(f"{project}_")
    return {"com.docker.compose.project": project, "com.docker.compose.volume": short}


def users(world: HostWorld, name: str) -> list[str]:
    """The containers that mount it."""
    return [
        one["Name"][1:] for one in world.all("containers") if any(mount.get("Name") == name for mount in one["Mounts"])
    ]


def taken(name: str) -> int:
    """The bytes it holds: always the same for the same name."""
    return 4_000_000 + sum(name.encode()) * 1_310_000 % 900_000_000


def answer(world: HostWorld, call: Call) -> Any:
    """Carry out one request about volumes."""
    match (call.method, *call.path):
        case ("GET", "volumes"):
            return {"Volumes": copy.deepcopy(world.all("volumes")), "Warnings": None}
        case ("POST", "volumes", "create"):
            return _create(world, call.body if isinstance(call.body, dict) else {})
        case ("GET", "volumes", name):
            return copy.deepcopy(_find(world, name))
        case ("DELETE", "volumes", name):
            _find(world, name)
            if used := users(world, name):
                raise Conflict(f"The volume {name} is in use by {used[0]}.", hint="Remove the container first.")
            world.drop("volumes", name)
            return None
    raise Unsupported("The demonstration cannot do that.", hint="Connect a real Docker host to try this.")


def _create(world: HostWorld, body: Object) -> Object:
    name = str(body.get("Name") or f"{world.chance.getrandbits(256):064x}")
    if not NAME.fullmatch(name):
        raise Invalid("A volume's name is made of letters, digits, “_”, “.” and “-”.")
    if body.get("Driver", "local") != "local":
        raise Missing(f"The demonstration has no volume driver {str(body['Driver'])[:60]}.")
    if len(world.all("volumes")) >= MOST:
        raise Unsupported(f"The demonstration has room for {MOST} volumes.")
    return copy.deepcopy(make(world, name, body.get("Labels"), body.get("DriverOpts")))


def _find(world: HostWorld, name: str) -> Object:
    thing = world.get("volumes", name)
    if thing is None:
        raise Missing(f"There is no volume {name[:80]}.")
    return thing
