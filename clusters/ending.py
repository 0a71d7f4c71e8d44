"""Tasks that are to end do end: one that lost the word on its way is told again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

log = logging.getLogger(__name__)
Found = TypeVar("Found")
AGAIN = 5.0  # seconds after which a task that still goes on is told once more


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel these, and wait until all have ended; how they ended is nobody's concern any longer.

    A cancellation is lost where what a task waits for is there at that very moment and a library passes on only one of
    the two, as ``asyncio.wait_for`` did before Python 3.12. Such a task would go on for ever, and whoever waits for it.
    """
    going = set(tasks)
    for task in going:
        task.cancel()
    while going:
        done, going = await asyncio.wait(going, timeout=AGAIN)
        for task in done:
            if not task.cancelled():
                task.exception()  # seen: asyncio would report it as forgotten
        for task in going:
            log.warning("%s goes on although it was to end; it is told again", task.get_name())
            task.cancel()


async def whole(work: Coroutine[Any, Any, Found]) -> Found:
    """Do it to its end, also when whoever asked for it is cancelled meanwhile: they are then cancelled after it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen
    raise cancelled
