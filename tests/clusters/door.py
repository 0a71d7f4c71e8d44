"""The gateway to a cluster that is not there, and who comes to it."""

from __future__ import annotations

import pytest

from clusters.access import Actor, Granted
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.models import AuditEntry
from tests.clusters.fakes import App, FakeConnections

ADA = Actor(1, "ada", (Granted(Role.ADMIN),), "192.0.2.1")
OTTO = Actor(2, "otto", (Granted(Role.OPERATOR, 1, frozenset({"front"}), frozenset({"exec"})),))
VERA = Actor(3, "vera", (Granted(Role.VIEWER, 1),))
NORA = Actor(4, "nora")


@pytest.fixture
def there() -> FakeConnections:
    return FakeConnections()


@pytest.fixture
def gateway(there: FakeConnections) -> Gateway:
    return Gateway(there)


async def rows() -> list[tuple[str, str]]:
    return [(row.stage, row.result) async for row in AuditEntry.objects.order_by("id")]


def web(there: FakeConnections) -> App:
    return there.apps["u1"]
