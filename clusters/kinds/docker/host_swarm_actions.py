"""An engine begins a Swarm, joins one, is unlocked in it, or leaves it."""

from __future__ import annotations

import re
import shlex
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid, Unreachable
from clusters.kinds.actions import Values
from clusters.kinds.base import Action, Role
from clusters.kinds.docker.host_model import Host
from clusters.kinds.field import Field

PORT = 2377  # where managers listen, unless somebody chose another one
PATIENCE = 60.0  # seconds that the engine may take to find the managers
_ADDRESS = r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,199}"
_TOKEN = re.compile(r"SWMTKN-1-[a-z0-9]{20,80}-[a-z0-9]{10,60}")
_REMOTE = re.compile(r"(?P<address>(?:[A-Za-z0-9][A-Za-z0-9._-]{0,199}|\[[0-9a-fA-F:.%]{2,60}\]):\d{1,5})(?:\s|$)")
_SHARED = Field(
    name="address",
    label="Address",
    required=False,
    max_length=200,
    pattern=_ADDRESS,
    help="By which the other machines reach this one. Left empty, the engine chooses.",
)


def _is_part(one: Host) -> str:
    return "It belongs to a Swarm already: let it leave that first." if one.swarm.is_part else ""


async def _start(driver: Driver, one: Host, values: Values) -> str:
    body: dict[str, Any] = {"ListenAddr": f"0.0.0.0:{PORT}", "AdvertiseAddr": str(values.get("address") or "")}
    await driver.call(Call("POST", ("swarm", "init"), body=body, timeout=PATIENCE))
    return f"{one.name} manages a Swarm now: it is shown as one in a moment"


def read_join_line(text: str) -> tuple[str, str]:
    """The token and the address of "docker swarm join --token … 10.0.0.1:2377". Raises Invalid."""
    token, remote = _TOKEN.search(text), _REMOTE.search(text)
    if token is None or remote is None:
        hint = "It is under “Joining” on the page of the Swarm, or is told by: docker swarm join-token worker"
        raise Invalid("That is no line by which a machine joins a Swarm.", hint=hint, field="line")
    return token[0], remote["address"]


async def _join(driver: Driver, one: Host, values: Values) -> str:
    token, remote = read_join_line(str(values["line"]))
    body = {
        "ListenAddr": f"0.0.0.0:{PORT}",
        "AdvertiseAddr": str(values.get("address") or ""),
        "RemoteAddrs": [remote],
        "JoinToken": token,
    }
    await driver.call(Call("POST", ("swarm", "join"), body=body, timeout=PATIENCE))
    return f"{one.name} has joined the Swarm at {remote}"


async def _unlock(driver: Driver, one: Host, values: Values) -> str:
    body = {"UnlockKey": str(values["unlock_key"]).strip()}
    try:
        await driver.call(Call("POST", ("swarm", "unlock"), body=body, timeout=PATIENCE))
    except Unreachable:
        raise
    except ClusterError as error:
        if "invalid key" in f"{error.message} {error.detail}":
            hint = "It is under “Joining” on the page of its Swarm, on a manager that is not locked."
            words = "That is not the key of its Swarm."
            raise Invalid(words, hint=hint, detail=error.detail, field="unlock_key") from error
        raise
    return f"{one.name} is unlocked, and goes on in its Swarm"


def _left(one: Host) -> str:
    if one.swarm.control_available:
        return (
            f"{one.name} is a manager. When it is the last one, the Swarm is gone with all its services, secrets and "
            "configs; when others are left, they have to remain more than half."
        )
    return f"Its tasks end on {one.name}, and are started on other nodes that fit."


def _stays_for(one: Host, said: str) -> str:
    """Why a manager does not leave just so: the engine's words in ours."""
    if "last manager" in said:
        return f"{one.name} is the last manager: without it, the Swarm is gone with its services, secrets and configs."
    if left := re.search(r"leaves (\d{1,6}) managers out of (\d{1,6})", said):
        return f"{one.name} is a manager: without it, only {left[1]} of {left[2]} are left, too few to decide."
    return f"{one.name} is a manager, which others may need to decide."


async def _leave(driver: Driver, one: Host, values: Values) -> str:
    query = {"force": "true"} if values.get("force") else {}
    try:
        await driver.call(Call("POST", ("swarm", "leave"), query, timeout=PATIENCE))
    except Unreachable:
        raise
    except ClusterError as error:
        said = f"{error.message} {error.detail}"
        if "participating as a manager" not in said:
            raise
        hint = "Demote it first, on the page of its node; or say that it leaves also when it is a manager."
        raise Conflict(_stays_for(one, said), hint=hint, detail=error.detail or error.message) from error
    return f"{one.name} has left the Swarm"


START_SWARM: Action[Host] = Action(
    verb="start-swarm",
    label="Start a Swarm",
    joint="on",
    icon="swarm",
    effect=lambda one: f"Makes {one.name} the first manager of a Swarm, which other machines can join.",
    stays=lambda one: "Its containers go on.",
    run=_start,
    role=Role.ADMIN,
    fields=(_SHARED,),
    refuse=_is_part,
    bulk=False,
    more=True,
    line=lambda one, values: shlex.join(
        ["docker", "swarm", "init", *(["--advertise-addr", str(values["address"])] if values.get("address") else [])]
    ),
)
JOIN_SWARM: Action[Host] = Action(
    verb="join-swarm",
    label="Join a Swarm",
    joint="with",
    icon="log-in",
    effect=lambda one: f"Makes {one.name} a node of a Swarm: its managers may run there whatever they like.",
    stays=lambda one: "Its containers go on.",
    run=_join,
    role=Role.ADMIN,
    fields=(
        Field(
            name="line",
            label="Join line",
            type="secret",
            max_length=1000,
            help="As it is under “Joining” on the page of the Swarm: docker swarm join --token … 10.0.0.1:2377",
        ),
        _SHARED,
    ),
    refuse=_is_part,
    bulk=False,
    more=True,
    line=lambda one, values: "docker swarm join --token … ADDRESS",
)
UNLOCK_SWARM: Action[Host] = Action(
    verb="unlock-swarm",
    label="Unlock its Swarm",
    joint="on",
    icon="lock-keyhole",
    effect=lambda one: f"Gives {one.name} the key, so that it opens what it keeps of its Swarm and goes on in it.",
    stays=lambda one: "It is locked again when it is started again, as long as its Swarm locks managers.",
    run=_unlock,
    role=Role.ADMIN,
    fields=(
        Field(
            name="unlock_key",
            label="Unlock key",
            type="secret",
            max_length=200,
            help="SWMKEY-1-…, as it was kept outside of the Swarm.",
        ),
    ),
    refuse=lambda one: "" if one.swarm.local_node_state == "locked" else "It is not locked.",
    bulk=False,
    more=True,
    line=lambda one, values: "docker swarm unlock",
)
LEAVE_SWARM: Action[Host] = Action(
    verb="leave-swarm",
    label="Leave the Swarm",
    joint="with",
    icon="log-out",
    effect=_left,
    stays=lambda one: (
        "Other containers, volumes and images stay. The Swarm shows its node as down until that is removed."
    ),
    run=_leave,
    role=Role.ADMIN,
    fields=(
        Field(name="force", label="Also when it is a manager, or cannot reach the others", type="flag", required=False),
    ),
    refuse=lambda one: "" if one.swarm.is_part else "It belongs to no Swarm.",
    danger=True,
    bulk=False,
    more=True,
    line=lambda one, values: "docker swarm leave --force" if values.get("force") else "docker swarm leave",
)
