"""The lines of a job: what one holds, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils import timezone

from clusters.models import Job, JobLine
from clusters.storable import storable

MAX_TEXT = 4000  # characters of one line
MAX_COUNT = 2**53  # what a browser still counts exactly, and more than any database or disk holds


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is now. A later one with the same number replaces it: the progress of one thing."""

    number: int
    at: datetime
    text: str
    level: str
    done: int | None = None  # of something that is counted, how much
    total: int | None = None  # of how much; 0 while that is not known


def line(number: int, text: str, level: str, done: int | None = None, total: int | None = None) -> Line:
    """One that can be kept, whatever an engine or a registry said: neither its text nor its numbers are believed."""
    return Line(number, timezone.now(), storable(text[:MAX_TEXT]), level, _within(done), _within(total))


def _within(count: int | None) -> int | None:
    return None if count is None else min(max(count, 0), MAX_COUNT)


async def keep_lines(job: Job, lines: Sequence[Line]) -> None:
    """Into the database, in the place of those with their numbers. Raises DatabaseError."""
    if not lines:
        return
    await JobLine.objects.abulk_create(
        [JobLine(job=job, **asdict(one)) for one in lines],
        update_conflicts=True,
        unique_fields=["job", "number"],
        update_fields=["at", "text", "level", "done", "total"],
        batch_size=500,
    )


async def kept_lines(job: Job, from_number: int = 1) -> list[Line]:
    """The lines in the database."""
    rows = JobLine.objects.filter(job=job, number__gte=from_number).order_by("number")
    return [Line(row.number, row.at, row.text, row.level, row.done, row.total) async for row in rows]
