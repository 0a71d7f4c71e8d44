"""Names that would become equal on a target are kept apart: what is called the same there overwrites each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from clusters.ship.app import App, Gap

Make = Callable[[str], str]


def distinct(names: Iterable[str], make: Make) -> dict[str, str]:
    """What each is called on a target; of several that would be called the same, all but the first get a number."""
    wanted = {name: make(name) for name in names}
    plain = set(wanted.values())
    taken: set[str] = set()
    for name, one in wanted.items():
        number, called = 2, one
        while called in taken or (called != one and called in plain):
            called = _numbered(one, number, make)
            number += 1
        taken.add(called)
        wanted[name] = called
    return wanted


def _numbered(name: str, number: int, make: Make) -> str:
    """With the number behind it, also where the name is as long as it may be."""
    ending = f"-{number}"
    longest = len(make(f"{name}{ending}"))
    return f"{name[: longest - len(ending)].rstrip('-_')}{ending}"


def kept_apart(app: App, given: Mapping[str, str], make: Make) -> tuple[App, dict[str, str], list[Gap]]:
    """The app with services that a target calls differently, values of secrets by their new keys, and what was said."""
    called = distinct((one.name for one in app.parts), make)
    gaps, parts, values = [], [], dict(given)
    for part in app.parts:
        name = called[part.name]
        if name == make(part.name):
            parts.append(part)
            continue
        first = next(one for one, other in called.items() if other == make(part.name))
        words = f"{part.name} and {first} would both be called {make(part.name)} there: this one is called {name}"
        gaps.append(Gap("name", f"{words}, and others find it by that name only.", part.name))
        parts.append(replace(part, name=name))
        values |= {f"{name}/{one.name}": given[one.key] for one in part.secrets if one.key in given}
    return replace(app, parts=parts), values, gaps
