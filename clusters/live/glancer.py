"""Asks for what stands beside a kind (clusters/kinds/glances.py), few at a time, and keeps what it was told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Unreachable
from clusters.kinds.glances import About, Glances

log = logging.getLogger(__name__)

MOST = 500  # of one kind of one cluster
AT_ONCE = 2
TOLD_AFTER = 20  # answers
REFUSED = 300.0  # seconds until what could not be told is asked for again


class Glancer:
    """Of one kind of one cluster; at work while somebody needs it (``need``)."""

    def __init__(self, driver: Driver, glances: Glances[Any], namespaces: Collection[str] | None = None) -> None:
        self.glances = glances
        self._namespaces = namespaces  # what is in others is not asked for
        self._driver = driver
        self._needed: dict[Any, frozenset[About]] = {}  # by who needs it
        self._listeners: dict[Any, Callable[[], None]] = {}
        self._known: dict[About, Any] = {}
        self._due: dict[About, float] = {}  # on the clock that never stands back
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._closed = False
        self.left_out = 0  # of what is needed: more than are looked at

    def need(self, who: Any, own: Iterable[Any], changed: Callable[[], None]) -> Sequence[tuple[About, Any]]:
        """What is known about these so far; ``changed`` is told when there is more."""
        if self._closed:
            return ()
        inside, asked = self._namespaces, self.glances.about(list(own))
        self._needed[who] = frozenset(one for one in asked if inside is None or one[0] in inside)
        self._listeners[who] = changed
        wanted = frozenset().union(*self._needed.values())
        for about in self._due.keys() - wanted:
            del self._due[about]
            self._known.pop(about, None)
        for about in sorted(wanted - self._due.keys())[: max(0, MOST - len(self._due))]:
            self._due[about] = 0.0
            self._news.set()
        self.left_out = len(wanted) - len(self._due)
        if self._due and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name=f"look at each {self.glances.name}")
        return list(self._known.items())

    @property
    def left_out_words(self) -> str:
        """Said where there are more than are looked at."""
        if not self.left_out:
            return ""
        return f"Only {MOST:,} {self.glances.name}s are looked after. How the others are, the page of each says."

    def leave(self, who: Any) -> None:
        """They need it no longer."""
        self._needed.pop(who, None)
        self._listeners.pop(who, None)
        if not self._needed:
            self.stop()

    def stop(self) -> None:
        """Nobody needs it: nothing is asked, and nothing kept."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._known.clear()
        self._due.clear()
        self.left_out = 0

    def close(self) -> None:
        """The cluster is let go of: whatever is needed later, nothing is asked."""
        self._closed = True
        self.stop()

    async def _run(self) -> None:
        turn = asyncio.Semaphore(AT_ONCE)
        while True:
            now = time.monotonic()
            due = [about for about, at in self._due.items() if at <= now][:TOLD_AFTER]
            await asyncio.gather(*(self._ask(turn, about) for about in due))
            for changed in tuple(self._listeners.values()) if due else ():
                changed()  # also where the answers are the same: what they mean may be otherwise by now
            self._news.clear()
            wait = min(self._due.values(), default=now + REFUSED) - time.monotonic()
            if wait > 0:
                try:
                    async with asyncio.timeout(wait):
                        await self._news.wait()
                except TimeoutError:
                    pass

    async def _ask(self, turn: asyncio.Semaphore, about: About) -> None:
        async with turn:
            try:
                found = await self.glances.ask(self._driver, about)
                again = self.glances.again(found)
            except Unreachable:
                found, again = self._known.get(about), REFUSED  # silence says nothing new
            except ClusterError:
                found, again = None, REFUSED
            except Exception:
                log.exception("cannot look at a %s", self.glances.name)
                found, again = None, REFUSED
        if about not in self._due:
            return  # not needed any longer
        self._due[about] = time.monotonic() + again
        if found is None:
            self._known.pop(about, None)
        else:
            self._known[about] = found
