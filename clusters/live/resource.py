"""A resource: one object of a kind, an immutable snapshot of what its cluster last said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import msgspec

from clusters.errors import ClusterError

# A whole number as a cluster sends it: one of 400 digits is no number of anything, and would break all arithmetic.
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Resource(msgspec.Struct, frozen=True, gc=False):
    """The base of every kind's model. Subclasses declare only the fields that are used, and these six answers.

    ``uid`` never comes back once its object is gone; ``version`` is opaque and changes with every change;
    ``namespace`` is "" where there is none (on Docker it is the Compose project); ``created`` is in epoch seconds.
    """

    @property
    def uid(self) -> str:
        """What identifies this very object, in its cluster and kind."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The name people know it by."""
        raise NotImplementedError

    @property
    def namespace(self) -> str:
        """The namespace, Compose project or Swarm stack; "" where there is none."""
        return ""

    @property
    def version(self) -> str:
        """Compared for equality only."""
        raise NotImplementedError

    @property
    def created(self) -> float:
        """Epoch seconds; 0.0 when unknown."""
        return 0.0

    @property
    def labels(self) -> dict[str, str]:
        """Its labels, by which a list can be filtered; empty where it has none."""
        return {}


@dataclass(frozen=True, slots=True)
class Listed:
    """The whole truth about one kind: replaces all that was known."""

    resources: Sequence[Resource]


@dataclass(frozen=True, slots=True)
class Coming:
    """Some of a list on its way. Of a first list it is shown at once, while nobody knows yet what else there is."""

    resources: Sequence[Resource]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was known of one kind when it was last sure: shown with that time (epoch seconds) until it is listed again.

    Says nothing of whether the cluster answers now.
    """

    resources: Sequence[Resource]
    as_of: float


@dataclass(frozen=True, slots=True)
class Changed:
    """Resources added or modified, and uids deleted, since the item before; newest state only."""

    upserts: Sequence[Resource] = ()
    deletes: Sequence[str] = ()
    trouble: ClusterError | None = None  # why a part of the kind still cannot be seen
    hidden: frozenset[str] = frozenset()  # and in which namespaces; none: nobody knows where


@dataclass(frozen=True, slots=True)
class Alive:
    """The cluster answered; nothing changed."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Contact is lost or refused; the driver tries again by itself in ``retry_in`` seconds."""

    error: ClusterError
    retry_in: float
    hidden: frozenset[str] = frozenset()  # the only namespaces that it is about; none: all of them


# What a driver's watch yields, for ever, until it is cancelled.
FeedItem: TypeAlias = Coming | Listed | Remembered | Changed | Alive | Broken
