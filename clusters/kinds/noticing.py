"""How a kind whose rows are joined from others is looked after while nobody looks at it.

Joining all of it with each change of the others would cost too much for what a finding needs. So what is told of it is
always watched, and what is wrong is worked out now and then: a moment after something changed that may matter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, kw_only=True)
class Noticing(Generic[T]):
    """What makes up a finding about resources of a kind, and what it is told by."""

    kinds: tuple[str, ...]  # the others that must be known, all of them always watched
    mark: Callable[[Any], Hashable]  # what matters of one of these: no other change is a reason to look again
    # Those that something is wrong with, completed as they are in their list; gives way to others while it looks.
    find: Callable[[Sequence[T], Mapping[str, Sequence[Any]]], Awaitable[Sequence[T]]]
    at_once: bool = False  # it never passes by itself in a moment: nobody waits to see whether it lasts
    rests: Callable[[T], bool] = lambda one: False  # nothing of it goes wrong while nobody looks: it is not asked then
