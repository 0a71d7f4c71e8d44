"""Looking for the wanted lines of a whole log: back from where the newest begin, in larger and larger steps.

A log view opens with the newest lines. What is older is read once or twice from its beginning on, and only what is
wanted is kept: nothing grows with the length of the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from clusters.access import Actor
from clusters.drivers.base import LogOptions, LogSource
from clusters.live.log_lines import LogFilter, continues
from clusters.live.log_source import Line

if TYPE_CHECKING:
    from clusters.gateway import Gateway

STEPS = (100_000, 100_000_000)  # lines back: first those that are read in a moment, then all there are
MOST = 2000  # wanted lines that are kept of one container: the newest
SIZE = 4 << 20  # characters of these


class OlderLines:
    """The wanted lines of one container that are older than those its view opened with."""

    def __init__(self, gateway: Gateway, actor: Actor, cluster_id: int, source: LogSource) -> None:
        self._gateway, self._actor, self._cluster_id, self._source = gateway, actor, cluster_id, source
        self.looked = 0  # lines, so far
        self.more = False  # were there more than are kept?

    async def steps(
        self, options: LogOptions, wanted: LogFilter, before: float, told: Callable[[], None]
    ) -> AsyncIterator[list[Line]]:
        """What each step found, oldest first; a later step is older. ``told`` is called while it goes on."""
        room, options = MOST, replace(options, until=before)
        for back in STEPS:
            found = await self._step(replace(options, tail=back), wanted, before, room, told)
            if found:
                yield found
                before = found[0][0]
                room -= len(found)
            if self.more or room <= 0:
                self.more = True
                return

    async def _step(
        self, options: LogOptions, wanted: LogFilter, before: float, room: int, told: Callable[[], None]
    ) -> list[Line]:
        found: deque[Line] = deque()
        self.looked, size, last = 0, 0, False
        asked = replace(options, follow=False, wanted=wanted)
        async with aclosing(self._gateway.logs(self._actor, self._cluster_id, self._source, asked)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                self.looked += chunk.looked or len(chunk.lines)
                for line in chunk.lines:
                    if not continues(line[2]):
                        last = line[0] < before and wanted.wants(line[2])
                    if last:
                        found.append(line)
                        size += len(line[2])
                while len(found) > room or size > SIZE:
                    size -= len(found.popleft()[2])
                    self.more = True
                told()
        return list(found)
