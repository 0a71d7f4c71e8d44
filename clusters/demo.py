"""The switches of a demonstration: what can be made to go wrong there, who may do that, and the record of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from clusters import audit
from clusters.access import Actor, Need
from clusters.errors import ClusterError, Missing
from clusters.gateway import Gateway
from clusters.kinds.base import Role

NEED = Need(Role.OPERATOR)


class Switch(Protocol):
    """One fault and how it stands."""

    key: str
    label: str
    words: str
    icon: str
    on: bool


@runtime_checkable
class Switchable(Protocol):
    """A driver whose world can be broken."""

    def faults(self) -> Sequence[Any]:
        """Every fault there is."""

    def switch(self, key: str, on: bool) -> None:
        """Begin a fault or end it."""


async def switches(gateway: Gateway, actor: Actor, cluster: int) -> Sequence[Switch]:
    """The faults of a demonstration, for those who may switch them. Raises Denied, and Missing for a real cluster."""
    await gateway.see(actor, cluster, None, NEED, verb="faults")
    return _switchable(gateway, cluster).faults()


async def switch(gateway: Gateway, actor: Actor, cluster: int, key: str, on: bool) -> None:
    """Begin a fault or end it: decided, recorded, done. Raises Denied, Missing or Invalid."""
    await gateway.see(actor, cluster, None, NEED, verb="fault")
    driver = _switchable(gateway, cluster)
    event = audit.Event(
        actor=actor.name,
        address=actor.address,
        verb="fault",
        detail={"fault": key[:40], "on": on},
        cluster=gateway.connections.cluster(cluster).name,
    )
    request = await audit.intent(event)
    try:
        driver.switch(key, on)
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    await audit.outcome(request, event, "done")


def _switchable(gateway: Gateway, cluster: int) -> Switchable:
    driver = gateway.connections.driver(cluster)
    if not isinstance(driver, Switchable):
        raise Missing("Faults can be switched in a demonstration only.")
    return driver
