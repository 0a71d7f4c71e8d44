"""Topic ``build``: the steps of a build while it runs, and what they print."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from clusters.build.graph import Graph
from clusters.build.running import graph_of
from clusters.errors import Missing
from clusters.live.frame import Frame
from dashboard.topics.base import Topic
from dashboard.visible_jobs import visible_job

PACE = 0.1  # seconds between two frames
NEWEST = 60  # lines of one step in one frame


class BuildTopic(Topic):
    """args: ``key`` of the job. Frames carry the steps that changed, their newest lines, and ``state`` at the end."""

    name = "build"

    async def open(self) -> None:
        """Whoever may read its job may follow it."""
        job = await visible_job(self.actor, self.args.get("key"))
        if job is None:
            raise Missing("There is no such build.")
        self._key = job.key
        self._graph = graph_of(job.key)
        self._seq, self._sent = 0, 0
        self._lines: dict[str, int] = {}  # how many lines of each step the tab has heard of
        self._changed = asyncio.Event()
        self.owe_snapshot()
        if self._graph is not None:
            self._graph.listeners[self._changed.set] = None
            self.open_things.callback(self._graph.listeners.pop, self._changed.set, None)
            self.open_things.callback(asyncio.create_task(self._follow(self._graph)).cancel)

    def snapshot(self) -> Frame:
        """Every step, and the newest lines of those that run."""
        graph = self._graph
        self._seq += 1
        if graph is None:
            return Frame(t="snap", seq=self._seq, now=time.time(), state="ended")
        self._sent, self._lines = graph.changes, {}
        return Frame(t="snap", seq=self._seq, now=time.time(), **self._news(graph, 0))

    async def _follow(self, graph: Graph) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if graph_of(self._key) is None:
                self._seq += 1
                self.deliver(Frame(t="patch", seq=self._seq, now=time.time(), state="ended"))
                return
            if graph.changes != self._sent and self._patch is None and not self._owes_snapshot:
                since, self._sent = self._sent, graph.changes
                self._seq += 1
                self.deliver(Frame(t="patch", seq=self._seq, now=time.time(), **self._news(graph, since)))
            await asyncio.sleep(PACE)

    def take(self) -> Frame | None:
        """The next frame; what happened while it waited is looked for again."""
        frame = super().take()
        if frame is not None:
            self._changed.set()
        return frame

    def _news(self, graph: Graph, since: int) -> dict[str, Any]:
        """The steps that changed after that change. Their order is the order of the list ``order``."""
        ordered = graph.ordered()
        changed = [step for step in ordered if graph.revision[step.id] > since]
        lines = {}
        for step in changed:
            heard = self._lines.get(step.id, 0)
            if step.output.count > heard and (step.state == "running" or heard):
                lines[step.id] = step.output.newest(NEWEST, heard)
            self._lines[step.id] = step.output.count
        news: dict[str, Any] = {"set": [step.frame() for step in changed], "lines": lines, "state": "running"}
        if since == 0 or any(step.id not in self._known for step in changed):
            news["order"] = [step.id for step in ordered]
            self._known = set(graph.steps)
        return news

    _known: set[str] = set()
