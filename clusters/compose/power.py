"""What in a project gives power over its machine, by the very rule of the form that runs one container.

It looks at the project as the program understood it, values and all. A key of a service that is not known to be
harmless counts, as an unknown setting of a container does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.kinds.docker.run_power import powers
from clusters.kinds.docker.run_volumes import gives_power

_HARMLESS = {
    *("annotations", "attach", "command", "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period"),
    *("cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "cap_drop", "depends_on"),
    *("dns", "dns_opt", "dns_search", "domainname", "entrypoint", "environment", "expose", "extends", "extra_hosts"),
    *("group_add", "healthcheck", "hostname", "image", "init", "labels", "links", "mac_address", "mem_limit"),
    *("mem_reservation", "mem_swappiness", "memswap_limit", "networks", "pids_limit", "platform", "ports", "profiles"),
    *("pull_policy", "pull_refresh_after", "read_only", "restart", "scale", "secrets", "shm_size", "stdin_open"),
    *("stop_grace_period", "stop_signal", "tmpfs", "tty", "ulimits", "user", "working_dir", "blkio_config"),
}
_AS_IN_A_CONTAINER = {
    "privileged": "Privileged",
    "cap_add": "CapAdd",
    "security_opt": "SecurityOpt",
    "devices": "Devices",
    "device_cgroup_rules": "DeviceCgroupRules",
    "gpus": "DeviceRequests",
    "pid": "PidMode",
    "ipc": "IpcMode",
    "uts": "UTSMode",
    "userns_mode": "UsernsMode",
    "network_mode": "NetworkMode",
    "volumes_from": "VolumesFrom",
    "sysctls": "Sysctls",
    "runtime": "Runtime",
}
PROJECT_LABEL = "com.docker.compose.project"
_OWN_NETWORKS = {"", "none", "bridge"}
_DRIVERS = {"", "default", "bridge", "overlay"}  # of networks


def project_powers(project: Mapping[str, Any]) -> list[str]:
    """Why it is for administrators only, in words that follow “it”; empty when it is for everybody who may deploy."""
    found = [why for service in project.get("services", {}).values() for why in powers({"HostConfig": _host(service)})]
    for service in project.get("services", {}).values():
        found += _hooks(service)
    for volume in _each(project, "volumes"):
        if gives_power(str(volume.get("driver") or ""), volume.get("driver_opts") or {}):
            found.append("makes a volume with options of its driver")
    for network in _each(project, "networks"):
        if str(network.get("driver") or "") not in _DRIVERS or network.get("driver_opts"):
            found.append("makes a network that reaches beyond the engine")
        if network.get("name") == "host":
            found += powers({"HostConfig": {"NetworkMode": "host"}})
    return list(dict.fromkeys(found))


def reaches_out(name: str, project: Mapping[str, Any]) -> list[str]:
    """What it uses of others on that machine: for who may deploy on all of it, not in one project alone."""
    found = []
    for section in ("networks", "volumes", "configs", "secrets"):
        for key, one in (project.get(section) or {}).items():
            called = str((one or {}).get("name") or "")
            if (one or {}).get("external") or called not in ("", f"{name}_{key}"):
                found.append(f"uses the {section[:-1]} {called or key}, which is not of this project alone")
    for service in project.get("services", {}).values():
        mode = str(service.get("network_mode") or "")
        if mode not in _OWN_NETWORKS and not mode.startswith("service:"):
            found.append(f"uses the network {mode[:100]}, which is not of this project alone")
    return found


async def of_others(driver: Driver, name: str, project: Mapping[str, Any]) -> list[str]:
    """What is there already under the name of one of its volumes or networks, and was not made by this project.

    ``data`` of the project ``shop_prod`` and ``prod_data`` of ``shop`` have the same name: only the engine knows.
    """
    found = []
    for section, kind in (("volumes", "volume"), ("networks", "network")):
        called = {str((one or {}).get("name") or f"{name}_{key}") for key, one in (project.get(section) or {}).items()}
        if not called:
            continue
        answer = await driver.call(Call("GET", (section,), timeout=5.0))
        there = answer.get("Volumes") if isinstance(answer, Mapping) else answer
        others = [one["Name"] for one in there or () if (one.get("Labels") or {}).get(PROJECT_LABEL) != name]
        found += [
            f"uses the {kind} {one}, which is not of this project alone" for one in sorted(called.intersection(others))
        ]
    return found


def mounted_volumes(project: Mapping[str, Any]) -> dict[str, Any]:
    """The volumes of a project in the shape in which a container's are looked at."""
    volumes = (project.get("volumes") or {}).items()
    names = [str((one or {}).get("name") or key) for key, one in volumes]
    return {"HostConfig": {"Mounts": [{"Type": "volume", "Source": one} for one in names]}}


def _host(service: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a service that decides about power, as settings of a container."""
    host: dict[str, Any] = {}
    for key, value in service.items():
        if key in _AS_IN_A_CONTAINER:
            host[_AS_IN_A_CONTAINER[key]] = value
        elif key == "volumes":
            host["Mounts"] = [_mount(one) for one in value or ()]
        elif key == "networks":  # its options are settings of the kernel, as "sysctls" are
            options = [(one or {}).get("driver_opts") for one in (value or {}).values()]
            host["Sysctls"] = service.get("sysctls") or any(options)
        elif key == "logging":
            host["LogConfig"] = {"Type": (value or {}).get("driver"), "Config": (value or {}).get("options") or {}}
        elif key == "deploy":
            resources = ((value or {}).get("resources") or {}).get("reservations") or {}
            host.setdefault("DeviceRequests", resources.get("devices") or resources.get("generic_resources"))
        elif key == "cgroup":
            host["the cgroup"] = value != "private"
        elif key not in _HARMLESS and key not in ("post_start", "pre_stop") and not key.startswith("x-"):
            host[key] = value
    return host


def _mount(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {"Type": volume.get("type"), "Source": str(volume.get("source") or "")}


def _hooks(service: Mapping[str, Any]) -> Iterator[str]:
    for key in ("post_start", "pre_stop"):
        if any(one.get("privileged") for one in service.get(key) or ()):
            yield "runs a privileged command"


def _each(project: Mapping[str, Any], section: str) -> list[Mapping[str, Any]]:
    return [one for one in (project.get(section) or {}).values() if one]
