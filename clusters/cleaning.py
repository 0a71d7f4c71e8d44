"""Cleaning up: exactly what was shown is removed, one by one; what is needed again meanwhile is left, and said."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Conflict
from clusters.kinds.base import Says
from clusters.kinds.cleaners import Cleaner, Leftover
from clusters.kinds.formats import count, size

COUNTED_WITHIN = 600.0  # seconds


async def clean_up(driver: Driver, cleaner: Cleaner, chosen: Collection[str], says: Says) -> str:
    """Remove the leftovers of these uids. Raises Conflict when none of them could be."""
    says.say("Looking again at what nothing needs.")
    found = {one.uid: one for one in await cleaner.find(driver, COUNTED_WITHIN) or ()}
    left = [uid for uid in chosen if uid not in found]
    if left:
        says.say(f"Left alone, for they are used again or gone: {count(len(left), 'of them', 'of them')}.", "warning")
    wanted = [one for uid, one in found.items() if uid in chosen]  # in the order in which they can go
    before = await cleaner.taken(driver) if cleaner.taken and wanted else -1
    gone, regained = await _remove_each(driver, cleaner, wanted, says)
    if not gone:
        raise Conflict("None of it was removed.", hint="The lines of this job say why.")
    if cleaner.taken and before >= 0:
        says.say("Measuring what was regained.")
        after = await cleaner.taken(driver)
        regained = max(0, before - after) if after >= 0 else -1
    told = f"; {size(regained)} regained" if regained > 0 else ""
    return f"{gone} of {len(chosen)} removed{told}"


async def _remove_each(driver: Driver, cleaner: Cleaner, wanted: Sequence[Leftover], says: Says) -> tuple[int, int]:
    gone, regained = 0, 0
    for number, one in enumerate(wanted, 1):
        says.progress("now", f"{number} of {len(wanted)}: {one.name[:100]}")
        try:
            room = await cleaner.remove(driver, one)
        except ClusterError as error:
            says.say(f"{one.name[:200]}: {error.message}", "error")
            continue
        gone, regained = gone + 1, regained + max(0, room)
        says.say(f"{one.name[:200]} is removed.")
    return gone, regained


def total(leftovers: Sequence[Leftover]) -> str:
    """The room they take together, as far as it is known."""
    known = [one.size for one in leftovers if one.size >= 0]
    return size(sum(known)) if known else "an unknown amount"
