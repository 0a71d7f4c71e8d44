"""What is asked for one by one beside the watch of a kind, where an administrator switched that on: certificates.

Only what may be told to everybody who sees the resource is kept of an answer; the rest is let go of at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from clusters.live.resource import Resource

if TYPE_CHECKING:
    from clusters.drivers.base import Driver

T = TypeVar("T", bound=Resource)
About = tuple[str, ...]  # namespace and name of what is asked for, and what else the answer depends on


@dataclass(frozen=True, kw_only=True)
class Glances(Generic[T]):
    """What to ask for, how, and how often. The kind's ``join`` and ``noticing`` get what is known by its name."""

    name: str  # "certificate"
    setting: str  # of the connection; what is not switched on there is not asked for
    about: Callable[[Sequence[T]], Iterable[About]]
    ask: Callable[[Driver, About], Awaitable[Any]]  # what is kept of it; raises the cluster's error
    again: Callable[[Any], float]  # seconds until that one is asked for again
