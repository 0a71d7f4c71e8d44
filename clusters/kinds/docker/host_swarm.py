"""Which Swarm an engine belongs to, and where that is shown when one of its managers is connected, too. That it is out
of it is found also while nobody looks at hosts: no other manager may be connected that could tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clusters.kinds.base import Look
from clusters.kinds.docker.host_model import Host
from clusters.kinds.noticing import Noticing

LOCKED = "Locked"  # the word of its health
OUT_OF_IT = ("locked", "error")  # states of an engine's part in its Swarm that nothing but somebody ends
_NOT_YET = {
    "pending": "it is joining one",
    "locked": "it belongs to one, and is locked: it needs the unlock key to go on",
    "error": "it belongs to one, and cannot reach it",
}


def swarm_of(look: Look) -> Mapping[str, Any]:
    """``words``; and, where it is known, the ``cluster`` that shows the Swarm and the ``node`` that this engine is."""
    one: Host = look.resource
    if not one.swarm.is_part:
        return {"words": "in none"}
    part = "manages one" if one.swarm.control_available else "works in one"
    words = _NOT_YET.get(one.swarm.local_node_state, part)
    if one.swarm.control_available:
        return {"words": words, "own": True, "node": one.swarm.node_id}
    for cluster, node in look.elsewhere("swarm-node"):
        if node.uid == one.swarm.node_id:
            return {"words": "works in", "cluster": cluster, "node": node.uid}
    managers = ", ".join(manager.addr for manager in one.swarm.remote_managers or () if manager.addr)
    hint = f"; its managers are at {managers}: connect one of them to see it" if managers else ""
    return {"words": words + hint}


async def _out_of_it(own: Sequence[Host], others: Mapping[str, Sequence[Any]]) -> Sequence[Host]:
    return [one for one in own if one.swarm.local_node_state in OUT_OF_IT]


def _is_in_none(one: Host) -> bool:
    return one.swarm.local_node_state in ("", "inactive")


OUT_OF_ITS_SWARM: Noticing[Host] = Noticing(
    kinds=(), mark=lambda one: 0, find=_out_of_it, at_once=True, rests=_is_in_none
)
