"""When a cron job is due, and whether it missed that."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

LATE = 90.0  # seconds after it was due in which it may still be started
# Without a time zone the cluster's own counts, which it does not tell: hours may be others than we take them for.
_EVERY_HOUR = re.compile(r"\S+\s+(\*|\*/1)(\s+[*?]){3}\Z")  # of every day: it is the same everywhere
AT_MOST_ELSEWHERE = 14 * 3600.0
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@lru_cache(maxsize=2048)
def twice_due(schedule: str, zone: str, after: float) -> tuple[float, float] | None:
    """The next two times after that one, in epoch seconds; None for what cannot be told."""
    text = _NAMED.get(schedule.strip().lower(), schedule.strip()).replace("?", "*")
    place: tzinfo = UTC
    try:
        place = ZoneInfo(zone) if zone else UTC
        first, second = islice(CronSim(text, datetime.fromtimestamp(after, place)), 2)
    except (CronSimError, ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return None
    return first.timestamp(), second.timestamp()


def late_from(schedule: str, zone: str, after: float) -> float:
    """From when on it missed its time twice, if it did not start after ``after``; 0.0 where that cannot be told."""
    found = twice_due(schedule, zone, after)
    if found is None:
        return 0.0
    by_the_hour = _EVERY_HOUR.match(schedule.strip()) is not None or schedule.strip().lower() == "@hourly"
    return found[1] + (LATE if zone or by_the_hour else AT_MOST_ELSEWHERE)
