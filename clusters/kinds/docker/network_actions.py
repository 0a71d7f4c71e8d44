"""What can be done to a network: containers join it and leave it, and it is removed."""

from __future__ import annotations

import ipaddress
import re
import shlex
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Invalid
from clusters.kinds.actions import Values, docker_line, one_call
from clusters.kinds.base import Action
from clusters.kinds.docker.network_model import Network
from clusters.kinds.docker.used_by import in_use
from clusters.kinds.field import Field

_ALIAS = re.compile(r"[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9_])?")
_WHICH = Field(name="container", label="Container", among="container", max_length=200)


def _aliases(values: Values) -> list[str]:
    found = str(values.get("aliases") or "").replace(",", " ").split()
    for alias in found:
        if not _ALIAS.fullmatch(alias):
            raise Invalid(f"“{alias[:60]}” cannot be a name in a network.")
    return found


def _address(one: Network, values: Values) -> str:
    text = str(values.get("address") or "")
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
        inside = any(address in ipaddress.ip_network(subnet, strict=False) for subnet in one.subnets)
    except ValueError as error:
        raise Invalid(f"“{text[:60]}” is not an address.") from error
    if not inside:
        raise Invalid(f"{address} is not inside {' or '.join(one.subnets) or 'any subnet of it'}.")
    return str(address)


async def _connect(driver: Driver, one: Network, values: Values) -> str:
    name, endpoint = str(values["container"]), dict[str, Any]()
    if any(user.name == name for user in one.users):
        raise Conflict(f"{name} is on {one.name} already.")
    if aliases := _aliases(values):
        if one.predefined:
            raise Invalid("Names of their own have containers in networks that were made by somebody only.")
        endpoint["Aliases"] = aliases
    if address := _address(one, values):
        endpoint["IPAMConfig"] = {"IPv6Address" if ":" in address else "IPv4Address": address}
    body = {"Container": name, "EndpointConfig": endpoint}
    await driver.call(Call("POST", ("networks", one.uid, "connect"), body=body))
    return f"{name} is on {one.name}."


def _connect_line(one: Network, values: Values) -> str:
    words = ["docker", "network", "connect"]
    for alias in str(values.get("aliases") or "").replace(",", " ").split():
        words += ["--alias", alias]
    if address := str(values.get("address") or ""):
        words += ["--ip6" if ":" in address else "--ip", address]
    return shlex.join([*words, one.name, str(values.get("container") or "CONTAINER")])


def _no_joining(one: Network) -> str:
    if one.title in ("host", "none"):
        return f"A container is on the network “{one.title}” from its making, or never."
    return "The Swarm puts its services on it by itself." if one.ingress else ""


async def _disconnect(driver: Driver, one: Network, values: Values) -> str:
    name = str(values["container"])
    if all(user.name != name for user in one.users):
        raise Conflict(f"{name} is not on {one.name}.")
    await driver.call(Call("POST", ("networks", one.uid, "disconnect"), body={"Container": name, "Force": False}))
    return f"{name} has left {one.name}."


def _no_leaving(one: Network) -> str:
    return _no_joining(one) or ("" if one.users else "No container is on it.")


def _no_removing(one: Network) -> str:
    if one.predefined:
        return "The engine made it and needs it."
    if one.ingress:
        return "The Swarm needs it for published ports."
    return in_use(one)


CONNECT: Action[Network] = Action(
    verb="connect",
    label="Connect",
    icon="plug",
    effect=lambda one: f"Puts a container on {one.name}, at once and also when it is started again.",
    stays=lambda one: "It stays on its other networks.",
    run=_connect,
    refuse=_no_joining,
    bulk=False,
    fields=(
        _WHICH,
        Field(
            name="aliases",
            label="Further names",
            required=False,
            max_length=500,
            help="By which others on this network find it: “db, database”.",
        ),
        Field(name="address", label="Address", required=False, max_length=60, help="Left empty, the engine chooses."),
    ),
    line=_connect_line,
)
DISCONNECT: Action[Network] = Action(
    verb="disconnect",
    label="Disconnect",
    icon="unplug",
    effect=lambda one: f"Takes a container off {one.name}: what is on it is out of its reach at once.",
    stays=lambda one: "Its other networks stay.",
    run=_disconnect,
    refuse=_no_leaving,
    bulk=False,
    fields=(_WHICH,),
    line=lambda one, values: shlex.join(
        ["docker", "network", "disconnect", one.name, str(values.get("container") or "CONTAINER")]
    ),
)
REMOVE: Action[Network] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=lambda one: f"Removes the network {one.name}. What was made to join it cannot start without it.",
    run=one_call(lambda one, values: Call("DELETE", ("networks", one.uid)), "{name} is removed."),
    refuse=_no_removing,
    danger=True,
    line=docker_line("network", "rm"),
)
ACTIONS = (CONNECT, DISCONNECT, REMOVE)
