"""What takes room on an engine's disk. Counting it makes an engine read every file, so it is done only when asked for.

One count at a time per connection; it goes on when nobody waits for it any longer, and what it found is kept with its
time until the connection ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.base import Look, Panel
from clusters.kinds.formats import size

PATIENCE = 600.0  # seconds an engine may count
SOON = 1.2  # seconds a page waits before it says that counting goes on
FRESH = 30.0  # seconds after which opening the page counts again


@dataclass(slots=True)
class Count:
    """One count, under way or done."""

    began: float
    task: asyncio.Task[None] | None = None
    ended: float = 0.0  # epoch seconds; 0.0 while it goes on
    answer: Mapping[str, Any] = field(default_factory=dict)
    error: ClusterError | None = None


_counts: WeakKeyDictionary[Driver, Count] = WeakKeyDictionary()
_kept: WeakKeyDictionary[Driver, Count] = WeakKeyDictionary()  # the last one that ended well


def last(driver: Driver) -> Count | None:
    """The last count that ended well."""
    return _kept.get(driver)


async def counted(driver: Driver, *, wait: float = SOON, fresh: float = FRESH) -> Count:
    """The count that is under way, or one that is not older than ``fresh`` seconds; else a new one is begun.

    Returns when it has ended, after ``wait`` seconds at most. Raises what the engine said when it failed.
    """
    count = _counts.get(driver)
    if count is None or (count.ended and (count.error or time.time() - count.ended > fresh)):
        count = _counts[driver] = Count(time.time())
        count.task = asyncio.create_task(_run(driver, count), name="disk usage")
    if count.task is not None and not count.task.done():
        await asyncio.wait([count.task], timeout=wait)
    if count.error is not None:
        del _counts[driver]
        raise count.error
    return count


async def _run(driver: Driver, count: Count) -> None:
    try:
        answer = await driver.call(Call("GET", ("system", "df"), timeout=PATIENCE))
        count.answer = answer if isinstance(answer, dict) else {}
        _kept[driver] = count
    except ClusterError as error:
        count.error = error
    finally:
        count.ended = time.time()


def items(count: Count | None, what: str) -> list[dict[str, Any]]:
    """The entries of one sort ("Volumes"); only what has the shape of one."""
    found = count.answer.get(what) if count else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def number(thing: Mapping[str, Any], *path: str) -> int:
    """The number at that path; -1 where there is none, as the engine says for what it did not count."""
    value: Any = thing
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else -1


def volume_bytes(count: Count | None, name: str) -> int:
    """What that volume takes; -1 when it was not measured."""
    found = next((one for one in items(count, "Volumes") if one.get("Name") == name), {})
    return number(found, "UsageData", "Size")


def volume_size(driver: Driver, name: str) -> str:
    """The same in words."""
    count = last(driver)
    taken = volume_bytes(count, name)
    return size(taken) if count and taken >= 0 else "not measured"


async def _load_size(look: Look) -> Mapping[str, Any]:
    count = await counted(look.driver)
    taken = volume_bytes(count, look.resource.name)
    return {
        "counting": not count.ended,
        "began": count.began,
        "at": count.ended,
        "size": size(taken) if taken >= 0 else "",
    }


async def _load_disk(look: Look) -> Mapping[str, Any]:
    """``uses``: what takes how much, and what of it can be regained."""
    count = await counted(look.driver)
    return {
        "counting": not count.ended,
        "began": count.began,
        "at": count.ended,
        "uses": uses(count) if count.ended else [],
        "cleaners": look.kind.cleaners,
        "biggest": _biggest_volumes(count) if count.ended else [],
    }


def uses(count: Count) -> list[dict[str, Any]]:
    """Images, containers, volumes and build cache with the room they take, and how much of it nothing needs."""
    images, containers = items(count, "Images"), items(count, "Containers")
    volumes, cache = items(count, "Volumes"), items(count, "BuildCache")
    used = {one.get("ImageID") for one in containers}
    lonely = [one for one in images if one.get("Id") not in used]
    stopped = [one for one in containers if one.get("State") not in ("running", "paused", "restarting")]
    free = [one for one in volumes if number(one, "UsageData", "RefCount") == 0]
    idle = [one for one in cache if not one.get("InUse")]
    layers = number(count.answer, "LayersSize")
    changed, unused = _sum(containers, "SizeRw"), _sum(stopped, "SizeRw")
    kept, loose = _sum(volumes, "UsageData", "Size"), _sum(free, "UsageData", "Size")
    return [
        _use("Images", "package", (len(images), layers), (len(lonely), sum(map(own_bytes, lonely))), least=True),
        _use("Containers", "container", (len(containers), changed), (len(stopped), unused)),
        _use("Volumes", "hard-drive", (len(volumes), kept), (len(free), loose)),
        _use("Build cache", "hammer", (len(cache), _sum(cache, "Size")), (len(idle), _sum(idle, "Size"))),
    ]


def own_bytes(image: Mapping[str, Any]) -> int:
    """What an image takes alone; what it shares with others is regained only when all of them go."""
    return max(0, max(0, number(image, "Size")) - max(0, number(image, "SharedSize")))


def _sum(things: Sequence[Mapping[str, Any]], *path: str) -> int:
    return sum(max(0, number(one, *path)) for one in things)


def _use(
    label: str, icon: str, there: tuple[int, int], unused: tuple[int, int], *, least: bool = False
) -> dict[str, Any]:
    """One line of it; both pairs are how many, and what they take."""
    return {
        "label": label,
        "icon": icon,
        "count": there[0],
        "size": size(max(0, there[1])),
        "unused": unused[0],
        "free": size(unused[1]),
        "least": least and unused[1] > 0,
    }


def _biggest_volumes(count: Count) -> list[tuple[str, str]]:
    found = [(number(one, "UsageData", "Size"), str(one.get("Name"))) for one in items(count, "Volumes")]
    return [(name, size(taken)) for taken, name in sorted(found, reverse=True)[:8] if taken > 0]


SIZE: Panel[Any] = Panel(key="size", label="Size", icon="gauge", template="volume_size", load=_load_size, live=False)
DISK: Panel[Any] = Panel(key="disk", label="Disk", icon="hard-drive", template="host_disk", load=_load_disk, live=False)
