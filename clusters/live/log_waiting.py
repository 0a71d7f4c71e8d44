"""One container of a merged log, and what of it waits to be shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clusters.drivers.base import LogSource
from clusters.live.log_lines import continues, read, shown

OURS = -1  # the number of the source of lines that are about the log itself

# (epoch seconds, number of its source, level, text, message of a JSON line or None, continues the one before)
Shown: TypeAlias = tuple[float, int, int, str, str | None, bool]
Waiting: TypeAlias = tuple[float, float, float, str]  # order, when it came, epoch seconds, text


@dataclass(slots=True, eq=False)
class Source:
    """One container among those merged, and what of it waits to be shown."""

    number: int
    source: LogSource
    row_id: str
    where: str  # the name of its cluster
    name: str  # what finds it again when it was made again: "cluster/kind/key", as in an address
    joined: float
    past: int  # lines of the past that may still come; these are never left out
    stop: Callable[[], None] = lambda: None
    state: str = "live"  # "ended": it is not there any more
    history: deque[Waiting] = field(default_factory=deque)
    newest: deque[Waiting] = field(default_factory=deque)
    skipped: int = 0  # left out between history and newest
    order: float = 0.0  # of the last line taken in: within one container the order is the container's
    oldest: float = 0.0  # the time of the first line that came, wanted or not
    wanted: bool = False  # whether the last line that stood alone was wanted; its further lines follow it

    @property
    def first(self) -> Waiting | None:
        """What comes next."""
        return self.history[0] if self.history else self.newest[0] if self.newest else None

    def backwards(self) -> Iterator[Waiting]:
        """All that waits, the newest first."""
        yield from reversed(self.newest)
        yield from reversed(self.history)

    def shown(self, at: float, text: str) -> Shown:
        """One of its lines as the page gets it."""
        level, message = read(text)
        return at, self.number, int(level), shown(text), shown(message) if message else None, continues(text)

    def about(self) -> dict[str, Any]:
        """As the page is told of it."""
        return {"n": self.number, "label": self.source.label or self.source.resource.name, "row": self.row_id,
                "name": self.name, "where": self.where, "container": self.source.container,
                "state": self.state}  # fmt: skip
