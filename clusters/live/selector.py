"""Label selectors, as kubectl's ``-l`` reads them: ``app=web, tier in (front, edge), !canary``.

All of it must hold. As in Kubernetes, ``!=`` and ``notin`` also let in what has no such label at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from clusters.errors import Invalid
from clusters.kinds.masking import is_secret_name

MOST = 500  # characters
_TOKEN = re.compile(r"\s*(!=|==|[=!,()<>]|[^\s=!,()<>]+)")
_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,315}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must hold of one label: that its value is one of these (or none of them, when ``without``).

    Without values: that there is such a label (or that there is none).
    """

    key: str
    values: frozenset[str] | None = None
    without: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Does it hold of these?"""
        there = self.key in labels if self.values is None else labels.get(self.key) in self.values
        return there != self.without

    def each(self, many: Sequence[Mapping[str, str]]) -> list[bool]:
        """Does it hold of each of these?"""
        key, values, without = self.key, self.values, self.without
        if values is None:
            return [(key in labels) != without for labels in many]
        return [(labels.get(key) in values) != without for labels in many]


@dataclass(frozen=True, slots=True)
class Selector:
    """All of these must hold; of what cannot be read nothing does, and ``wrong`` says why."""

    requirements: frozenset[Requirement] = frozenset()
    wrong: str = ""

    def __bool__(self) -> bool:
        return bool(self.requirements or self.wrong)

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Does it select what has these labels?"""
        return not self.wrong and all(one.holds(labels) for one in self.requirements)

    def each(self, many: Sequence[Mapping[str, str]]) -> list[bool]:
        """The same of ten thousand at once, in a quarter of the time.

        Requirement by requirement, those first that leave few: the next one looks at what is left alone.
        """
        held = [not self.wrong] * len(many)
        for one in sorted(self.requirements, key=lambda one: (one.without, one.values is None)):
            left = iter(one.each(list(compress(many, held))))
            held = [before and next(left) for before in held]
        return held


EVERYTHING = Selector()


def read_selector(text: str) -> Selector:
    """The selector that was written; never raises, because somebody may still be writing it."""
    if not text.strip():
        return EVERYTHING
    if len(text) > MOST:
        return Selector(wrong=f"A selector may have {MOST} characters.")
    try:
        return Selector(frozenset(_Reader(text).requirements()))
    except Invalid as error:
        return Selector(wrong=error.message)


class _Reader:
    """Goes through the tokens of one selector, from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def requirements(self) -> Iterator[Requirement]:
        yield self._requirement()
        while self._next:
            self._expect(",", "Separate several with commas: app=web, tier=front.")
            yield self._requirement()

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._at += 1
        return token

    def _expect(self, token: str, words: str) -> None:
        if self._take() != token:
            raise Invalid(words)

    def _requirement(self) -> Requirement:
        if self._next == "!":
            self._take()
            return Requirement(self._key(), without=True)
        key = self._key()
        if self._next in ("", ","):
            return Requirement(key)
        operator = self._take()
        if is_secret_name(key):
            raise Invalid(f"The values of {key} are hidden: one can only ask whether it is there ({key}, !{key}).")
        if operator in ("=", "==", "!="):
            return Requirement(key, frozenset({self._value()}), without=operator == "!=")
        if operator in ("in", "notin"):
            return Requirement(key, self._values(f"{key} {operator}"), without=operator == "notin")
        raise Invalid(f"After {key} comes =, !=, in or notin; not “{operator[:40]}”.")

    def _key(self) -> str:
        key = self._take()
        if not key:
            raise Invalid("The name of a label is missing at the end.")
        if not _KEY.fullmatch(key):
            raise Invalid(f"“{key[:60]}” is not the name of a label.")
        return key

    def _value(self) -> str:
        """The one after ``=``; nothing is a value, too."""
        if self._next in ("", ","):
            return ""
        value = self._take()
        if value in ("=", "==", "!=", "!", "(", ")", "<", ">"):
            raise Invalid(f"“{value}” is not the value of a label.")
        return value

    def _values(self, before: str) -> frozenset[str]:
        example = f"{before} (a, b)"
        self._expect("(", f"After “{before}” come values in brackets: {example}.")
        values = {self._value_in(example)}
        while self._next == ",":
            self._take()
            values.add(self._value_in(example))
        self._expect(")", f"The bracket is not closed: {example}.")
        return frozenset(values)

    def _value_in(self, example: str) -> str:
        if self._next == ")":
            return ""
        if not self._next:
            raise Invalid(f"The bracket is not closed: {example}.")
        return self._value()
