"""A fault of the demonstration: something that goes wrong when it is switched on, and heals as the real thing would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

W = TypeVar("W")


@dataclass(frozen=True, kw_only=True)
class Fault(Generic[W]):
    """How to break a world and how to mend it. ``is_on`` looks at the world: a person may have healed it meanwhile."""

    key: str
    label: str
    words: str  # what happens and what can be tried, for the person at the switch
    icon: str
    is_on: Callable[[W], bool]
    begin: Callable[[W], None]
    end: Callable[[W], None]


@dataclass(frozen=True, slots=True)
class FaultState:
    """One switch as the page shows it."""

    key: str
    label: str
    words: str
    icon: str
    on: bool
