"""Topic ``logs``: the merged lines of any containers, no faster than the tab says that it shows them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import ClassVar

from clusters.errors import Invalid
from clusters.live.frame import Frame
from clusters.live.logs import LogStream
from dashboard import logs
from dashboard.topics.base import Topic

EVERY = 0.05  # seconds between two frames
IN_A_FLOOD = 0.2  # the same, while lines are left out: nobody reads faster, and the page has time for clicks
LINES = 250  # of a frame; more while lines of the past wait
PAST_LINES = 1000
UNACKNOWLEDGED = 8  # frames
MAX_OPEN = 20  # logs that one person follows in this process


class LogsTopic(Topic):
    """args: ``rows`` (row ids), ``container``, ``tail``, ``since``, ``until``, ``previous``, and ``q``, ``level``.

    Frames: ``snap`` (an empty log), then ``patch`` with ``lines``, ``gaps`` and, when they changed, ``sources``. Where
    only some lines are wanted: ``older`` ones that stand before all others, and ``search``, how far back was looked.
    """

    name = "logs"
    _open: ClassVar[Counter[int]] = Counter()
    _log: LogStream | None = None
    _timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Check who may read what, and begin to read."""
        asked = logs.asked(self.args)
        rows = logs.rows_of(self.actor, asked.rows)
        if self._open[self.actor.user_id] >= MAX_OPEN:
            raise Invalid("You follow too many logs at once.", hint="Close some of the pages that show logs.")
        self._open[self.actor.user_id] += 1
        self.open_things.callback(self._open.subtract, [self.actor.user_id])
        self._seq = self._acknowledged = 0
        self._search: tuple[int, bool] | None = None
        self._next = 0.0
        log = LogStream(logs.streams, self.actor, asked.options, asked.wanted, self._wake)
        self.open_things.callback(log.close)
        self.open_things.callback(self._stop_timer)
        await log.open(rows, asked.container)
        self._log = log
        self.owe_snapshot()

    async def close(self) -> None:
        """Let go of the streams."""
        self._log = None
        await super().close()

    async def acknowledge(self, number: int) -> None:
        """The tab has shown all up to this frame."""
        if not isinstance(number, int) or isinstance(number, bool):
            raise Invalid("Not a frame.")
        self._acknowledged = max(self._acknowledged, min(number, self._seq))
        self._wake()

    def snapshot(self) -> Frame:
        """A log begins empty; its past follows as lines."""
        self._seq += 1
        self._acknowledged = self._seq
        return Frame(t="snap", seq=self._seq, now=time.time(), sources=self._sources(), lines=[])

    def take(self) -> Frame | None:
        """The next lines, when it is time and the tab keeps up; else they wait, and the oldest are left out."""
        log = self._log
        if log is None:
            return None
        if self._owes_snapshot:
            return super().take()
        now = time.time()
        if self._seq - self._acknowledged >= UNACKNOWLEDGED:
            return None
        if now < self._next:
            self._wake_at(self._next)
            return None
        past = log.has_history
        lines, gaps = log.take(PAST_LINES if past else LINES)
        news = self._news(log)
        if not lines and not gaps and not news:
            if log.sleeps_until:
                self._wake_at(log.sleeps_until)
            return None
        self._seq += 1
        self._next = now if log.has_history else now + (IN_A_FLOOD if gaps else EVERY)
        self._wake_at(self._next)
        return Frame(t="patch", seq=self._seq, now=now, lines=lines, gaps=gaps, **news)

    def _news(self, log: LogStream) -> dict[str, object]:
        """What a frame says beside lines that follow: others that stand before all, how far back was looked."""
        news: dict[str, object] = {"sources": self._sources()} if log.changed else {}
        if older := log.take_older(PAST_LINES):
            news["older"] = older
        if log.looking is not None and (search := (log.looked, log.looking)) != self._search:
            self._search = search
            news["search"] = search
        return news

    def _sources(self) -> list[dict[str, object]]:
        assert self._log is not None
        self._log.changed = False
        return [source.about() for source in self._log.sources.values()]

    def _wake_at(self, at: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(0.001, at - time.time()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
