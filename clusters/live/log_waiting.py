"""One container of a merged log, and what of it waits to be shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clusters.drivers.base import LogSource
from clusters.live.log_lines import continues, read, shown

WINDOW = 0.1  # seconds that lines of several containers wait for older ones of another
PATIENCE = 0.5  # seconds that a log which was just opened waits for what each of its containers has said before
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
    began: float = 0.0  # when that came
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
                "once": self.source.once, "state": self.state}  # fmt: skip


def edge(sources: Sequence[Source], now: float, patience: float) -> tuple[float, float]:
    """Up to which time nothing older is expected any more, and when to look again; 0.0: when something comes."""
    if len(sources) < 2:
        return float("inf"), 0.0
    if held := _pasts_are_coming(sources, now, patience):
        return 0.0, held
    found, again = 0.0, 0.0
    for source in sources:
        if source.skipped:  # a flood: what waits is never old enough, and there is always more
            found = max(found, source.order)
            continue
        for waiting in source.backwards():
            if waiting[1] <= now - WINDOW:
                found = max(found, waiting[0])
                break
            again = waiting[1] + WINDOW
    return found, again


def _pasts_are_coming(sources: Sequence[Source], now: float, patience: float) -> float:
    """Until when what was said before is waited for: one machine answers later than another, and it is one story."""
    if now >= patience:
        return 0.0
    if any(not one.began and one.state == "live" for one in sources):
        return patience
    due = max(one.began for one in sources) + WINDOW
    return due if now < due else 0.0
