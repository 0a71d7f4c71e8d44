"""A connected Docker host joins a connected Swarm: the token is read and used here, and shown to nobody."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters import audit
from clusters.access import Actor, Need
from clusters.carrying_out import event_of
from clusters.connections import ClusterLike
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unreachable
from clusters.gateway import Gateway
from clusters.jobs import Made, Reporter
from clusters.kinds.asked_again import asked_again
from clusters.kinds.base import Role
from clusters.kinds.docker.host_model import Host
from clusters.kinds.docker.host_swarm_actions import PATIENCE, PORT
from clusters.long_work import LongWork
from clusters.shells import in_time

NEED = Need(Role.ADMIN)
ROLES = {"worker": "Worker", "manager": "Manager"}
ASKS = 8.0  # seconds
SEEN_WITHIN = 30.0  # seconds in which a Swarm shows the node that has joined
_TRIES_ON = ("in the background", "timeout was reached")  # in what an engine says
_PORTS = "Managers must be reached on port 2377 (TCP), and all nodes each other on 7946 (TCP, UDP) and 4789 (UDP)."
_joining: set[str] = set()  # engines, by the ids that they gave themselves


@dataclass(frozen=True, slots=True)
class Asked:
    """Which host is to join which Swarm, as what."""

    swarm: ClusterLike
    cluster: ClusterLike  # that of the host
    host: Host
    role: str


async def asked(gateway: Gateway, actor: Actor, swarm_id: int, host_id: int, role: str) -> Asked:
    """What it is about, when this person may do it to both. Raises Denied, Missing, Conflict."""
    if role not in ROLES:
        raise Invalid("A machine joins as a worker or as a manager.")
    await gateway.see(actor, swarm_id, None, NEED, verb="let-in", kind="swarm")
    await gateway.see(actor, host_id, None, NEED, verb="join-swarm", kind="host")
    swarm, cluster = (gateway.connections.cluster(one) for one in (swarm_id, host_id))
    host = await in_time(_engine(gateway.driver(actor, host_id)), ASKS)
    if host.swarm.is_part:
        raise Conflict(f"{host.name} belongs to a Swarm already: let it leave that first.")
    return Asked(swarm, cluster, host, role)


async def _engine(driver: Driver) -> Host:
    """What an engine says of itself now."""
    try:
        return msgspec.convert(await driver.call(Call("GET", ("info",), timeout=ASKS)), Host, strict=False)
    except msgspec.ValidationError as error:
        raise ClusterError("That engine describes itself in a way that Pilothouse does not understand.") from error


async def begin(gateway: Gateway, actor: Actor, swarm_id: int, host_id: int, role: str) -> str:
    """Begin the job; its key. It is in the audit of both, without the token."""
    one = await asked(gateway, actor, swarm_id, host_id, role)
    mine = one.host.id or str(host_id)
    if mine in _joining:  # also of the same engine under another name
        raise Conflict(f"{one.host.name} is joining already.", hint="Wait until that has ended, or cancel it.")
    detail = {"as": role, "host": one.host.name}
    event = event_of(actor, one.swarm, "swarm", None, "let-in", detail=detail, name=one.swarm.name)

    async def work(driver: Driver, says: Reporter) -> Made:
        try:
            return await recorded(driver, says)
        finally:
            _joining.discard(mine)

    async def recorded(driver: Driver, says: Reporter) -> Made:
        request = await audit.intent(event)
        try:
            node = await _join(gateway.driver(actor, swarm_id), driver, one, says)
        except ClusterError as error:
            await audit.outcome(request, event, "failed", error.message)
            raise
        except asyncio.CancelledError:
            await asyncio.shield(audit.outcome(request, event, "failed", "Stopped."))
            raise
        await audit.outcome(request, event, "done")
        return Made(f"{one.host.name} is a {role} of the Swarm of {one.swarm.name}.", "swarm-node", node)

    title = f"{one.host.name} joins {one.swarm.name}"
    detail, about = {"swarm": one.swarm.name, "as": role}, ("host", one.host.name)
    join = LongWork(need=NEED, verb="join-swarm", title=title, run=work, detail=detail, about=about)
    _joining.add(mine)
    try:
        return await gateway.begin(actor, host_id, join)
    except BaseException:
        _joining.discard(mine)  # it never began
        raise


async def _join(manager: Driver, driver: Driver, one: Asked, says: Reporter) -> str:
    """The name of the node that it is then."""
    token, addresses = await _way_in(manager, one.role)
    if (await _engine(driver)).swarm.is_part:  # by now: whatever it belongs to is not ours to take it out of
        raise Conflict(f"{one.host.name} belongs to a Swarm by now. Nothing was done.")
    says.say(f"{one.host.name} joins as a {one.role}, by the manager at {addresses[0]}.")
    body = {"ListenAddr": f"0.0.0.0:{PORT}", "AdvertiseAddr": "", "RemoteAddrs": list(addresses), "JoinToken": token}
    try:
        await driver.call(Call("POST", ("swarm", "join"), body=body, timeout=PATIENCE))
    except asyncio.CancelledError:
        await asyncio.shield(_take_back(driver, one, says))
        raise
    except ClusterError as error:
        if _goes_on(error):
            await asyncio.shield(_take_back(driver, one, says))
        raise _why_not(error, one, addresses[0], token) from error
    says.say(f"{one.host.name} has joined.")
    return await _shown(manager, driver, one, says)


async def _way_in(manager: Driver, role: str) -> tuple[str, Sequence[str]]:
    """The token, and where managers are. Raises what stands in the way, before the other machine is asked anything."""
    said: Any = await manager.call(Call("GET", ("swarm",)))
    token = str(((said or {}).get("JoinTokens") or {}).get(ROLES[role]) or "")
    if not token:
        raise Missing("That engine manages no Swarm any more.")
    about: Any = await manager.call(Call("GET", ("info",)))
    part: Mapping[str, Any] = (about or {}).get("Swarm") or {}
    found = [str(each.get("Addr")) for each in part.get("RemoteManagers") or () if each.get("Addr")]
    found = [address for address in found if not _only_here(address)]
    if not found:
        words = "Its managers give out an address that no other machine can reach."
        hint = "A Swarm keeps the address it was begun with (--advertise-addr): begin it with one that others reach."
        raise Conflict(words, hint=hint)
    own = str(part.get("NodeAddr") or "")
    return token, sorted(found, key=lambda address: not address.startswith(f"{own}:"))


def _only_here(address: str) -> bool:
    with suppress(ValueError):
        host = ipaddress.ip_address(address.rpartition(":")[0].strip("[]"))
        return host.is_loopback or host.is_unspecified
    return False


def _why_not(error: ClusterError, one: Asked, address: str, token: str) -> ClusterError:
    said = f"{error.message} {error.detail}".replace(token, "•••")
    low = said.casefold()
    if any(word in low for word in ("refused", "timeout", "no route", "deadline", "unreachable", "does not answer")):
        return ClusterError(f"{one.host.name} does not reach the manager at {address}.", hint=_PORTS, detail=said)
    if "token" in low:
        return Refused(
            "The Swarm did not take its own token: it was replaced just now.", hint="Try again.", detail=said
        )
    return type(error)(error.message.replace(token, "•••"), hint=error.hint, detail=said)


def _goes_on(error: ClusterError) -> bool:
    """May the engine go on trying after it said so, or said nothing? What it refused it does not try again."""
    said = f"{error.message} {error.detail}".casefold()
    return (isinstance(error, Unreachable) and error.sent) or any(words in said for words in _TRIES_ON)


async def _take_back(driver: Driver, one: Asked, says: Reporter) -> None:
    """An engine that was not let in in time goes on trying by itself: it is told to stop. One that is in stays."""
    try:
        about: Any = await driver.call(Call("GET", ("info",), timeout=10.0))
        state = str(((about or {}).get("Swarm") or {}).get("LocalNodeState") or "inactive")
        if state not in ("pending", "error"):
            if state != "inactive":
                says.say(f"{one.host.name} belongs to a Swarm by now, and stays in it.", "warning")
            return
        await driver.call(Call("POST", ("swarm", "leave"), {"force": "true"}, timeout=PATIENCE))
    except ClusterError as error:
        says.say(f"{one.host.name} may still be trying to join: {error.message} Let it leave by hand.", "error")
    else:
        says.say(f"{one.host.name} was told to stop trying, and belongs to no Swarm.", "warning")


async def _shown(manager: Driver, driver: Driver, one: Asked, says: Reporter) -> str:
    """Wait until the Swarm shows it. What is not seen in time is said, for it has joined."""
    about: Any = await asked_again(lambda: driver.call(Call("GET", ("info",))), says)
    uid = str(((about or {}).get("Swarm") or {}).get("NodeID") or "")
    ends = asyncio.get_running_loop().time() + SEEN_WITHIN
    while asyncio.get_running_loop().time() < ends:
        nodes: Any = await asked_again(lambda: manager.call(Call("GET", ("nodes",))), says)
        mine = next((each for each in nodes or () if each.get("ID") == uid), None)
        if mine and (mine.get("Status") or {}).get("State") == "ready":
            return str((mine.get("Description") or {}).get("Hostname") or uid)
        await asyncio.sleep(0.5)
    raise ClusterError(
        f"{one.host.name} has joined, and the Swarm does not hear it yet.", hint=f"It may take a while. {_PORTS}"
    )
