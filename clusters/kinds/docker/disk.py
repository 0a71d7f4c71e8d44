"""What takes room on an engine's disk. Counting it makes an engine read every file, so it is done only when asked for.

One count at a time per connection; it goes on when nobody waits for it any longer, and what it found is kept with its
time until the connection ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
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


SIZE: Panel[Any] = Panel(key="size", label="Size", icon="gauge", template="volume_size", load=_load_size, live=False)
