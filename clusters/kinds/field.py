"""What a form asks for: an action's dialog, the page that connects a cluster, the forms that run and deploy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from clusters.kinds.base import JSON, Role


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of every line of a field of lines, so that a page can show each line as a row of inputs."""

    label: str
    before: str = " "  # what stands between it and the part before it
    alone: bool = False  # a line without that is this part alone
    choices: tuple[tuple[str, str], ...] = ()
    among: tuple[tuple[str, str], ...] = ()  # whose names are offered: a kind for each choice of the row, or for ""
    hides: tuple[str, ...] = ()  # choices of the row with which it is typed unseen
    hint: str = ""  # an example
    name: str = ""  # what a page's styles know it by
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing to fill in: on an action's dialog, or to connect a cluster."""

    name: str
    label: str
    type: Literal["text", "number", "choice", "flag", "lines", "secret", "hidden"] = "text"
    help: str = ""
    required: bool = True
    told: bool = False  # needed, but it may be left empty to be told what it should be
    initial: Callable[[Any], JSON] | None = None  # from the resource (scale: the copies it has now)
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 4000
    choices: tuple[tuple[str, str], ...] = ()
    pattern: str = ""  # a regular expression that the whole value must match
    check: Callable[[str], str] | None = None  # what is wrong with it, in a sentence; "" when nothing is
    among: str = ""  # the name of a live resource of this kind of the same cluster, on which this person may act, too
    group: str = ""  # the part of a long form it stands in, folded until it is needed; "" is always open
    role: Role = Role.NOBODY  # who is asked for it at all
    parts: tuple[Part, ...] = ()  # of every line
    notation: str = ""  # how a line is written, for those who write it as text
    file: bool = False  # its text may be taken from a file of the person's
    narrows: bool = False  # of a connection: only says how much is looked at, so what is stored of it stays good
    schemes: tuple[str, ...] = ()  # only for addresses that begin so ("tcp://"); empty: for all
