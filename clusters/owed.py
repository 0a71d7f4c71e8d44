"""What has to be written down and cannot be now (a full disk, a locked database) is written as soon as it can be.

What was done is done: its end must not be lost because there is no room for it at that moment.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from django.db import DatabaseError

from clusters.own_disk import Unrecorded

EVERY = 3.0  # seconds between two tries
Write = Callable[[], Awaitable[None]]
log = logging.getLogger(__name__)
_owed: deque[tuple[str, Write]] = deque()
_payer: asyncio.Task[None] | None = None


async def write(what: str, work: Write) -> bool:
    """Do it now, or later as long as this process lives. True when it is done."""
    try:
        await work()
    except (DatabaseError, Unrecorded) as error:
        log.warning("%s cannot be kept now (%s); it is tried again", what, error)
        _owed.append((what, work))
        _begin()
        return False
    return True


async def settle() -> bool:
    """Try all that waits, in its order, until one cannot be done. True when nothing waits any longer."""
    while _owed:
        what, work = _owed[0]
        try:
            await work()
        except (DatabaseError, Unrecorded):
            return False
        except Exception:
            log.exception("%s is lost", what)
        _owed.popleft()
    return True


async def stop() -> None:
    """The last try, when Pilothouse stops. What is lost is said in the log."""
    if _payer:
        _payer.cancel()
    if not await settle():
        log.error("not kept: %s", ", ".join(what for what, _ in _owed))
        _owed.clear()


def _begin() -> None:
    global _payer
    loop = asyncio.get_running_loop()
    if _payer is None or _payer.done() or _payer.get_loop() is not loop:
        # Without the request's context: its database thread ends with it.
        _payer = loop.create_task(_pay(), name="what is owed to the database", context=contextvars.Context())


async def _pay() -> None:
    while True:
        await asyncio.sleep(EVERY)
        if await settle():
            return
