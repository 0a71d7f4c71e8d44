"""A build beside the one before it: what was faster, what came from the cache then, what grew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clusters.kinds.formats import size
from clusters.models import Build


@dataclass(frozen=True, slots=True)
class Comparison:
    """In words for people; "" where there is nothing to compare. ``steps``: name -> state and seconds of then."""

    time: str = ""
    size: str = ""
    cached: str = ""
    steps: dict[str, tuple[str, float | None]] | None = None


def compare(now: Build, then: Build) -> Comparison:
    """Both have made an image."""
    return Comparison(
        time=_time(now.seconds, then.seconds),
        size=_size(now.size, then.size),
        cached=f"before: {cached_of(then)}",
        steps={step["name"]: (step["state"], step["seconds"]) for step in then.steps},
    )


def cached_of(build: Build) -> str:
    """How much came from the cache: "8 of 10 steps". The engine's own doings do not count."""
    steps: list[dict[str, Any]] = [step for step in build.steps if step["line"]]
    return f"{sum(step['state'] == 'cached' for step in steps)} of {len(steps)} steps"


def _time(now: float | None, then: float | None) -> str:
    if now is None or then is None:
        return ""
    change = now - then
    if abs(change) < 0.1:
        return "as long as before"
    return f"{abs(change):.1f} s {'longer' if change > 0 else 'faster'} than before"


def _size(now: int | None, then: int | None) -> str:
    if now is None or then is None:
        return ""
    if now == then:
        return "as large as before"
    return f"{size(abs(now - then))} {'more' if now > then else 'less'} than before"
