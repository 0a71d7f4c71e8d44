"""One request, once: the same key from the same person gets the first one's answer.

Within ten minutes it is the very same answer, kept in memory. Later, and after a restart, it is what the audit says:
the key makes the number of the request under which the intent was written.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from clusters import audit
from clusters.errors import ClusterError, Conflict, Invalid, Unsure

T = TypeVar("T")
KEEP_SECONDS = 600.0
MAX_KEPT = 5000


def request_of(user_id: int, key: str) -> str:
    """The number that the audit knows a request with that key by. Without a key every request is a new one."""
    return hashlib.sha256(f"{user_id}\0{key}".encode()).hexdigest()[:32] if key else ""


async def words_before(request: str, event: audit.Event) -> str | None:
    """The words with which it ended well before; None when it was never begun.

    Raises Invalid when it was something else, and the error with which it ended when it did not end well.
    """
    rows = await audit.rows_of(request) if request else []
    if not rows:
        return None
    begun, last = rows[0], rows[-1]
    was = (begun.cluster, begun.kind, begun.uid, begun.verb, begun.detail)
    if was != (event.cluster, event.kind, event.uid, event.verb, audit.clean(event.detail)):
        raise Invalid("This key was used for something else already.")
    words = str(last.detail.get("words", ""))
    if last.stage == "intent":
        raise Conflict("This is being done already.", hint="Look at how it is now.")
    if last.result == "done":
        return words
    if last.result == "failed":
        raise ClusterError(words or "This failed.", hint="It was asked for before, and was not done again.")
    raise Unsure("Nobody knows whether this was done.", hint="Look at how it is now before you try again.")


class Repeats(Generic[T]):
    """Work that was begun under a key. It goes on to its end even when whoever asked for it is gone."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, str], tuple[float, Hashable, asyncio.Task[T]]] = {}

    async def once(
        self,
        user_id: int,
        key: str,
        about: Hashable,
        work: Callable[[], Coroutine[Any, Any, T]],
        *,
        stoppable: bool = False,
    ) -> T:
        """The outcome of that work, begun now or before. Without a key it is always begun anew.

        ``about`` says what the key is for: used again for something else it raises Invalid. What is ``stoppable`` ends
        with whoever waits for it, as soon as it has said and recorded how far it came.
        """
        self._drop_old()
        begun = self._begun.get((user_id, key)) if key else None
        if begun is not None and begun[1] != about:
            raise Invalid("This key was used for something else already.")
        # Without the request's context: its database thread ends with it.
        task = begun[2] if begun else asyncio.create_task(work(), context=contextvars.Context())
        if key and begun is None:
            self._begun[user_id, key] = (time.monotonic(), about, task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if stoppable and task.cancel():
                await asyncio.wait([task])
            raise

    def _drop_old(self) -> None:
        oldest = next(iter(self._begun.values()), None)
        while oldest and (time.monotonic() - oldest[0] > KEEP_SECONDS or len(self._begun) > MAX_KEPT):
            self._begun.pop(next(iter(self._begun)))
            oldest = next(iter(self._begun.values()), None)
