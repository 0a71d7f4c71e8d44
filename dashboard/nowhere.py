"""What is made on a cluster and is about no resource yet: its button is on where it may be done somewhere, else off
with the reason, and missing for who sees no cluster that it would be done on. Doing it is decided again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clusters.access import Actor, Decision, Need, decide, reachable
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.reach import area_in
from dashboard.engine import engine

IN_PART = "This takes a cluster that is shared with you as a whole, not some of its namespaces."


@dataclass(frozen=True, slots=True)
class Offered:
    """A button that leads to a form. ``why_not``: it is shown, but off."""

    href: str
    why_not: str = ""


def seen(actor: Actor, only: str = "") -> list[Connection]:
    """The clusters that this person sees anything of: all, or ``only`` the one of that address."""
    return [engine.supervisor.connections[one] for one in engine.scope(actor, only)]


def somewhere(actor: Actor, cluster: ClusterInfo, need: Need) -> Decision:
    """May they do it there at all: on the cluster as a whole, or in any namespace that was granted by its name?"""
    named = sorted(one for one in reachable(actor, cluster.id) if one)
    decisions = [decide(actor, area_in(cluster, one), need) for one in (None, *named)]
    return max(decisions, key=lambda one: (one.allowed, one.known))


def as_a_whole(actor: Actor, cluster: ClusterInfo, need: Need) -> Decision:
    """The same where a namespace is not enough. For a cluster that they see something of, so that they know of it."""
    decision = decide(actor, area_in(cluster), need)
    if decision.allowed or decision.known or actor.limits_on(cluster.id):
        return decision
    return replace(decision, reason=IN_PART, known=True)


def why_nowhere(decisions: Iterable[Decision]) -> str:
    """Why it may be done nowhere; "" where it may be somewhere, or where they know of no place for it."""
    first = ""
    for one in decisions:
        if one.allowed:
            return ""
        first = first or (one.reason if one.known else "")
    return first


def offered(href: str, decisions: Iterable[Decision]) -> Offered | None:
    """The button that leads there; None where they know of no place for it."""
    decided = list(decisions)
    if any(one.allowed for one in decided):
        return Offered(href)
    why_not = why_nowhere(decided)
    return Offered("", why_not) if why_not else None
