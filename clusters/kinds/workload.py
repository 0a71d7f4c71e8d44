"""How a kind fills the shared columns of the Workloads page: whatever was asked to run, on any platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, kw_only=True)
class Workload(Generic[T]):
    """What the columns show of a resource of that kind."""

    image: Callable[[T], str]
    copies: Callable[[T], tuple[int, int, int]]  # ready, wanted, starting
    restarts: Callable[[T], int | None]
    counts: Callable[[T], bool] | None = None  # False: not a workload of its own (a copy of another)
