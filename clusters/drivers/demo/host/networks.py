"""The host's networks: as the engine writes them, and what can be asked about them."""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Call
from clusters.drivers.demo.host import objects
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Missing, Unsupported

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

MOST = 40
PREDEFINED = {"bridge": "bridge", "host": "host", "none": "null"}


def uid_of(name: str) -> str:
    """The id of a network, made from its name."""
    return hashlib.sha256(f"network {name}".encode()).hexdigest()


def make(world: HostWorld, name: str, project: str = "", body: Object | None = None) -> Object:
    """A network of that name; the one that is there, where there is one."""
    given = body or {}
    thing = world.get("networks", uid_of(name))
    if thing is None:
        number = 17 + len(world.all("networks"))
        subnet = {"Subnet": f"172.{number}.0.0/16", "Gateway": f"172.{number}.0.1"}
        ranges = (given.get("IPAM") or {}).get("Config") or ([] if name in ("host", "none") else [subnet])
        thing = {
            "Id": uid_of(name),
            "Name": name,
            "Created": objects.when(world.now),
            "Scope": "local",
            "Driver": PREDEFINED.get(name) or str(given.get("Driver") or "bridge"),
            "EnableIPv6": bool(given.get("EnableIPv6")),
            "IPAM": {"Driver": "default", "Options": None, "Config": ranges},
            "Internal": bool(given.get("Internal")),
            "Attachable": bool(given.get("Attachable")),
            "Ingress": False,
            "Options": given.get("Options") or {},
            "Labels": given.get("Labels")
            or ({"com.docker.compose.project": project, "com.docker.compose.network": "default"} if project else {}),
        }
        world.put("networks", thing["Id"], thing)
    return thing


def answer(world: HostWorld, call: Call) -> Any:
    """Carry out one request about networks."""
    body = call.body if isinstance(call.body, dict) else {}
    match (call.method, *call.path):
        case ("GET", "networks"):
            return copy.deepcopy(world.all("networks"))
        case ("POST", "networks", "create"):
            return _create(world, body)
        case ("GET", "networks", reference):
            return copy.deepcopy(_find(world, reference))
        case ("DELETE", "networks", reference):
            return _remove(world, _find(world, reference))
        case ("POST", "networks", reference, "connect"):
            return _connect(world, _find(world, reference), body)
        case ("POST", "networks", reference, "disconnect"):
            return _disconnect(world, _find(world, reference), body)
    raise Unsupported("The demonstration cannot do that.", hint="Connect a real Docker host to try this.")


def _create(world: HostWorld, body: Object) -> Object:
    name = str(body.get("Name") or "")
    if world.get("networks", uid_of(name)):
        raise Conflict(f"network with name {name} already exists")
    if body.get("Driver") == "overlay":
        raise Conflict("This node is not a Swarm manager.")
    if len(world.all("networks")) >= MOST:
        raise Unsupported(f"The demonstration has room for {MOST} networks.")
    return {"Id": make(world, name, body=body)["Id"], "Warning": ""}


def _remove(world: HostWorld, thing: Object) -> None:
    if thing["Name"] in PREDEFINED:
        raise Conflict(f"{thing['Name']} is a pre-defined network and cannot be removed.")
    used = [one for one in world.all("containers") if thing["Name"] in one["NetworkSettings"]["Networks"]]
    if used:
        raise Conflict(f"The network {thing['Name']} is used by {used[0]['Name'][1:]}.")
    world.drop("networks", thing["Id"])


def _connect(world: HostWorld, thing: Object, body: Object) -> None:
    container = world.container(str(body.get("Container")))
    given = body.get("EndpointConfig") or {}
    address = (given.get("IPAMConfig") or {}).get("IPv4Address")
    first = str((thing["IPAM"]["Config"] or [{}])[0].get("Subnet", "")).rpartition(".")[0]
    container["NetworkSettings"]["Networks"][thing["Name"]] = {
        "IPAddress": address or (f"{first}.{world.chance.randint(2, 250)}" if first else ""),
        "NetworkID": thing["Id"],
        "Aliases": given.get("Aliases") or [],
    }
    world.save(container)


def _disconnect(world: HostWorld, thing: Object, body: Object) -> None:
    container = world.container(str(body.get("Container")))
    if container["NetworkSettings"]["Networks"].pop(thing["Name"], None) is None:
        raise Conflict(f"{container['Name'][1:]} is not connected to {thing['Name']}.")
    world.save(container)


def _find(world: HostWorld, reference: str) -> Object:
    for thing in world.all("networks"):
        if reference in (thing["Id"], thing["Name"]):
            return thing
    raise Missing(f"There is no network {reference[:80]}.")
