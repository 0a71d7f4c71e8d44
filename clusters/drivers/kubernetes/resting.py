"""The rest of many watches between two tries, which ends early when their cluster answers again."""

from __future__ import annotations

import asyncio
import contextlib
import random

SPREAD = 0.3  # seconds within which they come back, so that it is not at one instant


class Resting:
    """Of one cluster: its watches are cut together, and each waits ever longer while nobody answers."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def rest(self, seconds: float) -> bool:
        """So long at most. Was it ended?"""
        over = self._over
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await over.wait()
                await asyncio.sleep(random.random() * SPREAD)  # noqa: S311
        return over.is_set()

    def end(self) -> None:
        """All who rest try again now."""
        self._over.set()
        self._over = asyncio.Event()
