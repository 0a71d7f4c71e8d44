"""The classic builder, where an engine has no BuildKit: what it prints, become the same steps.

It numbers every instruction ("Step 3/7 : RUN make") and does one after the other. What a step prints could look like
the beginning of another: only the next number of the same count is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clusters.build.graph import Graph, Step
from clusters.kinds.formats import size

_STEP = re.compile(r"Step (\d{1,5})/(\d{1,5}) : (.*)", re.DOTALL)
_OURS = re.compile(r" ---> (?:Running in )?[0-9a-f]{12}\s*|Remov(?:ed|ing) intermediate container [0-9a-f]{12}\s*|\s*")
_CACHED = " ---> Using cache"
_ENDED = re.compile(r"Successfully (?:built [0-9a-f]{12}|tagged \S+)\s*")


class Classic:
    """Follows one build."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._count = 0
        self._step: Step | None = None
        self._number = 0
        self._cached = False

    def take(self, news: Mapping[str, Any]) -> None:
        """Take in one message."""
        if isinstance(text := news.get("stream"), str):
            self._stream(text)
        elif isinstance(status := news.get("status"), str):
            self._status(status, news)
        self._graph.tell()

    def failed(self, said: str) -> None:
        """The step that ran is the one that failed."""
        if self._step:
            self._graph.end_span(self._step)
            self._graph.set(self._step, "failed", said)

    def done(self) -> None:
        """The image is there: the last step is done, too."""
        self._end()

    def _stream(self, text: str) -> None:
        found = _STEP.fullmatch(text.rstrip("\n"))
        if found and int(found[1]) == self._number + 1 and self._count in (0, int(found[2])):
            self._begin(int(found[1]), int(found[2]), found[3])
        elif text.startswith(_CACHED):
            self._cached = True
        elif self._step and not _OURS.fullmatch(text) and not _ENDED.fullmatch(text):
            self._step.output.feed(1, text.encode())
            self._graph.set(self._step, "running")

    def _status(self, status: str, news: Mapping[str, Any]) -> None:
        """A layer of the base image that is on its way."""
        if self._step is None:
            return
        parts = news.get("progressDetail")
        done, total = (parts.get("current"), parts.get("total")) if isinstance(parts, Mapping) else (None, None)
        far = f"{size(done)} of {size(total)}" if isinstance(done, int) and isinstance(total, int) and total > 0 else ""
        self._step.progress = " ".join(filter(None, [status[:120], far]))
        self._graph.set(self._step, "running")

    def _begin(self, number: int, count: int, text: str) -> None:
        self._end()
        instructions = self._graph.dockerfile.instructions
        if not self._count:
            for place, one in enumerate(instructions[:count], 1):
                self._graph.add(f"classic-{place}", f"{one.keyword} {one.text}", at=one)
        self._count, self._number, self._cached = count, number, False
        self._step = self._graph.add(f"classic-{number}", text)
        if self._step:
            self._graph.begin_span(self._step)
            self._graph.set(self._step, "running")

    def _end(self) -> None:
        if self._step:
            self._graph.end_span(self._step)
            self._graph.set(self._step, "cached" if self._cached else "done")
        self._step = None
