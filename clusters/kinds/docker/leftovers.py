"""What an engine keeps though nothing needs it: found with the room it takes, and removed one by one, by its id.

The engine's own pruning decides for itself what goes when it is called; what somebody has read before and agreed to
may be something else by then. So nothing is pruned here: what is removed is what was shown, and nothing is forced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict
from clusters.kinds.cleaners import Cleaner, Leftover
from clusters.kinds.docker.disk import Count, counted, items, number, own_bytes
from clusters.kinds.docker.network_model import PREDEFINED
from clusters.kinds.docker.volume_model import Volume
from clusters.kinds.formats import epoch, short_id

_FRESH = 5.0  # seconds: older counts are not shown to decide what may go
_PATIENT = 60.0  # who waits that long is about to remove what is found, and gets a count of its own
_PATIENCE = 90.0
_RUNS = ("running", "paused", "restarting", "removing")


async def _count(driver: Driver, wait: float) -> Count | None:
    count = await counted(driver, wait=wait, fresh=_FRESH if wait < _PATIENT else 0.0)
    return count if count.ended else None


def _text(thing: Mapping[str, Any], name: str) -> str:
    found = thing.get(name)
    return found if isinstance(found, str) else ""


def _made(thing: Mapping[str, Any], name: str) -> float:
    found = thing.get(name)
    return float(found) if isinstance(found, int) and found > 0 else epoch(found if isinstance(found, str) else "")


async def _containers(driver: Driver, wait: float) -> Sequence[Leftover] | None:
    count = await _count(driver, wait)
    if count is None:
        return None
    return [
        Leftover(
            uid=_text(one, "Id"),
            name=str((one.get("Names") or ["?"])[0]).removeprefix("/"),
            words=f"{_text(one, 'Image')}, {_text(one, 'Status').lower()}",
            size=max(0, number(one, "SizeRw")),
            created=_made(one, "Created"),
        )
        for one in items(count, "Containers")
        if _text(one, "State") not in _RUNS
    ]


async def _networks(driver: Driver, wait: float) -> Sequence[Leftover]:
    containers = await driver.call(Call("GET", ("containers", "json"), {"all": "1"}))
    used: set[str] = set()
    for one in containers or []:
        for name, place in ((one.get("NetworkSettings") or {}).get("Networks") or {}).items():
            used |= {name, _text(place or {}, "NetworkID")}
    return [
        Leftover(
            uid=_text(one, "Id"),
            name=_text(one, "Name"),
            words=_text(one, "Driver"),
            size=0,
            created=_made(one, "Created"),
        )
        for one in await driver.call(Call("GET", ("networks",))) or []
        if not {_text(one, "Id"), _text(one, "Name")} & used
        and _text(one, "Name") not in PREDEFINED
        and not one.get("Ingress")
        and _text(one, "Scope") == "local"  # who uses one of a Swarm, another machine may know
        and _text(one, "Name") != "docker_gwbridge"
    ]


def _images_of(count: Count) -> list[dict[str, Any]]:
    used = {one.get("ImageID") for one in items(count, "Containers")}
    return [one for one in items(count, "Images") if one.get("Id") not in used]


def _tags(image: Mapping[str, Any]) -> list[str]:
    found = image.get("RepoTags")
    return [tag for tag in found if isinstance(tag, str) and "<none>" not in tag] if isinstance(found, list) else []


async def _images(driver: Driver, wait: float) -> Sequence[Leftover] | None:
    count = await _count(driver, wait)
    if count is None:
        return None
    return [
        Leftover(
            uid=_text(one, "Id"),
            name=", ".join(_tags(one)),
            words="" if one.get("RepoDigests") else "in no registry that the engine knows of",
            size=own_bytes(one),
            created=_made(one, "Created"),
        )
        for one in _images_of(count)
        if _tags(one)
    ]


async def _dangling(driver: Driver, wait: float) -> Sequence[Leftover] | None:
    count = await _count(driver, wait)
    if count is None:
        return None
    return [
        Leftover(
            uid=_text(one, "Id"),
            name=short_id(_text(one, "Id")),
            size=own_bytes(one),
            created=_made(one, "Created"),
        )
        for one in _images_of(count)
        if not _tags(one)
    ]  # fmt: skip


async def _volumes(driver: Driver, wait: float) -> Sequence[Leftover] | None:
    count = await _count(driver, wait)
    if count is None:
        return None
    found = []
    for one in items(count, "Volumes"):
        labels = one.get("Labels") if isinstance(one.get("Labels"), dict) else {}
        volume = Volume(title=_text(one, "Name"), tags=labels)
        if number(one, "UsageData", "RefCount") == 0:
            words = "made without a name, for a container that is gone" if volume.anonymous else _text(one, "Driver")
            taken, created = number(one, "UsageData", "Size"), _made(one, "CreatedAt")
            # Data that somebody gave a name is never ticked by us.
            found.append(Leftover(volume.title, volume.title, words, taken, created, chosen=volume.anonymous))
    return sorted(found, key=lambda one: (not one.chosen, one.name))


async def _cache(driver: Driver, wait: float) -> Sequence[Leftover] | None:
    count = await _count(driver, wait)
    if count is None:
        return None
    found = [one for one in items(count, "BuildCache") if not one.get("InUse")]
    # What was made last comes first: what it was made from can only go after it.
    found.sort(key=lambda one: _text(one, "CreatedAt"), reverse=True)
    return [
        Leftover(
            uid=_text(one, "ID"),
            name=_text(one, "Description") or _text(one, "ID"),
            words="used by other steps, too" if one.get("Shared") else "",
            size=max(0, number(one, "Size")),
            created=_made(one, "CreatedAt"),
        )
        for one in found
    ]


async def _remove_container(driver: Driver, one: Leftover) -> int:
    await driver.call(Call("DELETE", ("containers", one.uid), timeout=_PATIENCE))
    return one.size


async def _remove_network(driver: Driver, one: Leftover) -> int:
    await driver.call(Call("DELETE", ("networks", one.uid), timeout=_PATIENCE))
    return 0


async def _remove_image(driver: Driver, one: Leftover) -> int:
    names = one.name.split(", ") if ":" in one.name else []
    now = await driver.call(Call("GET", ("images", one.uid, "json")))
    have = _tags(now if isinstance(now, dict) else {})
    if set(have) - set(names):
        raise Conflict(f"It was given a name meanwhile: {', '.join(sorted(set(have) - set(names)))[:200]}.")
    # A name that leads to another image by now is that one's: only those that are still its own go.
    for reference in [name for name in names if name in have] or [one.uid]:
        await driver.call(Call("DELETE", ("images", *reference.split("/")), timeout=_PATIENCE))
    return -1


async def _remove_volume(driver: Driver, one: Leftover) -> int:
    await driver.call(Call("DELETE", ("volumes", one.uid), timeout=_PATIENCE))
    return one.size


async def _remove_cache(driver: Driver, one: Leftover) -> int:
    query = {"all": "true", "filters": json.dumps({"id": [one.uid]})}
    said = await driver.call(Call("POST", ("build", "prune"), query, timeout=_PATIENCE))
    tree = said if isinstance(said, dict) else {}
    if not tree.get("CachesDeleted"):
        raise Conflict("Another step of a build still needs it.")
    return max(0, number(tree, "SpaceReclaimed"))


async def _layers(driver: Driver) -> int:
    return number((await counted(driver, wait=600.0, fresh=0.0)).answer, "LayersSize")


CLEANERS = (
    Cleaner(
        key="containers",
        label="Stopped containers",
        icon="container",
        words="The files that were changed inside them are lost. Their volumes stay.",
        find=_containers,
        remove=_remove_container,
    ),
    Cleaner(
        key="dangling",
        label="Images without a name",
        icon="package-x",
        words="They lost their names to newer ones, and no container was made from them.",
        find=_dangling,
        remove=_remove_image,
        taken=_layers,
        shared=True,
    ),
    Cleaner(
        key="images",
        label="Unused images",
        icon="package",
        words="No container was made from them. What is in a registry can be had again; the rest is lost.",
        find=_images,
        remove=_remove_image,
        taken=_layers,
        shared=True,
    ),
    Cleaner(
        key="volumes",
        label="Unused volumes",
        icon="hard-drive",
        words="No container mounts them. The files in them are lost for good.",
        find=_volumes,
        remove=_remove_volume,
    ),
    Cleaner(
        key="networks",
        label="Unused networks",
        icon="network",
        words="No container is on them, not even a stopped one. They take no room worth mentioning.",
        find=_networks,
        remove=_remove_network,
    ),
    Cleaner(
        key="build-cache",
        label="Build cache",
        icon="hammer",
        words="Builds that could have reused these steps carry them out again.",
        find=_cache,
        remove=_remove_cache,
    ),
)
