"""Volumes that give power over a machine, mounted by their name: what is behind one is known to the engine only.

A volume of the driver "local" can be any folder of the machine (``o=bind``), one of its disks or a network share, and
another driver may do whatever it likes. Whoever made it was an administrator; who mounts it has to be one, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing

_PLAIN_DRIVERS = ("", "local")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


async def volume_powers(driver: Driver, body: Mapping[str, Any]) -> list[str]:
    """Why a container of that body is for administrators, in words that follow “it”. Raises what the engine says."""
    found: list[str] = []
    for name in _named(body.get("HostConfig") or {}):
        if not is_volume_name(name):
            found.append(f"uses the folder {name[:100]} of the machine")  # so the engine may read it
            continue
        try:
            volume = await driver.call(Call("GET", ("volumes", name), timeout=5.0))
        except Missing:
            continue  # the engine makes it, empty and its own
        found += why_power(name, volume)
    return found


def is_volume_name(name: str) -> bool:
    """Whether an engine takes it as the name of a volume; what it does not may be a folder of the machine."""
    return bool(_NAME.fullmatch(name))


def why_power(name: str, volume: Any) -> list[str]:
    """The same of one volume, as the engine tells of it."""
    tree = volume if isinstance(volume, Mapping) else {}
    options = tree.get("Options") or {}
    driver = str(tree.get("Driver") or "")
    if driver not in _PLAIN_DRIVERS:
        return [f"mounts the volume {name[:100]}, which the driver {driver[:60]} keeps"]
    if not options or _is_memory(options):
        return []
    device = str(options.get("device") or "")[:100]
    return [f"mounts the volume {name[:100]}, which is {device or 'something else'} in truth"]


def gives_power(driver: str, options: Mapping[str, str]) -> bool:
    """Whether a volume made so is for administrators only."""
    return bool(why_power("", {"Driver": driver, "Options": options}))


def _is_memory(options: Mapping[str, Any]) -> bool:
    """Memory of its own, that goes when nothing mounts it: ``type=tmpfs`` and how much, nothing bound."""
    words = {word.strip().lower() for word in str(options.get("o") or "").split(",")}
    return str(options.get("type") or "").strip().lower() == "tmpfs" and not words & {"bind", "rbind"}


def _named(host: Mapping[str, Any]) -> Sequence[str]:
    """The names of the volumes that it mounts; each once. A bind of a folder is no volume's, and is seen elsewhere."""
    binds = [str(one).partition(":")[0] for one in host.get("Binds") or ()]
    mounts = [str(one.get("Source") or "") for one in host.get("Mounts") or () if one.get("Type") == "volume"]
    names = (*(one for one in binds if not one.startswith(("/", "~", "."))), *mounts)
    return list(dict.fromkeys(name for name in names if name))
