"""Topic ``job``: the lines of something that takes long, from wherever this tab stopped reading."""

from __future__ import annotations

import asyncio

from clusters import jobs
from clusters.errors import Missing
from clusters.live.frame import Frame
from dashboard.topics.base import Topic, number
from dashboard.visible_jobs import visible_job

MOST_LINES = 10_000_000  # no job has a line of a higher number


class JobTopic(Topic):
    """args: ``key``, ``from`` (the number of the first line wanted). Read no faster than the tab takes them."""

    name = "job"

    async def open(self) -> None:
        """Whoever sees its page may read it."""
        start = number(self.args.get("from", 1), MOST_LINES)
        job = await visible_job(self.actor, self.args.get("key"))
        if job is None:
            raise Missing("There is no such job.")
        self._seq, self._start, self._key = 0, start, job.key
        self._taken = asyncio.Event()
        task = asyncio.create_task(self._follow())
        self.open_things.callback(task.cancel)

    def snapshot(self) -> Frame:
        """A tab that missed something reads all its lines again."""
        self.open_things.close()
        self._start = 1
        self.open_things.callback(asyncio.create_task(self._follow()).cancel)
        return Frame(t="snap", seq=self._seq, lines=[], state="running", reason="")

    def take(self) -> Frame | None:
        """The next lines; room for more is made when they are on their way."""
        frame = super().take()
        if frame is not None:
            self._taken.set()
        return frame

    async def _follow(self) -> None:
        async for news in jobs.follow(self._key, self._start):
            self._seq += 1
            lines = [[line.number, line.at.timestamp(), line.text, line.level] for line in news.lines]
            self._taken.clear()
            self.deliver(Frame(t="patch", seq=self._seq, lines=lines, state=news.state, reason=news.reason))
            await self._taken.wait()
