"""The newest version of an object that is about to be written: only its status may have moved on."""

from __future__ import annotations

from typing import Any

from clusters.apply.hidden import bare
from clusters.apply.merging import same
from clusters.apply.step import Step
from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Missing


async def newest(driver: Driver, path: tuple[str, ...]) -> dict[str, Any] | None:
    """How it is now; None when it is not there."""
    try:
        found: dict[str, Any] = await driver.call(Call("GET", path, timeout=15))
    except Missing:
        return None
    return found


async def same_as_seen(driver: Driver, step: Step) -> None:
    """Only the status may have moved on: then it is tried again on the newest version. Raises Conflict otherwise."""
    assert step.before is not None
    live = await newest(driver, step.path())
    if live is None or live["metadata"].get("uid") != step.before["metadata"].get("uid"):
        raise Conflict(f"{step.name} was deleted, or made anew, meanwhile.", hint="Look at it as it is now.")
    if not same(bare(live), bare(step.before)):
        raise Conflict(f"Somebody else changed {step.name} meanwhile.", hint="Look at it as it is now.")
    step.before = live
    if step.whole is not None:
        version = live["metadata"]["resourceVersion"]
        step.whole = {**step.whole, "metadata": {**step.whole["metadata"], "resourceVersion": version}}
