"""What an action would do, said before it is done, where that takes more than a look at the resource itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.kinds.masking import masked

MOST = 30  # differences that are shown
LONGEST = 200  # characters of a value
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that will be another: what, how it is now, how it will be."""

    what: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Told:
    """Things that fare alike: "Move: 3", how serious that is, and each with what becomes of it."""

    label: str
    level: str
    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """``values`` are those that empty fields stand for; ``choices`` those that a field has for this very resource."""

    effect: str
    differences: Sequence[Difference] = ()
    more: int = 0  # differences that are not shown
    told: Sequence[Told] = ()  # what becomes of each of many
    held: str = ""  # why it cannot be begun with what is filled in
    values: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)  # fields typed over what is not shown, with words on that


def differences(now: Any, then: Any, hide: Callable[[str], str] = str) -> list[Difference]:
    """Where two JSON trees differ, with what looks like a secret hidden: that it is another is said all the same.

    ``hide`` takes known secrets out of what is shown, before it is cut: a piece of one would not be known any more.
    """
    before, after = _leaves(now), _leaves(then)
    shown_before, shown_after = _shown(now, hide), _shown(then, hide)
    found = []
    for path in [*before, *(path for path in after if path not in before)]:
        if before.get(path) == after.get(path):
            continue
        old, new = shown_before.get(path, NOTHING), shown_after.get(path, NOTHING)
        found.append(Difference(hide(_words(path)), old, new if new != old else f"{new} (another)"))
    return found


def _shown(tree: Any, hide: Callable[[str], str]) -> dict[tuple[str, ...], str]:
    return {path: hide(text)[:LONGEST] for path, text in _leaves(masked(tree)).items()}


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Every value with the way to it. What has a name is found by it, so that its place in a list means nothing."""
    if isinstance(tree, dict) and tree:
        return {place: leaf for key, value in tree.items() for place, leaf in _leaves(value, (*path, key)).items()}
    if isinstance(tree, list) and tree:
        if all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in tree):
            pairs = [(one["name"], {key: value for key, value in one.items() if key != "name"}) for one in tree]
            return {place: leaf for name, one in pairs for place, leaf in _leaves(one, (*path, name)).items()}
        if all(not isinstance(one, dict | list) for one in tree):
            return {path: " ".join(map(str, tree))}
        numbered = enumerate(tree, 1)
        return {place: leaf for number, one in numbered for place, leaf in _leaves(one, (*path, str(number))).items()}
    return {path: _text(tree)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NOTHING if value in (None, "", {}, []) else str(value)


_LEFT_OUT = {
    "containers",
    "metadata",
    "spec",
    "template",
    "value",
    "TaskTemplate",
    "ContainerSpec",
}  # steps of a way that say nothing to a person


def _words(path: Sequence[str]) -> str:
    return " › ".join(step for step in path if step not in _LEFT_OUT) or "all of it"
