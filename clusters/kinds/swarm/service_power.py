"""What in a service gives power over the machines of a Swarm, by the very rule of the form that runs one container.

It looks at the spec that will be sent: whatever is not known to be harmless counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clusters.kinds.docker.run_power import powers

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
    for place in (*(template.get("Networks") or ()), *(spec.get("Networks") or ())):
        if place.get("Target") == "host":
            host["NetworkMode"] = "host"
        if place.get("DriverOpts"):
            host["Sysctls"] = True
    found = powers({"HostConfig": host})
    runtime = template.get("Runtime") or "container"
    odd = [name for name, value in template.items() if value and name not in _TEMPLATE and name != "Runtime"]
    return [*found, *(["runs no container"] if runtime != "container" else []), *(f"changes {one}" for one in odd)]


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
