"""A question of long work is asked again before its silence ends the work: one lost answer is no end of anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from clusters.errors import ClusterError, Invalid, Missing, Refused
from clusters.kinds.base import Says
from clusters.kinds.formats import count

PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before it is asked once more: an engine that is started again needs that long
_SLOT = "asked-again"  # one line of the job, however often
_FINAL = (Refused, Missing, Invalid)  # it did answer, and would say the same again

T = TypeVar("T")


async def asked_again(ask: Callable[[], Awaitable[T]], says: Says) -> T:
    """Its answer, after a few more tries where none comes; the job says so. Raises what the last one ended with.

    Only for what changes nothing: nobody knows of a lost answer whether it was done.
    """
    tried = 0
    while True:
        try:
            answer = await ask()
        except ClusterError as error:
            if tried == len(PAUSES) or isinstance(error, _FINAL):
                raise
            pause, tried = PAUSES[tried], tried + 1
            again = f"Asked again in {count(round(pause), 'second')}, {tried} of {len(PAUSES)}."
            says.progress(_SLOT, f"No news: {error.message} {again}")
            await asyncio.sleep(pause)
        else:
            if tried:
                says.progress(_SLOT, "There is news again.")
            return answer
