"""Replica set: one version of a deployment; keeps its copies."""

from __future__ import annotations

from collections.abc import Sequence

from clusters.kinds.base import Column, Copy, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.copies import judged_with
from clusters.kinds.kubernetes.owners import owner
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.pod_model import PodSpec
from clusters.live.resource import Number


class Template(Part, frozen=True, gc=False, rename="camel"):
    """What its pods are made from."""

    spec: PodSpec = PodSpec()

    @property
    def image(self) -> str:
        """The image of the app's own container."""
        return self.spec.containers[-1].image if self.spec.containers else ""


class ReplicaSetSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    replicas: Number = 1
    template: Template = Template()


class ReplicaSetStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    replicas: Number = 0
    ready_replicas: Number = 0
    available_replicas: Number = 0
    conditions: list[Condition] | None = None


class ReplicaSet(Object, frozen=True, gc=False, rename="camel"):
    """One version of a deployment."""

    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


@understood
def health(one: ReplicaSet) -> Health:
    """A version that was replaced is stopped; the one in use is as its copies are."""
    failed = condition(one.status.conditions, "ReplicaFailure")
    if failed and failed.status == "True":
        return Health(Level.FAILING, "Cannot make copies", failed.message[:300], failed.reason, failed.since)
    if not one.spec.replicas:
        return Health(Level.STOPPED, "Replaced", "Another version is in use; this one is kept for going back.")
    if one.status.ready_replicas < one.spec.replicas:
        return Health(
            Level.CHANGING, "Starting", f"{one.status.ready_replicas} of {one.spec.replicas} copies are ready."
        )
    return Health(Level.HEALTHY, "Running")


def with_copies(one: ReplicaSet, alone: Health, copies: Sequence[Copy]) -> Health:
    """Copies that crash are up now and then: what they say weighs more."""
    return judged_with(alone, copies, one.spec.replicas)


REPLICA_SET: Kind[ReplicaSet] = Kind(
    model=ReplicaSet,
    api="apps/v1/replicasets",
    name="replica-set",
    label="Replica set",
    plural="Replica sets",
    icon="layers",
    group="Workloads",
    platform="kubernetes",
    words="One version of a deployment. Old ones are kept with no copies, so that it can go back to them.",
    health=health,
    always=True,
    columns=(
        Column(
            key="name",
            label="Name",
            cell="name",
            value=lambda one: [one.name, one.spec.template.image],
            sort=lambda one: one.name,
            width="minmax(180px, 2.3fr)",
        ),
        STATUS,
        NAMESPACE,
        Column(
            key="ready",
            label="Ready",
            cell="pips",
            value=lambda one: [one.status.ready_replicas, one.spec.replicas, 0],
            sort=lambda one: one.status.ready_replicas,
            width="110px",
        ),
        Column(
            key="revision",
            label="Version",
            cell="number",
            value=lambda one: one.revision or None,
            sort=lambda one: one.revision,
            width="80px",
            end=True,
        ),
        AGE,
    ),
    panels=(CONDITIONS, EVENTS, YAML),
    search=lambda one: one.spec.template.image,
    owner=owner,
    copies_of="pod",
    with_copies=with_copies,
)
