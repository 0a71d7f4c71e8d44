"""Which ports of a kind's resources can be opened in a tab, and which pod answers there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clusters.kinds.permission import Permission
from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, slots=True)
class Door:
    """A port that is offered."""

    port: int
    label: str  # "8080 web", "80 → 8080"
    secure: bool = False  # it probably speaks HTTPS


@dataclass(frozen=True, kw_only=True)
class Forwarding(Generic[T]):
    """How a port of one is reached. ``pods`` are the live ones that the person may see."""

    doors: Callable[[T], Sequence[Door]]
    reach: Callable[[T, int, Sequence[Any]], tuple[Any, int]]  # (pod, its port); raises Missing with words
    refuse: Callable[[T], str]  # why nothing of it can be opened ("" when something can)
    permissions: tuple[Permission, ...]
    any_port: bool = False  # also one that it does not tell of
