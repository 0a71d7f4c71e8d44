"""What a cluster may hold that nothing needs any more, and how it is removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from clusters.drivers.base import Driver
from clusters.kinds.base import Right, Role


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that nothing needs any more. ``size`` in bytes; -1 when nobody can tell."""

    uid: str
    name: str
    words: str = ""  # what it is, for people who have to decide
    size: int = -1
    created: float = 0.0
    chosen: bool = True  # ticked until somebody decides otherwise


@dataclass(frozen=True, kw_only=True)
class Cleaner:
    """One sort of leftovers of a cluster: shown one by one with the room they take, and removed exactly as shown."""

    key: str  # "volumes": in the address and the audit
    label: str  # "Unused volumes"
    icon: str
    words: str  # what is lost
    find: Callable[[Driver, float], Awaitable[Sequence[Leftover] | None]]  # None: not counted yet after these seconds
    remove: Callable[[Driver, Leftover], Awaitable[int]]  # the bytes that were regained; -1 when nobody can tell
    taken: Callable[[Driver], Awaitable[int]] | None = None  # measured before and after, where sizes do not add up
    shared: bool = False  # they share room: what each takes alone is the least that is regained
    role: Role = Role.OPERATOR
    right: Right = ""
