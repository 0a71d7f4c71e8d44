"""Why the scheduler found no node for a pod, in plain words.

It says of each reason how many nodes have it: "0/3 nodes are available: 2 Insufficient memory, 1 node(s) had
untolerated taint {dedicated: gpu}. preemption: ..." (kube-scheduler, framework/types.go, FitError).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.kinds.formats import count, listed

_LONGEST = 4000  # characters that are read; a message of a thousand nodes names a few reasons, too
_NODES = re.compile(r"(?:^|: )0/\d{1,6} nodes are available: (.*?)(?:\. |\.?$)", re.DOTALL)
_PARTS = re.compile(r", (?=\d{1,6} )")
_MANY = re.compile(r"(\d{1,6}) ")


@dataclass(frozen=True, slots=True)
class _Reason:
    """What the scheduler says; what that means when it is all; and of some nodes among others: of one, of several."""

    pattern: str
    alone: str
    one: str = ""
    several: str = ""


NO_DISK = "The disk it needs is not ready."
_REASONS = (
    _Reason(
        r"Insufficient (\S{1,100}?)[.,]?(?:\s|$)",
        "No node has enough free {0} for it.",
        "has too little free {0}",
        "have too little free {0}",
    ),
    _Reason(
        r"untolerated taint[^{]*\{?node\.kubernetes\.io/"
        r"(not-ready|unreachable|disk-pressure|memory-pressure|unschedulable)",
        "The nodes that would fit are not well or closed to new work ({0}).",
        "is not well or closed to new work ({0})",
        "are not well or closed to new work ({0})",
    ),
    _Reason(
        r"untolerated taint",
        "The nodes are reserved for other work, and it has no pass for them.",
        "is reserved for other work",
        "are reserved for other work",
    ),
    _Reason(
        r"were unschedulable",
        "The nodes that would fit are closed to new work.",
        "is closed to new work",
        "are closed to new work",
    ),
    _Reason(
        r"didn't match Pod's node affinity/selector",
        "No node carries the labels it asks for.",
        "does not carry the labels it asks for",
        "do not carry the labels it asks for",
    ),
    _Reason(
        r"anti-affinity",
        "Its copies refuse to share a node, and there are not enough nodes.",
        "has what it refuses to share a node with",
        "have what it refuses to share a node with",
    ),
    _Reason(
        r"topology spread",
        "Its copies could not be spread as it asks.",
        "has as many of its copies as the spread it asks for allows",
        "have as many of its copies as the spread it asks for allows",
    ),
    _Reason(
        r"volume node affinity conflict",
        "Its disk is in another place than the free nodes.",
        "does not reach its disk",
        "do not reach its disk",
    ),
    _Reason(
        r"exceed max volume count",
        "The nodes cannot attach another disk.",
        "cannot attach another disk",
        "cannot attach another disk",
    ),
    _Reason(
        r"free ports",
        "The port it wants on the node is taken.",
        "has its port in use already",
        "have its port in use already",
    ),
    _Reason(
        r"Too many pods",
        "Each node has as many pods as it may have.",
        "has as many pods as it may have",
        "have as many pods as they may have",
    ),
    _Reason(r"unbound immediate PersistentVolumeClaims", NO_DISK),
    _Reason(r"persistentvolumeclaim \"([^\"]{1,253})\" not found", "The disk it asks for ({0}) does not exist."),
)


def placing_words(message: str, claims: Sequence[str] = ()) -> str:
    """Why there is no node: the reason, or what each of several means for how many nodes; else the scheduler's own
    words."""
    message = message[:_LONGEST]
    nodes = _NODES.search(message)
    parts = _PARTS.split(nodes[1]) if nodes else []
    if len(parts) > 1:
        return f"No node fits: {listed([_of_some(part) for part in parts])}."
    for reason in _REASONS:
        if found := re.search(reason.pattern, message):
            if reason.alone == NO_DISK and claims:
                return f"A disk it needs is not ready: claim {listed(claims[:3])} says why."
            return reason.alone.format(*found.groups())
    return message[:300] or "No node fits it."


def _of_some(part: str) -> str:
    """ "2 Insufficient cpu": "2 nodes have too little free cpu"; its own words where we have none for it."""
    many = _MANY.match(part)
    for reason in _REASONS:
        if many and reason.one and (found := re.search(reason.pattern, part)):
            number = int(many[1])
            words = reason.one if number == 1 else reason.several
            return f"{count(number, 'node')} {words.format(*found.groups())}"
    return part[:200]
