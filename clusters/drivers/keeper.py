"""Where the secrets of a connection are kept: for what is replaced while it is used, as tokens that are good once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Keeper(Protocol):
    """Those of one connection."""

    async def load(self) -> Mapping[str, Any]:
        """As they are now. Raises Sealed where none could be kept."""

    async def save(self, values: Mapping[str, Any]) -> None:
        """Keep these beside the others."""
