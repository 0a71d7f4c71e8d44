"""Lists that are asked for when a page is opened, and never kept: their first objects, and whether there are more.

Our account may see more than who asks: what is in namespaces that are not shared with them is kept apart here, so that
no panel shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.base import Look
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import collection

MOST = 500  # objects of one list


@dataclass(frozen=True, slots=True)
class Some:
    """The first of them. ``more``: there are others that were not looked at."""

    items: Sequence[Mapping[str, Any]]
    more: bool
    asked: int
    unshared: Sequence[Mapping[str, Any]] = ()  # those that whoever asks may not see: to be counted at most

    def only(self, what: str) -> str:
        """Said beside whatever was found among them: "Only the first 500 pods were looked through."; "" for all."""
        return f"Only the first {self.asked} {what} were looked through." if self.more else ""

    def others(self, fits: Callable[[Mapping[str, Any]], bool]) -> str:
        """Said of those that fit and must not be shown: "2 others, not shared with you"; "" when there are none."""
        number = sum(map(fits, self.unshared))
        return f"{count(number, 'other', 'others')}, not shared with you" if number else ""


async def first_of(look: Look, api: str, namespace: str = "", *, most: int = MOST, within: float = 10) -> Some:
    """The first objects of a kind, as the cluster has them now. Raises what the cluster answers."""
    call = Call("GET", collection(api, namespace), {"limit": str(most)}, timeout=within)
    answer = await look.driver.call(call) or {}
    shared: list[Mapping[str, Any]] = []
    unshared: list[Mapping[str, Any]] = []
    for item in answer.get("items") or ():
        (shared if look.sees(item["metadata"].get("namespace") or None) else unshared).append(item)
    return Some(shared, bool((answer.get("metadata") or {}).get("continue")), most, unshared)
