"""What in a service gives power over the machines of a Swarm, by the very rule of the form that runs one container.

It looks at the spec that will be sent: whatever is not known to be harmless counts.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing
from clusters.kinds.docker.run_form import BUILT_IN
from clusters.kinds.docker.run_power import powers
from clusters.kinds.docker.run_volumes import is_volume_name, volume_powers

_HARMLESS = {
    *("Image", "Labels", "Command", "Args", "Hostname", "Env", "Dir", "User", "Groups", "StopSignal", "TTY"),
    *("OpenStdin", "ReadOnly", "StopGracePeriod", "Healthcheck", "Hosts", "DNSConfig", "Secrets", "Configs"),
    *("Isolation", "Init", "CapabilityDrop", "CapabilityDrop", "Ulimits"),
}
_AS_IN_A_CONTAINER = {"Mounts": "Mounts", "Sysctls": "Sysctls", "CapabilityAdd": "CapAdd"}
_TEMPLATE = {"ContainerSpec", "Resources", "RestartPolicy", "Placement", "Networks", "LogDriver", "ForceUpdate"}
_PLAIN_RESOURCES = {"NanoCPUs", "MemoryBytes", "Pids"}


def spec_powers(spec: Mapping[str, Any]) -> list[str]:
    """Why it is for administrators only, in words that follow “it”; empty when it is for everybody who may run."""
    template = spec.get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    host: dict[str, Any] = {}
    for name, value in container.items():
        if name in _AS_IN_A_CONTAINER:
            host[_AS_IN_A_CONTAINER[name]] = value
        elif name == "Privileges":
            host["SecurityOpt"] = list(_weak(value or {}))
        elif name not in _HARMLESS:
            host[name] = value
    if log := template.get("LogDriver"):
        host["LogConfig"] = {"Type": log.get("Name"), "Config": log.get("Options") or {}}
    for amounts in (template.get("Resources") or {}).values():
        if isinstance(amounts, Mapping) and any(
            value for name, value in amounts.items() if name not in _PLAIN_RESOURCES
        ):
            host["DeviceRequests"] = True
    for place in _places(spec):
        if place.get("Target") == "host":
            host["NetworkMode"] = "host"
        if place.get("DriverOpts"):
            host["Sysctls"] = True
    found = powers({"HostConfig": host})
    runtime = template.get("Runtime") or "container"
    odd = [name for name, value in template.items() if value and name not in _TEMPLATE and name != "Runtime"]
    return [*found, *(["runs no container"] if runtime != "container" else []), *(f"changes {one}" for one in odd)]


async def hidden_powers(driver: Driver, spec: Mapping[str, Any], made: Container[str] = ()) -> list[str]:
    """The same of what it names: volumes and networks. ``made``: networks that will be there. Raises what is said."""
    return [*await volume_powers(driver, mounted_volumes(spec)), *await _network_powers(driver, spec, made)]


async def _network_powers(driver: Driver, spec: Mapping[str, Any], made: Container[str]) -> list[str]:
    """A service that is there names its networks by ids, that of the machine, too: which one it is, the Swarm says."""
    found: list[str] = []
    for target in network_targets(spec):
        if target in BUILT_IN or target in made:
            continue
        network: Any = None
        if is_volume_name(target):  # networks have the same letters
            with suppress(Missing):
                network = await driver.call(Call("GET", ("networks", target), {"scope": "swarm"}, timeout=5.0))
        about = network if isinstance(network, Mapping) else {}
        kind, name = str(about.get("Driver") or ""), str(about.get("Name") or target)
        if kind == "host":
            found += powers({"HostConfig": {"NetworkMode": "host"}})
        elif about.get("Scope") != "swarm" or (kind != "overlay" and (kind, name) != ("bridge", "bridge")):
            found.append(f"uses the network {name[:100]}, which is no overlay network of this Swarm")
    return list(dict.fromkeys(found))


def network_targets(spec: Mapping[str, Any]) -> list[str]:
    """The networks that it names, by id or name, each once."""
    return list(dict.fromkeys(str(one.get("Target") or "") for one in _places(spec)))


def _places(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*((spec.get("TaskTemplate") or {}).get("Networks") or ()), *(spec.get("Networks") or ())]


def _weak(privileges: Mapping[str, Any]) -> Iterator[str]:
    """Privileges that weaken what keeps a copy from its machine, as options of a container have them."""
    for name, value in privileges.items():
        if name == "NoNewPrivileges":
            if value:
                yield "no-new-privileges"
        elif (
            isinstance(value, Mapping) and str(value.get("Mode") or "default") == "default" and name != "CredentialSpec"
        ):
            continue
        elif value:
            yield f"{name}=changed"


def mounted_volumes(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Its volumes, in the shape in which a container's are looked at."""
    mounts = ((spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}).get("Mounts") or ()
    named = [one for one in mounts if one.get("Type") == "volume" and one.get("Source")]
    return {"HostConfig": {"Mounts": named}}
