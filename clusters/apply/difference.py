"""Two texts line by line: what goes, what comes, and a little of what stays around it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

AROUND = 3  # lines that stay, shown around a change
MOST_LINES = 6000  # that are compared
MOST_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One line; its number before, and after, where it has one."""

    sort: Literal["same", "gone", "new"]
    before: int | None
    after: int | None
    text: str

    @property
    def sign(self) -> str:
        """What stands before it, so that colour is not needed."""
        return {"same": " ", "gone": "−", "new": "+"}[self.sort]


@dataclass(frozen=True, slots=True)
class Difference:
    """Parts that differ, each with what is around it. ``cut``: there is more than is shown."""

    parts: Sequence[Sequence[Line]] = ()
    come: int = 0
    gone: int = 0
    cut: bool = False


def difference(before: str, after: str) -> Difference:
    """What differs. Texts that are too long to be compared are said to be cut."""
    old, new = before.splitlines(), after.splitlines()
    cut = max(len(old), len(new)) > MOST_LINES
    matcher = difflib.SequenceMatcher(None, old[:MOST_LINES], new[:MOST_LINES], autojunk=len(old) > 1000)
    parts: list[list[Line]] = []
    shown = 0
    for group in matcher.get_grouped_opcodes(AROUND):
        lines = [line for code in group for line in _lines(code, old, new)]
        parts.append(lines[: max(0, MOST_SHOWN - shown)])
        shown += len(lines)
    every = [line for part in parts for line in part]
    return Difference(
        [part for part in parts if part],
        sum(line.sort == "new" for line in every),
        sum(line.sort == "gone" for line in every),
        cut or shown > MOST_SHOWN,
    )


def _lines(code: tuple[str, int, int, int, int], old: Sequence[str], new: Sequence[str]) -> list[Line]:
    tag, from_old, to_old, from_new, to_new = code
    if tag == "equal":
        pairs = zip(range(from_old, to_old), range(from_new, to_new), strict=True)
        return [Line("same", one + 1, other + 1, old[one]) for one, other in pairs]
    gone = [Line("gone", number + 1, None, old[number]) for number in range(from_old, to_old)]
    return gone + [Line("new", None, number + 1, new[number]) for number in range(from_new, to_new)]
