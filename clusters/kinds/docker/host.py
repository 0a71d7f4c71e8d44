"""Hosts: the kind. One engine with its machine, and what takes room on its disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from clusters.drivers.base import Call, Driver
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import STATUS
from clusters.kinds.docker.disk import DISK
from clusters.kinds.docker.host_model import Host, join
from clusters.kinds.docker.host_swarm import LOCKED, OUT_OF_ITS_SWARM, swarm_of
from clusters.kinds.docker.host_swarm_actions import JOIN_SWARM, LEAVE_SWARM, START_SWARM, UNLOCK_SWARM
from clusters.kinds.docker.host_words import plain, worst
from clusters.kinds.docker.leftovers import CLEANERS
from clusters.kinds.formats import count, size
from clusters.kinds.join import Join
from clusters.kinds.masking import mask_value
from clusters.kinds.panels import RAW

_versions: WeakKeyDictionary[Driver, tuple[str, Mapping[str, Any]]] = WeakKeyDictionary()


def health(one: Host) -> Health:
    """Whether it warns of something that is a risk."""
    state, said = one.swarm.local_node_state, (one.swarm.error or "")[:300]
    if state == "locked":
        words = "Its part in the Swarm was locked when it was started again: “Unlock its Swarm” takes the key"
        words = words if not said or "needs to be unlocked" in said else said
        return Health(Level.FAILING, LOCKED, words, state)
    if state == "error":
        return Health(Level.FAILING, "Out of its Swarm", said or "Its part in the Swarm failed", state)
    if risk := worst(one.warnings):
        return Health(Level.AT_RISK, "At risk", risk)
    return Health(Level.HEALTHY, "Ready", "", f"Docker {one.server_version}" if one.server_version else "")


async def _version(driver: Driver, one: Host) -> Mapping[str, Any]:
    """What else the engine says of its version; asked once for each version."""
    known = _versions.get(driver)
    if known is None or known[0] != one.server_version:
        said = await driver.call(Call("GET", ("version",)))
        known = _versions[driver] = one.server_version, said if isinstance(said, dict) else {}
    return known[1]


async def _load(look: Look) -> Mapping[str, Any]:
    one: Host = look.resource
    said = await _version(look.driver, one)
    api, oldest = str(said.get("ApiVersion") or ""), str(said.get("MinAPIVersion") or "")
    store = "containerd" if one.store == "containerd" else "the engine's own"
    facts = [
        ("Docker", one.server_version, False),
        ("API", f"{api}, down to {oldest}" if oldest else api, False),
        ("Containers", f"{one.running} of {count(one.containers, 'container')} run", False),
        ("System", one.operating_system, False),
        ("Kernel", one.kernel_version, True),
        ("Processors", f"{one.processors}, {one.architecture}" if one.processors else "", False),
        ("Memory", size(one.memory) if one.memory else "", False),
        ("Images are kept by", f"{one.driver}, in the store of {store}" if one.driver else "", False),
        ("Folder", one.docker_root_dir, True),
        ("Counts resources by", _cgroup(one), False),
        ("Logs go to", one.logging_driver, True),
        ("Runs with", one.default_runtime, True),
        ("Containers live on when it restarts", "yes" if one.live_restore_enabled else "no", False),
        ("Protected by", ", ".join(_security(one)), False),
        *((f"Label {name}", mask_value(name, value), True) for name, value in sorted(one.labels.items())),
    ]  # fmt: skip
    warnings = [(*plain(text), text) for text in one.warnings or ()]
    return {"facts": [fact for fact in facts if fact[1]], "warnings": warnings, "swarm": swarm_of(look)}


def _cgroup(one: Host) -> str:
    return f"cgroup v{one.cgroup_version}, {one.cgroup_driver}" if one.cgroup_version else ""


def _security(one: Host) -> list[str]:
    """ "name=seccomp,profile=builtin" -> "seccomp"."""
    return [option.partition(",")[0].removeprefix("name=") for option in one.security_options or ()]


OVERVIEW: Panel[Host] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="host_overview", load=_load
)

HOST: Kind[Host] = Kind(
    name="host",
    label="Host",
    plural="Hosts",
    icon="server",
    group="Hosts and nodes",
    platform="docker",
    api="info",
    namespaced=False,
    model=Host,
    words="A machine with its Docker engine: containers run on it, and images, volumes and networks are kept there.",
    health=health,
    at_hand=True,
    join=Join(kinds=("container",), make=join),
    noticing=OUT_OF_ITS_SWARM,
    cleaners=CLEANERS,
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.name, one.operating_system],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(200px, 2.2fr)",
        ),
        STATUS,
        Column(
            key="version",
            label="Docker",
            value=lambda one: one.server_version,
            sort=lambda one: one.server_version,
            facet=lambda one: one.server_version,
            words="The version of the engine.",
        ),
        Column(
            key="containers",
            label="Containers",
            value=lambda one: [one.running, one.containers, 0],
            cell="pips",
            sort=lambda one: one.containers,
            width="minmax(112px, .9fr)",
            words="Those that run, of all there are.",
        ),
        Column(
            key="processors",
            label="Processors",
            value=lambda one: one.processors,
            cell="number",
            sort=lambda one: one.processors,
            width="92px",
            end=True,
        ),
        Column(
            key="room",
            label="Memory",
            value=lambda one: size(one.memory) if one.memory else None,
            sort=lambda one: one.memory,
            width="92px",
            end=True,
        ),
        Column(key="kernel", label="Kernel", value=lambda one: one.kernel_version, cell="mono", hidden=True),
        Column(key="storage", label="Storage", value=lambda one: one.driver, hidden=True, words="What keeps images."),
    ),
    panels=(OVERVIEW, DISK, RAW),
    actions=(START_SWARM, JOIN_SWARM, UNLOCK_SWARM, LEAVE_SWARM),
    search=lambda one: " ".join((one.operating_system, one.kernel_version, one.server_version, one.id)),
)
