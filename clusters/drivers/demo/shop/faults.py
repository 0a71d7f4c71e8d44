"""What can be made to go wrong in the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.drivers.demo.fault import Fault, silence
from clusters.drivers.demo.shop import deployments, nodes
from clusters.drivers.demo.shop.apps import ABSENT, BY_NAME, LEAKING
from clusters.errors import Missing

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

LOSABLE = "oak-3"


def _runs(world: ShopWorld, name: str, version: str) -> bool:
    try:
        deployment = world.named("apps/v1/deployments", "shop", name)
    except Missing:
        return False
    return deployments.image(deployment).endswith(f":{version}")


def _release(world: ShopWorld, name: str, version: str) -> None:
    world.release("shop", name, version)


FAULTS: tuple[Fault[ShopWorld], ...] = (
    Fault(
        key="leak",
        label="A new version that eats memory",
        icon="rocket",
        words=f"Rolls out checkout-api {LEAKING}. Each copy is stopped by the kernel when its memory is full, again "
        "and again. Rolling back heals it.",
        is_on=lambda world: _runs(world, "checkout-api", LEAKING),
        begin=lambda world: _release(world, "checkout-api", LEAKING),
        end=lambda world: _release(world, "checkout-api", BY_NAME["shop", "checkout-api"].version),
    ),
    Fault(
        key="image",
        label="A version that does not exist",
        icon="package-x",
        words=f"Rolls out search-ui {ABSENT}, which nobody pushed. The new copies cannot start; the old ones go on "
        "serving. Rolling back heals it.",
        is_on=lambda world: _runs(world, "search-ui", ABSENT),
        begin=lambda world: _release(world, "search-ui", ABSENT),
        end=lambda world: _release(world, "search-ui", BY_NAME["shop", "search-ui"].version),
    ),
    Fault(
        key="node",
        label="A machine falls silent",
        icon="unplug",
        words=f"{LOSABLE} stops answering. After 20 seconds its copies are made again on the other two machines "
        "(a real cluster waits five minutes).",
        is_on=lambda world: LOSABLE in world.lost,
        begin=lambda world: nodes.lose(world, LOSABLE),
        end=lambda world: nodes.find(world, LOSABLE),
    ),
    silence("cluster", "a cluster"),
)
