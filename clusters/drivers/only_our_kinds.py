"""What a driver has in common whose clusters can have no other kinds than ours, and are reached with one account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Driver, Found
from clusters.errors import Missing

if TYPE_CHECKING:
    from clusters.access import Limits
    from clusters.kinds.base import Kind


class OnlyOurKinds:
    """Part of a driver whose clusters have the kinds of their platform and one account, and can have no others."""

    acts_as = ""

    async def discover(self) -> Sequence[Found]:
        """Nothing beyond them."""
        return ()

    async def describe(self, found: Found, namespaces: frozenset[str] | None = None) -> Kind[Any]:
        """There is none to describe."""
        raise Missing("This cluster has no such kind.")

    async def may(
        self, verb: str, group: str, resource: str, namespace: str = "", name: str = "", *, newest: bool = False
    ) -> bool | None:
        """Whoever reaches them may do all of it."""
        return True

    def as_person(self, name: str) -> Driver:
        """Always the account of the connection."""
        return self  # type: ignore[return-value]

    async def limits(self, namespaces: Iterable[str]) -> Limits | None:
        """They show all that they have."""
        return None
