"""What to run, checked; and the same as the body that the engine's API takes to create it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Networks that are no networks of one's own: the engine gives no names on them.
BUILT_IN = ("bridge", "default", "host", "none")


@dataclass(frozen=True, slots=True)
class Port:
    """One published port; ``address`` "" is every address of the machine, ``outside`` "" lets the engine choose.

    ``outside`` may be a range, "8000-8009": the engine takes one of it that is free.
    """

    inside: str  # "80/tcp"
    outside: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume or, when ``source`` is a path, a folder of the machine; ``source`` "" is a volume without a name."""

    source: str
    target: str
    read_only: bool = False

    @property
    def is_folder(self) -> bool:
        """Is it a folder of the machine?"""
        return self.source.startswith("/")

    @property
    def text(self) -> str:
        """As it is typed: "data:/var/lib/data:ro"; without a name "/var/lib/data", or ":/var/lib/data:ro"."""
        named = self.source or self.read_only
        return f"{self.source + ':' if named else ''}{self.target}{':ro' if self.read_only else ''}"


@dataclass(frozen=True, slots=True)
class Membership:
    """A network, and the names it has there."""

    network: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the machine, where it is inside, and what may be done: r, w, m."""

    outside: str
    inside: str
    may: str = "rwm"


@dataclass(frozen=True, slots=True)
class Check:
    """A health check. Times in nanoseconds, 0 is the engine's own choice."""

    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """Settings of the container that this one is made like, which the form does not show but keeps."""

    config: Mapping[str, Any] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=dict)
    endpoints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by network: fixed addresses and the like
    environment: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """What to run. Empty is always: as the image or the engine has it."""

    image: str
    name: str = ""
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    environment: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()  # names of variables whose values are shown nowhere
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[tuple[str, str], ...] = ()  # where inside, options
    networks: tuple[Membership, ...] = ()
    dns: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    restart: str = "no"
    retries: int = 0
    memory: int = 0  # bytes
    cpus: int = 0  # billionths
    pids: int = 0
    check: Check | None = None
    user: str = ""
    working_dir: str = ""
    hostname: str = ""
    platform: str = ""
    stop_signal: str = ""
    stop_timeout: int | None = None
    labels: tuple[tuple[str, str], ...] = ()
    log_driver: str = ""
    log_options: tuple[tuple[str, str], ...] = ()
    init: bool = False
    tty: bool = False
    auto_remove: bool = False
    read_only: bool = False
    privileged: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    rest: Rest = Rest()

    @property
    def query(self) -> dict[str, str]:
        """Of the request that creates it."""
        named = {"name": self.name, "platform": self.platform}
        return {name: value for name, value in named.items() if value}

    @property
    def body(self) -> dict[str, Any]:
        """Of the request that creates it; made anew from what was checked, nothing typed is passed through."""
        host = {**copy.deepcopy(dict(self.rest.host)), **_host(self)}
        # Folders of the machine go by the older way, which makes them when they are not there.
        mounts = [*host.get("Mounts", ()), *(_volume(one) for one in self.mounts if not one.is_folder)]
        folders = [*host.get("Binds", ()), *(one.text for one in self.mounts if one.is_folder)]
        host |= {name: value for name, value in (("Mounts", mounts), ("Binds", folders)) if value}
        body: dict[str, Any] = {**copy.deepcopy(dict(self.rest.config)), **_config(self), "HostConfig": host}
        if first := self.first_network:
            body["NetworkingConfig"] = {"EndpointsConfig": {first.network: self.endpoint(first)}}
        return body

    @property
    def first_network(self) -> Membership | None:
        """The network it is created in; it joins the others before it is started."""
        return next((one for one in self.networks if one.network not in BUILT_IN), None)

    @property
    def later_networks(self) -> tuple[Membership, ...]:
        """The networks that it joins after it was created: older engines take one only."""
        return tuple(one for one in self.networks if one != self.first_network and one.network not in BUILT_IN)

    def endpoint(self, membership: Membership) -> dict[str, Any]:
        """Its end in one network, as the API has it."""
        kept = copy.deepcopy(dict(self.rest.endpoints.get(membership.network, {})))
        return {**kept, **({"Aliases": list(membership.aliases)} if membership.aliases else {})}


def _config(form: RunForm) -> dict[str, Any]:
    found = {
        "Image": form.image,
        "Cmd": list(form.command),
        "Entrypoint": list(form.entrypoint),
        "Env": [*form.rest.environment, *form.environment],
        "ExposedPorts": {port.inside: {} for port in form.ports} | dict(form.rest.config.get("ExposedPorts") or {}),
        "Labels": {**form.rest.labels, **dict(form.labels)},
        "User": form.user,
        "WorkingDir": form.working_dir,
        "Hostname": form.hostname,
        "StopSignal": form.stop_signal,
        "Tty": form.tty,
        "OpenStdin": form.tty,
        "Healthcheck": _check(form.check),
    }
    if form.stop_timeout is not None:
        found["StopTimeout"] = form.stop_timeout
    return {name: value for name, value in found.items() if value or name == "StopTimeout"}


def _check(check: Check | None) -> dict[str, Any]:
    if check is None:
        return {}
    numbers = {
        "Interval": check.interval,
        "Timeout": check.timeout,
        "StartPeriod": check.start,
        "Retries": check.retries,
    }
    return {"Test": list(check.test), **{name: value for name, value in numbers.items() if value}}


def _host(form: RunForm) -> dict[str, Any]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in form.ports:
        bindings.setdefault(port.inside, []).append({"HostIp": port.address, "HostPort": port.outside})
    policy: dict[str, Any] = {"Name": form.restart}
    if form.retries and form.restart == "on-failure":
        policy["MaximumRetryCount"] = form.retries
    found = {
        "Memory": form.memory,
        "NanoCpus": form.cpus,
        "PidsLimit": form.pids,
        "Tmpfs": dict(form.tmpfs),
        "NetworkMode": form.networks[0].network if form.networks else "",
        "Dns": list(form.dns),
        "ExtraHosts": list(form.hosts),
        "LogConfig": _log(form),
        "Init": form.init,
        "AutoRemove": form.auto_remove,
        "ReadonlyRootfs": form.read_only,
        "Privileged": form.privileged,
        "PidMode": "host" if form.host_pid else "",
        "IpcMode": "host" if form.host_ipc else "",
        "CapAdd": list(form.cap_add),
        "CapDrop": list(form.cap_drop),
        "Devices": [
            {"PathOnHost": one.outside, "PathInContainer": one.inside, "CgroupPermissions": one.may}
            for one in form.devices
        ],
    }
    always = {"PortBindings": bindings, "RestartPolicy": policy}
    return always | {name: value for name, value in found.items() if value}


def _log(form: RunForm) -> dict[str, Any]:
    if not form.log_driver and not form.log_options:
        return {}
    return {"Type": form.log_driver, "Config": dict(form.log_options)}


def _volume(mount: Mount) -> dict[str, Any]:
    named = {"Source": mount.source} if mount.source else {}
    return {"Type": "volume", **named, "Target": mount.target, "ReadOnly": mount.read_only}
