"""Lease: who is at it now, of several who could be. Renewed every few seconds, so it is listed and never watched."""

from __future__ import annotations

import time

from clusters.drivers.base import LIST_EVERY
from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.formats import epoch, span
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.live.resource import Number

API = "coordination.k8s.io/v1/leases"
OF_NODES = "kube-node-lease"  # the namespace of those that say that a node is there: nobody else takes them
SLACK = 2 * LIST_EVERY  # seconds in which it may have been renewed since we last looked


class LeaseSpec(Part, frozen=True, gc=False, rename="camel"):
    """Who has it, since when, and for how long it counts."""

    holder_identity: str | None = None
    lease_duration_seconds: Number | None = None
    renew_time: str | None = None
    lease_transitions: Number | None = None


class Lease(Object, frozen=True, gc=False, rename="camel"):
    """One lease."""

    spec: LeaseSpec = LeaseSpec()

    @property
    def holder(self) -> str:
        """Who has it; "" for nobody."""
        return self.spec.holder_identity or ""

    @property
    def renewed(self) -> float:
        """When its holder was last heard, in epoch seconds."""
        return epoch(self.spec.renew_time)


@understood
def health(one: Lease) -> Health:
    """Held, or free to be taken."""
    if not one.holder:
        return Health(Level.STOPPED, "Free", "Nobody has it now.")
    if not one.renewed or not one.spec.lease_duration_seconds:
        return Health(Level.HEALTHY, "Held")
    ends = one.renewed + one.spec.lease_duration_seconds
    if time.time() < ends + SLACK:
        return Health(Level.HEALTHY, "Held", until=ends + SLACK)
    words = f"{one.holder} had it, and was to renew it {span(time.time() - ends)} ago: another one may take it."
    if one.namespace == OF_NODES:
        words = f"The node {one.holder} was to renew it {span(time.time() - ends)} ago: it is not heard any more."
    return Health(Level.STOPPED, "Run out", words, f"leaseDurationSeconds {one.spec.lease_duration_seconds}")


def _facts(one: Lease) -> list[Fact]:
    spec = one.spec
    return [
        Fact("Held by", one.holder or "nobody", mono=bool(one.holder)),
        Fact(
            "Counts for",
            f"{span(spec.lease_duration_seconds)} after it was renewed" if spec.lease_duration_seconds else "–",
        ),
        Fact("Changed hands", f"{spec.lease_transitions or 0} times"),
    ]


LEASE: Kind[Lease] = Kind(
    model=Lease,
    api=API,
    name="lease",
    label="Lease",
    plural="Leases",
    icon="key-round",
    group="Everything else",
    platform="kubernetes",
    watched=False,
    words="Says which of several programs, or which node, is at work now: renewed every few seconds.",
    health=health,
    columns=(
        name_column(),
        STATUS,
        NAMESPACE,
        Column(
            key="holder",
            label="Held by",
            cell="mono",
            value=lambda one: one.holder or None,
            sort=lambda one: one.holder,
            width="minmax(200px, 2fr)",
        ),
        Column(
            key="renewed",
            label="Renewed",
            cell="age",
            value=lambda one: one.renewed or None,
            sort=lambda one: -one.renewed,
            width="84px",
            end=True,
            words="How long ago its holder was last heard, when this list was made.",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts), EVENTS, YAML),
    actions=(
        deleting(
            API,
            "lease",
            effect=lambda one: f"Deletes {one.name}: whoever comes first takes it anew.",
            stays=lambda one: "Its holder goes on running, and may stop when it notices.",
        ),
    ),
    search=lambda one: one.holder,
)
