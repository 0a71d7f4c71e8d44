"""How often anything was started again, as far as we watched: who most of all, and how that compares with before."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.access import Scope

HOUR = 3600.0
KEPT = 24 * HOUR
MOST = 20_000  # restarts that are remembered one by one
FEWEST_HOURS = 3  # hours before the last one, without which nothing is said of what is usual
BINS = 30
SHORTEST = 60.0  # seconds that are drawn, as long as less was watched


@dataclass(frozen=True, slots=True)
class Restarts:
    """Of the last hour, within somebody's rights. Times are seconds."""

    count: int
    watched: float  # how long we have been watching, at most an hour
    apps: int = 0  # how many were started again
    most: tuple[str, int] = ("", 0)  # who was started again most often, and how often
    usual: tuple[int, int] | None = None  # the fewest and the most of the hours before; None: too few were seen
    course: Sequence[int] = ()  # the time we watched, oldest first, in equal parts


@dataclass(frozen=True, slots=True)
class _Again:
    at: float
    cluster: int
    namespace: str
    name: str
    times: int


class RestartLog:
    """Kept in memory, for a day."""

    def __init__(self) -> None:
        self._began = time.time()
        self._all: deque[_Again] = deque(maxlen=MOST)

    def note(self, at: float, cluster: int, namespace: str, name: str, times: int) -> None:
        """Something was started again."""
        self._all.append(_Again(at, cluster, namespace, name, times))
        while self._all[0].at < at - KEPT:
            self._all.popleft()

    def within(self, scope: Scope, now: float) -> Restarts:
        """As far as somebody may see."""
        seen = [one for one in self._all if _is_seen(one, scope)]
        lately = [one for one in seen if one.at > now - HOUR]
        names = Counter[str]()
        course = [0] * BINS
        watched = min(HOUR, max(SHORTEST, now - self._began))
        for one in lately:
            names[one.name] += one.times
            course[min(BINS - 1, max(0, int((one.at - now + watched) / watched * BINS)))] += one.times
        return Restarts(
            count=sum(names.values()),
            watched=watched,
            apps=len(names),
            most=names.most_common(1)[0] if names else ("", 0),
            usual=self._usual(seen, now),
            course=course,
        )

    def _usual(self, seen: Sequence[_Again], now: float) -> tuple[int, int] | None:
        since = max(self._began, now - KEPT, self._all[0].at if len(self._all) == MOST else 0.0)
        hours = int((now - since) // HOUR) - 1
        if hours < FEWEST_HOURS:
            return None
        counted = [0] * hours
        for one in seen:
            back = int((now - one.at) // HOUR) - 1
            if 0 <= back < hours:
                counted[back] += one.times
        return min(counted), max(counted)


def _is_seen(one: _Again, scope: Scope) -> bool:
    if one.cluster not in scope:
        return False
    allowed = scope[one.cluster]
    return allowed is None or one.namespace in allowed
