"""A finding: one thing that is wrong, however many copies show it, in words that say what to do first."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.kinds.base import Level


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation that the finding rests on: which resource, and what was seen of it."""

    row: str  # the id of its row; "" when it is no resource
    name: str
    words: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class FirstAction:
    """The first thing to do about it. ``verb`` "retry" asks the cluster again; any other is an action of ``row``."""

    verb: str
    label: str
    icon: str
    row: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of the triage list. ``cause`` is plain words, ``code`` the technical term beside them."""

    id: str  # stable while the thing is wrong, so that it can be linked
    level: Level
    cluster: int
    namespace: str  # "" when it is about the cluster as a whole
    kind: str  # "" when it is about the cluster as a whole
    row: str  # the id of the row it is about: the top owner of what is wrong
    key: str
    title: str
    cause: str
    icon: str
    code: str = ""
    since: float = 0.0  # epoch seconds; 0.0 when unknown
    affected: int = 1  # how many copies or containers show it
    logs: str = ""  # the id of the row whose log tells most; "" for none
    action: FirstAction | None = None
    evidence: tuple[Evidence, ...] = ()
    explains: tuple[str, ...] = ()  # what else is wrong because of this
    places: tuple[str, ...] = ()  # where, when in more than one cluster or namespace
    image: str = ""  # "" also where it cannot be to blame: nothing ran
    node: str = ""  # the one machine that everything unwell is on
    parts: tuple[str, ...] = ()  # the ids of the findings it stands for
    tentative: bool = False  # it only counts when it lasts a few seconds: nothing is down
