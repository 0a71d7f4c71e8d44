"""What the shop is made of: its apps, their versions, and the machines they run on."""

from __future__ import annotations

from dataclasses import dataclass

REGISTRY = "registry.example"
LEAKING = "1.4.2"  # the version of checkout-api that eats memory
ABSENT = "2.9.0-rc.1"  # the version of search-ui that nobody pushed


@dataclass(frozen=True, slots=True)
class App:
    """One deployment. ``cpu`` (cores) and ``memory`` (MiB) are what a busy copy uses; the limits are twice that."""

    name: str
    namespace: str
    image: str
    before: str  # the version that ran before
    version: str
    copies: int
    voice: str = "levelled"
    port: int = 8080
    cpu: float = 0.2
    memory: int = 128
    pace: float = 0.6  # log lines a second of one copy


@dataclass(frozen=True, slots=True)
class Machine:
    """One node."""

    name: str
    cores: int
    memory: int  # GiB
    zone: str


def _shop(name: str, before: str, version: str, copies: int, **more: object) -> App:
    return App(name, "shop", f"{REGISTRY}/shop/{name}", before, version, copies, **more)  # type: ignore[arg-type]


APPS: tuple[App, ...] = (
    _shop("web", "5.11.2", "5.11.3", 4, voice="access", pace=2.0, cpu=0.4, memory=180),
    _shop("checkout-api", "1.4.0", "1.4.1", 3, voice="json", pace=1.2, cpu=0.3, memory=210),
    _shop("search-ui", "2.8.1", "2.8.2", 3, voice="access", pace=1.0),
    _shop("payments", "3.2.0", "3.2.1", 2, voice="json", pace=0.8, cpu=0.15),
    _shop("cart", "4.0.6", "4.0.7", 3, voice="json", memory=96),
    _shop("catalogue", "7.1.0", "7.1.1", 3, cpu=0.25, memory=240),
    _shop("auth", "2.3.3", "2.3.4", 2, voice="json", cpu=0.1),
    _shop("image-resize", "1.9.0", "1.9.1", 2, cpu=0.5, memory=320),
    _shop("mail-relay", "0.8.4", "0.8.5", 1, cpu=0.05, memory=64, pace=0.3),
    _shop("recommendations", "3.0.1", "3.0.2", 2, cpu=0.35, memory=420),
    _shop("reviews", "1.1.8", "1.1.9", 2, voice="json"),
    _shop("gift-cards", "0.4.1", "0.4.2", 1, pace=0.2),
    _shop("price-feed", "2.0.0", "2.0.1", 1, pace=0.4),
    App(
        "orders-db",
        "data",
        f"{REGISTRY}/library/postgres",
        "17.1",
        "17.2",
        1,
        voice="database",
        port=5432,
        cpu=0.4,
        memory=900,
    ),
    App(
        "sessions",
        "data",
        f"{REGISTRY}/library/redis",
        "7.4.0",
        "7.4.1",
        1,
        voice="cache",
        pace=0.1,
        port=6379,
        memory=300,
    ),
    App("search-index", "data", f"{REGISTRY}/shop/search-index", "8.0.2", "8.0.3", 3, cpu=0.45, memory=700),
    App("order-queue", "data", f"{REGISTRY}/library/nats", "2.10.1", "2.10.2", 3, voice="queue", port=4222, memory=80),
    App("reports", "data", f"{REGISTRY}/shop/reports", "0.9.0", "0.9.1", 0, voice="plain"),
    App("edge-proxy", "ops", f"{REGISTRY}/ops/edge-proxy", "1.27.0", "1.27.1", 2, voice="access", pace=2.5, cpu=0.2),
    App("metrics", "ops", f"{REGISTRY}/ops/metrics", "0.7.1", "0.7.2", 1, voice="plain", pace=0.2, memory=220),
    App("certificates", "ops", f"{REGISTRY}/ops/certificates", "1.16.0", "1.16.1", 1, voice="plain", pace=0.1),
    App("log-shipper", "ops", f"{REGISTRY}/ops/log-shipper", "3.1.4", "3.1.5", 1, pace=0.5),
)

MACHINES = (Machine("oak-1", 8, 32, "a"), Machine("oak-2", 8, 32, "b"), Machine("oak-3", 8, 32, "c"))

BY_NAME = {(app.namespace, app.name): app for app in APPS}
