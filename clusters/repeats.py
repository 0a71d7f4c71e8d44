"""One request, once: the same key from the same person within ten minutes gets the first one's answer."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from clusters.errors import Invalid

T = TypeVar("T")
KEEP_SECONDS = 600.0
MAX_KEPT = 5000


class Repeats(Generic[T]):
    """Work that was begun under a key. It goes on to its end even when whoever asked for it is gone."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, str], tuple[float, Hashable, asyncio.Task[T]]] = {}

    async def once(self, user_id: int, key: str, about: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The outcome of that work, begun now or before. Without a key it is always begun anew.

        ``about`` says what the key is for: used again for something else it raises Invalid.
        """
        self._drop_old()
        begun = self._begun.get((user_id, key)) if key else None
        if begun is not None and begun[1] != about:
            raise Invalid("This key was used for something else already.")
        # Without the request's context: its database thread ends with it.
        task = begun[2] if begun else asyncio.create_task(work(), context=contextvars.Context())
        if key and begun is None:
            self._begun[user_id, key] = (time.monotonic(), about, task)
        return await asyncio.shield(task)

    def _drop_old(self) -> None:
        oldest = next(iter(self._begun.values()), None)
        while oldest and (time.monotonic() - oldest[0] > KEEP_SECONDS or len(self._begun) > MAX_KEPT):
            self._begun.pop(next(iter(self._begun)))
            oldest = next(iter(self._begun.values()), None)
