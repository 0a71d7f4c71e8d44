"""Calls that are counted, so that nobody calls too often."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

WITHIN = 60.0  # seconds in which they are counted


class Calls:
    """What was counted lately, by a key; of too many keys those are forgotten that were counted longest ago."""

    def __init__(self, most: int, keys: int = 10_000) -> None:
        self._most, self._keys = most, keys
        self._at: OrderedDict[str, deque[float]] = OrderedDict()

    def full(self, key: str) -> bool:
        """Would one more be too many?"""
        return self.wait(key) > 0

    def wait(self, key: str) -> float:
        """The seconds until one more is not too many; 0.0 when it is not."""
        mine = self._at.get(key, deque[float]())
        return max(0.0, WITHIN - (time.monotonic() - mine[0])) if len(mine) == self._most else 0.0

    def count(self, key: str) -> None:
        """One more."""
        self._at.setdefault(key, deque(maxlen=self._most)).append(time.monotonic())
        self._at.move_to_end(key)
        if len(self._at) > self._keys:
            self._at.popitem(last=False)

    def clear(self) -> None:
        """As if there had been none."""
        self._at.clear()
