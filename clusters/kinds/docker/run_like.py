"""An existing container as the form that would make it again: what its image does not say by itself, nothing else."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from clusters.errors import Invalid
from clusters.kinds.base import JSON
from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.origin import Origin, Tree, understood
from clusters.kinds.docker.run_form import BUILT_IN, Mount, Rest, RunForm
from clusters.kinds.docker.run_hidden import unhide
from clusters.kinds.docker.run_read import read_form, read_mount, read_variable

# Of the settings on its machine: those that the form shows, and those that an engine fills in by itself.
_SHOWN = {
    *("Binds", "Mounts", "PortBindings", "RestartPolicy", "Memory", "NanoCpus", "CpuQuota", "CpuPeriod", "PidsLimit"),
    *("Tmpfs", "NetworkMode", "Dns", "ExtraHosts", "LogConfig", "Init", "AutoRemove", "ReadonlyRootfs", "Privileged"),
    *("PidMode", "IpcMode", "CapAdd", "CapDrop", "Devices"),
}
_BY_ITSELF: Mapping[str, Any] = {
    "ShmSize": 67108864,
    "Runtime": "runc",
    "ConsoleSize": [0, 0],
    "CgroupnsMode": "private",
}
_COMPOSE = "com.docker.compose."


@understood
def values_of(origin: Origin) -> dict[str, JSON]:
    """The form as it would be filled in, with secrets."""
    config, host, image = origin.config, origin.host, origin.defaults
    policy, check = host.get("RestartPolicy") or {}, _own(config, image, "Healthcheck") or {}
    log = host.get("LogConfig") or {}
    return {
        "image": config.get("Image") or "",
        "name": origin.name,
        **_program(origin),
        "ports": "\n".join(_ports(host)),
        "environment": "\n".join(one for one in _variables(origin) if _fits(one)),
        "volumes": "\n".join(_volumes(origin)),
        "restart": policy.get("Name") or "no",
        "retries": policy.get("MaximumRetryCount") or None,
        "user": _own(config, image, "User") or "",
        "working_dir": _own(config, image, "WorkingDir") or "",
        "hostname": "" if config.get("Hostname") == origin.uid[:12] else config.get("Hostname") or "",
        "stop_signal": _own(config, image, "StopSignal") or "",
        "stop_timeout": config.get("StopTimeout"),
        "networks": "\n".join(_networks(origin)),
        "dns": " ".join(host.get("Dns") or ()),
        "hosts": "\n".join(host.get("ExtraHosts") or ()),
        "memory": write_size(host.get("Memory") or 0),
        "cpus": write_cpus(_cpus(host)),
        "pids": host.get("PidsLimit") if (host.get("PidsLimit") or 0) > 0 else None,
        "health_command": _check_text(check),
        "health_interval": write_seconds(check.get("Interval") or 0),
        "health_timeout": write_seconds(check.get("Timeout") or 0),
        "health_start": write_seconds(check.get("StartPeriod") or 0),
        "health_retries": check.get("Retries") or None,
        "tmpfs": "\n".join(f"{at}:{how}" if how else at for at, how in (host.get("Tmpfs") or {}).items()),
        "labels": "\n".join(f"{name}={value}" for name, value in _labels(origin).items() if "\n" not in value),
        "log_driver": "" if log.get("Type") == "json-file" and not log.get("Config") else log.get("Type") or "",
        "log_options": "\n".join(f"{name}={value}" for name, value in (log.get("Config") or {}).items()),
        "init": bool(host.get("Init")),
        "tty": bool(config.get("Tty")),
        "auto_remove": bool(host.get("AutoRemove")),
        "read_only": bool(host.get("ReadonlyRootfs")),
        "privileged": bool(host.get("Privileged")),
        "host_pid": host.get("PidMode") == "host",
        "host_ipc": host.get("IpcMode") == "host",
        "cap_add": " ".join(host.get("CapAdd") or ()),
        "cap_drop": " ".join(host.get("CapDrop") or ()),
        "devices": "\n".join(_devices(host)),
    }


@understood
def copy_values(origin: Origin) -> dict[str, JSON]:
    """The same for one more of it: another name, and not part of the Compose project."""
    labels = str(values_of(origin)["labels"]).splitlines()
    kept = "\n".join(line for line in labels if not line.startswith(_COMPOSE))
    volumes = "\n".join(_volumes(origin, own=True))
    return {**values_of(origin), "name": f"{origin.name}-copy"[:128], "labels": kept, "volumes": volumes}


@understood
def read_edit(values: Mapping[str, JSON], origin: Origin) -> RunForm:
    """The same container with what was changed; what the form does not show stays."""
    form = read_form(unhide(values, values_of(origin)))
    return replace(form, rest=rest_of(origin))


@understood
def read_copy(values: Mapping[str, JSON], origin: Origin) -> RunForm:
    """One more like it: without fixed addresses, which only one can have, and with volumes of its own."""
    form, rest = read_form(unhide(values, copy_values(origin))), rest_of(origin)
    labels = {name: value for name, value in rest.labels.items() if not name.startswith(_COMPOSE)}
    return replace(form, rest=replace(rest, endpoints={}, labels=labels))


@understood
def form_of(origin: Origin) -> RunForm:
    """The container as it is. Raises Invalid when it was made in a way that the form cannot say."""
    return replace(read_form(values_of(origin)), rest=rest_of(origin))


@understood
def rest_of(origin: Origin) -> Rest:
    """What the form does not show."""
    config, host = origin.config, origin.host
    own = {name: config[name] for name in ("Domainname", "MacAddress", "Shell", "NetworkDisabled") if config.get(name)}
    kept = {name: value for name, value in host.items() if name not in _SHOWN and _is_set(name, value)}
    if kept.get("SecurityOpt") == ["label=disable"]:
        del kept["SecurityOpt"]  # the engine adds it by itself for what shares processes with the machine
    if (mode := str(host.get("NetworkMode"))).startswith("container:"):
        kept["NetworkMode"] = mode
    for name in ("PidMode", "IpcMode"):
        if str(host.get(name) or "").startswith(("container:", "shareable", "none")):
            kept[name] = host[name]
    exposed = [
        one for one in config.get("ExposedPorts") or () if one not in (origin.defaults.get("ExposedPorts") or ())
    ]
    if closed := [one for one in exposed if one not in (host.get("PortBindings") or ())]:
        own["ExposedPorts"] = {one: {} for one in closed}
    if mounts := [one for one in host.get("Mounts") or () if not _is_plain(one)]:
        kept["Mounts"] = mounts
    if binds := [one for one in host.get("Binds") or () if not _reads(read_mount, one)]:
        kept["Binds"] = binds
    return Rest(
        config=own,
        host=kept,
        endpoints=_fixed(origin),
        environment=tuple(one for one in _variables(origin) if not _fits(one)),
        labels={name: value for name, value in _labels(origin).items() if "\n" in value},
    )


def _own(config: Tree, image: Tree, name: str) -> Any:
    """A setting, unless its image says the same."""
    return config.get(name) if config.get(name) != image.get(name) else None


def _program(origin: Origin) -> dict[str, str]:
    config, image = origin.config, origin.defaults
    entry, command = config.get("Entrypoint") or [], config.get("Cmd") or []
    own_entry = entry != (image.get("Entrypoint") or [])
    own_command = own_entry or command != (image.get("Cmd") or [])
    return {
        "entrypoint": shlex.join(entry) if own_entry else "",
        "command": shlex.join(command) if own_command else "",
    }


def _ports(host: Tree) -> list[str]:
    lines = []
    for inside, bindings in (host.get("PortBindings") or {}).items():
        for one in bindings or [{}]:
            address, outside = one.get("HostIp") or "", one.get("HostPort") or ""
            inner = inside.removesuffix("/tcp")
            shown = f"[{address}]" if ":" in address else address
            lines.append(f"{shown + ':' if shown else ''}{outside + ':' if outside or shown else ''}{inner}")
    return lines


def _variables(origin: Origin) -> list[str]:
    given = set(origin.defaults.get("Env") or ())
    return [one for one in origin.config.get("Env") or () if one not in given]


def _fits(variable: str) -> bool:
    """Can it be one line of the form?"""
    return (
        "\n" not in variable
        and "\r" not in variable
        and variable == variable.strip()
        and _reads(read_variable, variable)
    )


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except Invalid:
        return False
    return True


def _labels(origin: Origin) -> dict[str, str]:
    given = origin.defaults.get("Labels") or {}
    return {name: value for name, value in (origin.config.get("Labels") or {}).items() if given.get(name) != value}


def _volumes(origin: Origin, *, own: bool = False) -> list[str]:
    """``own``: with unnamed volumes of its own, instead of those that the other one has."""
    lines = [one.removesuffix(":rw") for one in origin.host.get("Binds") or () if _reads(read_mount, one)]
    said = {one.split(":")[1] for one in origin.host.get("Binds") or () if ":" in one}
    for mount in origin.host.get("Mounts") or ():
        if _is_plain(mount) and not mount.get("Source"):
            continue  # which one the engine made for it is said below
        said.add(mount.get("Target"))
        if _is_plain(mount):
            lines.append(Mount(mount["Source"], mount["Target"], bool(mount.get("ReadOnly"))).text)
    others = origin.host.get("VolumesFrom")  # those come with the setting, and an own one would stand in their way
    for mount in origin.container.get("Mounts") or ():
        # A volume without a name of its own: its data would be lost to the next one if it were not named.
        if mount.get("Type") == "volume" and mount.get("Destination") not in said and not (own and others):
            name = "" if own else str(mount.get("Name"))
            lines.append(Mount(name, str(mount.get("Destination")), not mount.get("RW", True)).text)
    return lines


def _is_plain(mount: Tree) -> bool:
    """Can it be said in one line? Folders mounted the newer way cannot: that one asks for them to be there."""
    plain = set(mount) <= {"Type", "Source", "Target", "ReadOnly"} and mount.get("Type") == "volume"
    return plain and _reads(read_mount, f"{mount['Source'] + ':' if mount.get('Source') else ''}{mount.get('Target')}")


def _networks(origin: Origin) -> list[str]:
    mode = str(origin.host.get("NetworkMode") or "default")
    if mode in ("host", "none"):
        return [mode]
    if mode.startswith("container:"):
        return []
    places = (origin.container.get("NetworkSettings") or {}).get("Networks") or {}
    if mode in ("default", "bridge") and set(places) <= {"bridge"}:
        return []
    first = "bridge" if mode == "default" else mode
    names = sorted(places, key=lambda name: (name != first, name))
    return [" ".join([name, *_aliases(origin, name, places[name] or {})]) for name in names]


def _aliases(origin: Origin, network: str, place: Tree) -> list[str]:
    """Those that were given: an engine adds some by itself."""
    by_itself = {origin.uid[:12], origin.name, origin.config.get("Hostname")}
    given = () if network in BUILT_IN else place.get("Aliases") or ()
    return [one for one in given if one not in by_itself]


def _fixed(origin: Origin) -> dict[str, dict[str, Any]]:
    found = {}
    for name, place in ((origin.container.get("NetworkSettings") or {}).get("Networks") or {}).items():
        kept = {key: place[key] for key in ("IPAMConfig", "Links", "DriverOpts") if (place or {}).get(key)}
        if kept:
            found[name] = kept
    return found


def _cpus(host: Tree) -> float:
    if host.get("NanoCpus"):
        return float(host["NanoCpus"]) / 1e9
    quota = host.get("CpuQuota") or 0
    return float(quota) / (host.get("CpuPeriod") or 100_000) if quota > 0 else 0.0


def _check_text(check: Tree) -> str:
    test = check.get("Test") or []
    if test[:1] == ["NONE"]:
        return "none"
    if test[:1] == ["CMD"]:
        return json.dumps(test[1:], ensure_ascii=False)
    return test[1] if test[:1] == ["CMD-SHELL"] and len(test) > 1 else ""


def _devices(host: Tree) -> list[str]:
    return [
        f"{one.get('PathOnHost')}:{one.get('PathInContainer')}:{one.get('CgroupPermissions') or 'rwm'}"
        for one in host.get("Devices") or ()
    ]


def _is_set(name: str, value: Any) -> bool:
    if name in ("MaskedPaths", "ReadonlyPaths"):
        return bool(value == [])  # the usual lists are the engine's own; an empty one was asked for
    if name == "MemorySwap":
        return bool(value == -1)
    return bool(value) and value != _BY_ITSELF.get(name)
