"""What is refused, and how often a refused look is written down: who presses "again" should not fill the audit."""

from __future__ import annotations

import time
from typing import Any

from clusters.errors import Refused

EVERY = 10.0  # seconds between two audit rows about the same refused look
MOST = 5000


class Denied(Refused):
    """Not allowed by us. ``known``: this person may at least know that there is such a thing."""

    def __init__(self, message: str, *, known: bool) -> None:
        super().__init__(message, hint="Ask an administrator of Pilothouse.")
        self.known = known


class Denials:
    """When what was last refused to whom."""

    def __init__(self) -> None:
        self._last: dict[tuple[Any, ...], float] = {}

    def is_new(self, about: tuple[Any, ...]) -> bool:
        """Is it worth a row?"""
        now = time.monotonic()
        if now - self._last.get(about, -EVERY) < EVERY:
            return False
        if len(self._last) > MOST:
            self._last.clear()
        self._last[about] = now
        return True
