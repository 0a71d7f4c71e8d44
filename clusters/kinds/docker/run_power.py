"""What in a new container gives power over its machine, and is for administrators only.

It looks at the request that will be sent, not at the form: whatever is not known to be harmless counts, so that a
setting that is taken over from another container, or a new one, can never slip through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_SOCKETS = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock")
_LOGS = {"", "json-file", "local", "none"}
_LOG_OPTIONS = {"max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag", "mode"}
_RUNTIMES = {"", "runc", "io.containerd.runc.v2"}
_HARMLESS = {
    *("PortBindings", "PublishAllPorts", "RestartPolicy", "AutoRemove", "Init", "ReadonlyRootfs", "Tmpfs", "ShmSize"),
    *("Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "NanoCpus", "CpuQuota", "CpuPeriod"),
    *("CpuShares", "CpusetCpus", "CpusetMems", "PidsLimit", "BlkioWeight", "Ulimits", "CapDrop", "GroupAdd"),
    *("Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "Annotations", "CgroupnsMode", "ConsoleSize", "Isolation"),
}


def powers(body: Mapping[str, Any]) -> list[str]:
    """Why it is for administrators, in words that follow “it”; empty when it is for everybody who may run."""
    found: list[str] = []
    for name, value in (body.get("HostConfig") or {}).items():
        if name == "MaskedPaths" or name == "ReadonlyPaths":
            found += ["sees parts of the kernel that are hidden from others"] if value == [] else []
        elif value and name not in _HARMLESS:
            found += _RULES.get(name, _unknown(name))(value)
    return list(dict.fromkeys(found))


def _unknown(name: str) -> Callable[[Any], list[str]]:
    return lambda value: [f"changes {name}"]


def _folders(sources: Iterable[str]) -> list[str]:
    found = []
    for source in sources:
        engine = source.rpartition("/")[2] in _SOCKETS
        found.append("is given the engine's own socket" if engine else f"uses the folder {source[:100]} of the machine")
    return found


def _binds(binds: Any) -> list[str]:
    return _folders(one.partition(":")[0] for one in binds if str(one).startswith(("/", "~", ".")))


def _mounts(mounts: Any) -> list[str]:
    found = _folders(str(one.get("Source", "")) for one in mounts if one.get("Type") == "bind")
    for one in mounts:
        driver = (one.get("VolumeOptions") or {}).get("DriverConfig")
        if (
            one.get("Type") == "volume"
            and driver
            and (driver.get("Options") or driver.get("Name") not in ("", "local"))
        ):
            found.append("makes a volume with options of its driver")
        elif one.get("Type") not in ("bind", "volume", "tmpfs"):
            found.append(f"mounts a {str(one.get('Type'))[:20]}")
    return found


def _network(mode: Any) -> list[str]:
    if mode == "host":
        return ["uses the machine's own network"]
    return ["shares the network of another container"] if str(mode).startswith("container:") else []


def _log(log: Any) -> list[str]:
    harmless = (log.get("Type") or "") in _LOGS and set(log.get("Config") or ()) <= _LOG_OPTIONS
    return [] if harmless else ["sends its log elsewhere"]


def _security(options: Any) -> list[str]:
    weak = [one for one in options if str(one).replace("=", ":") not in ("no-new-privileges", "no-new-privileges:true")]
    return ["changes its security profile"] if weak else []


_RULES: Mapping[str, Callable[[Any], list[str]]] = {
    "Privileged": lambda value: ["is privileged"],
    "Binds": _binds,
    "Mounts": _mounts,
    "NetworkMode": _network,
    "LogConfig": _log,
    "SecurityOpt": _security,
    "VolumesFrom": lambda value: ["uses the volumes of another container"],
    "CapAdd": lambda value: [f"is given {', '.join(str(one)[:40] for one in value)}"],
    "Devices": lambda value: ["is given devices of the machine"],
    "DeviceRequests": lambda value: ["is given devices of the machine"],
    "DeviceCgroupRules": lambda value: ["is given devices of the machine"],
    "PidMode": lambda value: ["sees processes outside of it"],
    "IpcMode": lambda value: [] if value in ("none", "private", "shareable") else ["shares memory with others"],
    "UTSMode": lambda value: ["shares the machine's name"],
    "UsernsMode": lambda value: ["is root of the machine when it is root inside"],
    "Sysctls": lambda value: ["changes settings of the kernel"],
    "Runtime": lambda value: [] if value in _RUNTIMES else ["runs under another runtime"],
}
