"""What has to be written down and cannot be now (a full disk, a locked database) is written as soon as it can be.

What was done is done: its end must not be lost because there is no room for it at that moment. What the database will
never take, as its row is gone, is lost, which is said in the log; it keeps nothing else from being written.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from django.db import InterfaceError, InternalError, OperationalError

from clusters.ending import end, whole

EVERY = 3.0  # seconds between two tries
PASSING = (OperationalError, InterfaceError, InternalError)  # internal: a PostgreSQL that is only read now
Write = Callable[[], Awaitable[None]]
log = logging.getLogger(__name__)


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class _Owed:
    what: str
    work: Write
    lost: Callable[[], None]

    async def try_now(self) -> Exception | None:
        """Why it still waits; None when nothing of it does: it is written, or lost."""
        try:
            await self.work()
        except PASSING as error:
            return error
        except Exception:
            log.exception("%s is lost", self.what)
            self.lost()
        return None


_owed: dict[_Owed, None] = {}
_payer: asyncio.Task[None] | None = None


async def write(what: str, work: Write, lost: Callable[[], None] = _nothing) -> bool:
    """Do it now, or later as long as this process lives. True when it does not wait: it is done, or ``lost``."""
    one = _Owed(what, work, lost)
    why = await one.try_now()
    if why is None:
        return True
    log.warning("%s cannot be kept now (%s); it is tried again", what, why)
    _owed[one] = None
    _begin()
    return False


async def settle() -> bool:
    """Try each that waits, in their order. True when nothing waits any longer."""
    for one in tuple(_owed):
        await whole(_settle(one))
    return not _owed


async def stop() -> None:
    """The last try, when Pilothouse stops. What is lost is said in the log."""
    if _is_paying():
        await end([_payer] if _payer else [])
    if not await settle():
        log.error("not kept: %s", ", ".join(one.what for one in _owed))
        _owed.clear()


async def _settle(one: _Owed) -> None:
    """Never stopped halfway: what the database takes meanwhile would be written once more."""
    if await one.try_now() is None:
        _owed.pop(one, None)


def _is_paying() -> bool:
    return _payer is not None and not _payer.done() and _payer.get_loop() is asyncio.get_running_loop()


def _begin() -> None:
    global _payer
    if not _is_paying():
        # Without the request's context: its database thread ends with it.
        _payer = asyncio.get_running_loop().create_task(
            _pay(), name="what is owed to the database", context=contextvars.Context()
        )


async def _pay() -> None:
    while True:
        await asyncio.sleep(EVERY)
        if await settle():
            return
