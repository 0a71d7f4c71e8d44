"""Lists that are asked for when a page is opened, and never kept: their first objects, and whether there are more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.base import collection

MOST = 500  # objects of one list


@dataclass(frozen=True, slots=True)
class Some:
    """The first of them. ``more``: there are others that were not looked at."""

    items: Sequence[Mapping[str, Any]]
    more: bool
    asked: int

    def only(self, what: str) -> str:
        """Said beside whatever was found among them: "Only the first 500 pods were looked through."; "" for all."""
        return f"Only the first {self.asked} {what} were looked through." if self.more else ""


async def first_of(look: Look, api: str, namespace: str = "", *, most: int = MOST, within: float = 10) -> Some:
    """The first objects of a kind, as the cluster has them now. Raises what the cluster answers."""
    call = Call("GET", collection(api, namespace), {"limit": str(most)}, timeout=within)
    answer = await look.driver.call(call) or {}
    return Some(answer.get("items") or [], bool((answer.get("metadata") or {}).get("continue")), most)
