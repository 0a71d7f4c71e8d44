"""Reads what was filled in, field after field, and goes on where one is wrong: all of them say so at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from clusters.errors import Invalid

T = TypeVar("T")


class FieldReader:
    """``problems``: what is wrong, by field."""

    def __init__(self, values: Mapping[str, Any], problems: dict[str, str] | None = None) -> None:
        self.values = values
        self.problems = {} if problems is None else problems

    def one(self, name: str, read: Callable[[str], T]) -> T | None:
        """A text; None where there is none, or where it is wrong."""
        text = str(self.values.get(name) or "").strip()
        try:
            return read(text) if text else None
        except Invalid as wrong:
            self.wrong(name, wrong)
            return None

    def each(self, name: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """A text line by line, without those that are empty or wrong."""
        found = []
        for number, text in enumerate(str(self.values.get(name) or "").splitlines(), start=1):
            try:
                if text.strip():
                    found.append(read(text.strip()))
            except Invalid as wrong:
                self.wrong(name, wrong, number)
        return tuple(found)

    def wrong(self, name: str, why: Invalid, number: int = 0) -> None:
        """The first that is wrong with a field is what is said of it."""
        where = f"Line {number}: " if number > 1 else ""
        self.problems.setdefault(name, f"{where}{why.message} {why.hint}".strip())
