"""Opening a port: decided, asked of the cluster, written down."""

from __future__ import annotations

from typing import Any

from clusters import audit
from clusters.access import Actor, Need
from clusters.carrying_out import event_of
from clusters.errors import ClusterError, Conflict, Invalid, Unsupported
from clusters.forward.forward import Forward, Forwards
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.formats import plain
from clusters.kinds.forwarding import Forwarding
from clusters.live.row import Row
from clusters.permissions import BEFORE_ACTING, HINT, SOON, NotPermitted, refusal

NEED = Need(Role.OPERATOR, "exec")  # what listens inside trusts whoever is inside, as a terminal would be
VERB = "open port"
MOST = 20  # of one person


def forwarding_of(row: Row) -> Forwarding[Any]:
    """How its ports are opened. Raises Unsupported for what has none."""
    if row.kind.forwarding is None:
        raise Unsupported(f"A {plain(row.kind.label)} has no ports that could be opened.")
    return row.kind.forwarding


async def may_open(gateway: Gateway, actor: Actor, row: Row) -> None:
    """Return when this person may open ports of it. Raises Denied."""
    await gateway.see(actor, row.cluster.id, row.namespace, NEED, verb=VERB, kind=row.kind.name, resource=row.resource)


async def why_not_there(gateway: Gateway, actor: Actor, row: Row, *, within: float = SOON, newest: bool = False) -> str:
    """Why the cluster would refuse it; "" when it would not, or does not say in time."""
    driver, permissions = gateway.driver(actor, row.cluster.id), forwarding_of(row).permissions
    return await refusal(driver, row.kind, row.resource, permissions, within=within, newest=newest)


async def open_port(
    gateway: Gateway, forwards: Forwards, actor: Actor, row: Row, port: int, *, secure: bool
) -> Forward:
    """Open a port. Raises Denied, NotPermitted, Missing, Conflict, Invalid or Unrecorded."""
    await may_open(gateway, actor, row)
    forwarding = forwarding_of(row)
    if not 0 < port < 65536:
        raise Invalid("A port is a number from 1 to 65535.")
    if len(forwards.of(actor)) >= MOST:
        raise Conflict(f"You have {MOST} ports open already.", hint="End one of them first.")
    event = event_of(
        actor, gateway.connections.cluster(row.cluster.id), row.kind.name, row.resource, VERB, detail={"port": port}
    )
    if why := await why_not_there(gateway, actor, row, within=BEFORE_ACTING, newest=True):
        await audit.denied(event, why)
        raise NotPermitted(why, hint=HINT)
    request = await audit.intent(event)
    try:
        forwarding.reach(row.resource, port, gateway.visible(actor, row.cluster.id, "pod"))
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    made = Forward(gateway, actor, row, port, secure, request, event)
    forwards.add(made)
    return made
