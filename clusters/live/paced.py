"""Work that is done over and over while things change: no faster than its pace, and more rarely where it costs much."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Paced:
    """``pace``: seconds from one time to the next, at least; ``share``: and so many times as long as the last took."""

    def __init__(self, work: Callable[[], object], pace: float, share: float) -> None:
        self._work, self._least, self._share = work, pace, share
        self._due: asyncio.TimerHandle | None = None
        self._last, self._pace = 0.0, pace  # on the clock that never stands back

    def soon(self, after: float = 0.0) -> None:
        """Something changed: the work is done once the pause is over, and so many seconds from now at the earliest."""
        if self._due is None:
            wait = max(after, self._last + self._pace - time.monotonic())
            self._due = asyncio.get_running_loop().call_later(wait, self._round)

    def do(self, work: Callable[[], object]) -> None:
        """Now, as the work or in its place: the pause is counted from here."""
        began = time.monotonic()
        try:
            work()
        finally:
            self._last = time.monotonic()
            self._pace = max(self._least, self._share * (self._last - began))

    def rest(self) -> None:
        """What is due is not done."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _round(self) -> None:
        self._due = None
        self.do(self._work)
