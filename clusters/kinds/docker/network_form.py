"""What is filled in to make a network: checked with clear words, and the same as ``docker network create``."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.base import JSON, Says
from clusters.kinds.docker.network_model import PREDEFINED, Network
from clusters.kinds.docker.volume_actions import pairs
from clusters.kinds.field import Field
from clusters.kinds.makers import Maker
from clusters.kinds.masking import mask_pair
from clusters.kinds.readable import check_labels

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")
Net: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_DRIVERS = (
    ("bridge", "bridge: containers of this machine see each other"),
    ("macvlan", "macvlan: containers are machines of their own in the network outside"),
    ("ipvlan", "ipvlan: like macvlan, with the address of the machine's card"),
    ("overlay", "overlay: containers of all machines of a Swarm"),
)

FIELDS = (
    Field(name="name", label="Name", help="Containers on it find each other by their names.", max_length=255),
    Field(name="driver", label="Driver", type="choice", choices=_DRIVERS, initial=lambda _: "bridge"),
    Field(
        name="subnets",
        label="Subnets",
        type="lines",
        required=False,
        help="One a line: 10.5.0.0/24, or with its gateway 10.5.0.0/24 10.5.0.1. Left empty, the engine chooses.",
    ),
    Field(
        name="range",
        label="Addresses for containers",
        required=False,
        max_length=100,
        help="A part of a subnet, like 10.5.0.128/25; the rest is kept for addresses given by hand.",
    ),
    Field(
        name="internal",
        label="Cut off from outside",
        type="flag",
        required=False,
        help="Its containers reach each other only.",
    ),
    Field(name="attachable", label="Containers run by hand may join (overlay)", type="flag", required=False),
    Field(
        name="options",
        label="Options of the driver",
        type="lines",
        required=False,
        help="One a line: parent=eth0, com.docker.network.driver.mtu=1400.",
    ),
    Field(name="labels", label="Labels", type="lines", required=False, help="One a line: name=value."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkForm:
    """What to make, checked. ``subnets`` are (subnet, gateway or "", range for containers or "")."""

    name: str
    driver: str
    subnets: tuple[tuple[str, str, str], ...]
    internal: bool
    attachable: bool
    options: Mapping[str, str]
    labels: Mapping[str, str]


def read_form(values: Mapping[str, JSON]) -> NetworkForm:
    """The form as it was filled in. Raises Invalid."""
    name = str(values["name"])
    if not NAME.fullmatch(name):
        hint = "Letters, digits, “_”, “.” and “-”, beginning with a letter or digit."
        raise Invalid(f"“{name[:60]}” cannot be the name of a network.", hint=hint)
    if name in PREDEFINED | {"default", "container"}:
        raise Invalid(f"“{name}” is a name that the engine keeps for itself.")
    if values.get("attachable") and values["driver"] != "overlay":
        raise Invalid("Only overlay networks need to be opened for containers run by hand: others are.")
    return NetworkForm(
        name=name,
        driver=str(values["driver"]),
        subnets=_subnets(str(values.get("subnets") or ""), str(values.get("range") or "")),
        internal=bool(values.get("internal")),
        attachable=bool(values.get("attachable")),
        options=pairs(values, "options"),
        labels=pairs(values, "labels"),
    )


def _subnets(text: str, part: str) -> tuple[tuple[str, str, str], ...]:
    nets: list[tuple[Net, str]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        subnet, _, gateway = line.partition(" ")
        net = _net(subnet)
        for other, _ in nets:
            if other.version == net.version and other.overlaps(net):
                raise Invalid(f"{net} and {other} overlap.")
        nets.append((net, _gateway(net, gateway.strip())))
    if not part:
        return tuple((str(net), gateway, "") for net, gateway in nets)
    inner = _net(part)
    homes = [net for net, _ in nets if net.version == inner.version and inner.subnet_of(net)]  # type: ignore[arg-type]
    if not homes:
        raise Invalid(f"{inner} is not a part of any of the subnets.")
    return tuple((str(net), gateway, str(inner) if net == homes[0] else "") for net, gateway in nets)


def _net(text: str) -> Net:
    try:
        net = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Invalid(f"“{text[:60]}” is not a subnet.", hint="Write it like 10.5.0.0/24.") from error
    if "/" not in text or net.prefixlen == net.max_prefixlen:
        raise Invalid(f"“{text[:60]}” says no size.", hint="Write it like 10.5.0.0/24.")
    if str(net).partition("/")[0] != text.partition("/")[0].lower() and net.version == 4:
        raise Invalid(f"{text[:60]} is an address inside {net}.", hint=f"Write {net}.")
    return net


def _gateway(net: Net, text: str) -> str:
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise Invalid(f"“{text[:60]}” is not an address.") from error
    if address not in net:
        raise Invalid(f"The gateway {address} is not inside {net}.")
    return str(address)


def line(form: NetworkForm, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what looks like a secret."""
    words = ["docker", "network", "create"]
    words += ["--driver", form.driver] if form.driver != "bridge" else []
    for subnet, gateway, part in form.subnets:
        words += ["--subnet", subnet]
        words += ["--gateway", gateway] if gateway else []
        words += ["--ip-range", part] if part else []
    words += ["--ipv6"] if _has_ipv6(form) else []
    words += ["--internal"] if form.internal else []
    words += ["--attachable"] if form.attachable else []
    for flag, given in (("--opt", form.options), ("--label", form.labels)):
        for key, value in given.items():
            words += [flag, mask_pair(f"{key}={value}") if hidden else f"{key}={value}"]
    return shlex.join([*words, form.name])


