"""How long to wait before trying again: longer each time, never in step with others, short again after a good while."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

FIRST, FACTOR, HEALTHY = 0.8, 2.0, 120.0  # seconds, times, seconds


class Backoff:
    """The waits of one watch. ``longest`` is asked each time: shorter while somebody looks."""

    def __init__(self, longest: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._longest, self._clock = longest, clock
        self._next = FIRST
        self._last = clock()

    def begin_anew(self) -> None:
        """What kept it from succeeding is over."""
        self._next = FIRST

    def wait(self) -> float:
        """Seconds to wait now."""
        now = self._clock()
        if now - self._last >= HEALTHY:
            self._next = FIRST
        # Up to twice the wait, so that many watches do not come back at one instant after a restart.
        wait = min(self._next * (1 + random.random()), self._longest())  # noqa: S311
        self._last = now + wait
        self._next = min(self._next * FACTOR, self._longest())
        return wait
