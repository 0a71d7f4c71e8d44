"""How several findings become one: the first stands for all, and says what it explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clusters.triage.finding import Finding

MOST_EVIDENCE = 8


def merged(findings: Sequence[Finding], *, identity: str, title: str, cause: str) -> Finding:
    """One finding for all of these: the worst level, the earliest start, everything affected."""
    first = min(findings, key=lambda one: (one.level, one.since or float("inf"), one.id))
    starts = [one.since for one in findings if one.since]
    return replace(
        first,
        id=identity,
        title=title,
        cause=cause,
        since=min(starts, default=0.0),
        tentative=all(one.tentative for one in findings),
        affected=sum(one.affected for one in findings),
        parts=tuple(name for one in findings for name in (one.id, *one.parts)),
        explains=tuple(one.title for one in findings),
        evidence=tuple(seen for one in findings for seen in one.evidence)[:MOST_EVIDENCE],
    )
