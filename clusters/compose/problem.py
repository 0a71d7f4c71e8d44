"""What is wrong with a project's text: in which line, and in whose words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clusters.errors import Invalid


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a line (from 1)."""

    line: int
    words: str
    level: str = "error"


class Wrong(Invalid):
    """A text that is not taken, with all that is wrong with it."""

    title = "This is not deployed"

    def __init__(self, problems: Sequence[Problem], *, detail: str = "") -> None:
        first = problems[0]
        super().__init__(f"Line {first.line}: {first.words}", detail=detail)
        self.problems = list(problems)
        self.line = first.line
