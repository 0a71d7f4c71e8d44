"""What the shop's apps use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld


def add(world: ShopWorld) -> None:
    """Somebody sets it up."""