def _has_ipv6(form: NetworkForm) -> bool:
    return any(":" in subnet for subnet, _, _ in form.subnets)


def body(form: NetworkForm) -> dict[str, Any]:
    """What the engine's API takes."""
    ranges = []
    for subnet, gateway, part in form.subnets:
        given = {"Subnet": subnet, "Gateway": gateway, "IPRange": part}
        ranges.append({key: value for key, value in given.items() if value})
    return {
        "Name": form.name,
        "CheckDuplicate": True,  # engines before 25 make a second one of the same name otherwise
        "Driver": form.driver,
        "Internal": form.internal,
        "Attachable": form.attachable,
        "EnableIPv6": _has_ipv6(form),
        "IPAM": {"Driver": "default", "Config": ranges},
        "Options": dict(form.options),
        "Labels": dict(form.labels),
    }


async def _make(driver: Driver, form: NetworkForm, says: Says) -> str:
    says.say(line(form, hidden=True))
    try:
        made = await driver.call(Call("POST", ("networks", "create"), body=body(form), timeout=60.0))
    except ClusterError as error:
        raise _in_words(error, form) from error
    if isinstance(made, dict) and made.get("Warning"):
        says.say(str(made["Warning"])[:300], "warning")
    return form.name


def _in_words(error: ClusterError, form: NetworkForm) -> ClusterError:
    said = error.detail or error.message
    if "already exists" in said:
        hint = "Choose another name."
        return Conflict(f"There is a network called {form.name} already.", hint=hint, detail=said)
    if "overlap" in said:
        hint = "Choose other subnets, or leave them to the engine."
        return Conflict("A network of this engine has some of these addresses already.", hint=hint, detail=said)
    if "not found" in said and "plugin" in said:
        return Missing(f"This engine has no driver “{form.driver}”.", detail=said)
    if "swarm" in said.lower():
        hint = "Make the engine part of one, or take another driver."
        return Conflict("Overlay networks need a Swarm.", hint=hint, detail=said)
    return error


CREATE: Maker[Network] = Maker(
    label="Create a network",
    icon="plus",
    fields=FIELDS,
    read=read_form,
    line=line,
    record=lambda form: line(form, hidden=True),
    title=lambda form: f"Create network {form.name}",
    run=_make,
    check=check_labels,
    button="Create",
    ended="{name} is made",
)
