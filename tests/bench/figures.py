"""A figure: what was measured, beside what it must be. How figures are summed up, printed and written down."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


class LeftOut(Exception):
    """Why a measure was not taken."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. ``met`` is None where there is nothing to meet."""

    what: str
    measured: str
    target: str = "–"
    met: bool | None = None

    def line(self) -> str:
        """As printed."""
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return f"{self.what:<66} {self.measured:>24}   {self.target:<24} {verdict}".rstrip()


@dataclass(frozen=True)
class Spread:
    """Many measurements of one thing, in milliseconds."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """Half are below."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """One in twenty is above."""
        return self.part(0.95)

    def part(self, share: float) -> float:
        """That share is at or below."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(len(ordered) * share) - 1)]

    def figure(self, what: str, median: float | None = None, p95: float | None = None) -> Figure:
        """As a line, with the limits it must keep."""
        measured = f"{round(self.median)} / {round(self.p95)} ms (n={len(self.values)})"
        if median is None:
            return Figure(what=what, measured=measured)
        met = self.median <= median and (p95 is None or self.p95 <= p95)
        target = f"<= {median:.0f} ms" if p95 is None else f"<= {median:.0f} / {p95:.0f} ms"
        return Figure(what=what, measured=measured, target=target, met=met)


def at_most(what: str, value: float, limit: float, form: Callable[[float], str]) -> Figure:
    """A value that must not be above a limit."""
    return Figure(what=what, measured=form(value), target=f"<= {form(limit)}", met=value <= limit)


def at_least(what: str, value: float, limit: float, form: Callable[[float], str]) -> Figure:
    """A value that must not be below a limit."""
    return Figure(what=what, measured=form(value), target=f">= {form(limit)}", met=value >= limit)


def count(value: float) -> str:
    """A whole number."""
    return f"{value:,.0f}"


def milliseconds(value: float) -> str:
    """From milliseconds."""
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"


def seconds(value: float) -> str:
    """From seconds."""
    return f"{value:.2f} s"


def megabytes(value: float) -> str:
    """From bytes, a million to the megabyte."""
    return f"{value / 1e6:.0f} MB"


def kilobytes(value: float) -> str:
    """From bytes, a thousand to the kilobyte."""
    return f"{value / 1e3:.0f} KB"


def percent(value: float) -> str:
    """From a share of one core."""
    return f"{value * 100:.1f} %"
