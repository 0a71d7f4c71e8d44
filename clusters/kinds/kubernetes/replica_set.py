"""Replica set: one version of a deployment; keeps its copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clusters.kinds.base import Column, Copy, Health, Kind, Level
from clusters.kinds.columns import AGE, CPU, MEMORY, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.formats import count
from clusters.kinds.kubernetes import rollouts
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.copies import judged_with
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.layered import keeps_pods
from clusters.kinds.kubernetes.owners import owner, said_kind
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.pod_model import PodSpec
from clusters.kinds.kubernetes.workload import Facts, overview_panel
from clusters.kinds.panels import LAYERS
from clusters.live.resource import Number

API, NOUN = "apps/v1/replicasets", "replicaset"


class Template(Part, frozen=True, gc=False, rename="camel"):
    """What its pods are made from."""

    spec: PodSpec = PodSpec()

    @property
    def image(self) -> str:
        """The image of the app's own container: to kubectl that is the first one, too."""
        return self.spec.containers[0].image if self.spec.containers else ""


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
    ready, wanted, over = one.status.ready_replicas, one.spec.replicas, one.status.replicas - one.spec.replicas
    if over > 0:
        return Health(Level.CHANGING, "Stopping", f"{count(over, 'copy', 'copies')} still to end.")
    if not wanted and one.controller:
        return Health(Level.STOPPED, "Replaced", "Another version is in use; this one is kept for going back.")
    if not wanted:
        return Health(Level.STOPPED, "Stopped", "No copies were asked for.")
    if ready < wanted:
        return Health(Level.CHANGING, "Starting", f"{ready} of {wanted} copies are ready.")
    return Health(Level.HEALTHY, "Running")


def with_copies(one: ReplicaSet, alone: Health, copies: Sequence[Copy]) -> Health:
    """Copies that crash are up now and then: what they say weighs more."""
    return judged_with(one, alone, copies, one.spec.replicas)


def _facts(one: ReplicaSet) -> Facts:
    return [
        ("Copies", f"{one.status.ready_replicas} of {one.spec.replicas} ready"),
        ("Image", one.spec.template.image or "–"),
        *((("Version", str(one.revision)),) if one.revision else ()),
        *(() if one.controller else (("Kept by", "nobody: nothing changes its version copy by copy"),)),
    ]


def _keeper(one: ReplicaSet) -> str:
    return f"{said_kind(one.controller.kind)} {one.controller.name}" if one.controller else ""


def _deleted(one: ReplicaSet) -> str:
    copies = f" with its {count(one.spec.replicas, 'copy', 'copies')}" if one.spec.replicas else ""
    if not one.controller:
        return f"Deletes {one.name}{copies}."
    if one.spec.replicas:
        return f"Deletes {one.name}{copies}; {_keeper(one)} makes it anew at once."
    return f"Deletes {one.name}: {_keeper(one)} cannot go back to this version any longer."


REPLICA_SET: Kind[ReplicaSet] = Kind(
    model=ReplicaSet,
    api=API,
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
        name_column(lambda one: one.spec.template.image, "minmax(180px, 2.3fr)"),
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
        replace(CPU, hidden=True),
        replace(MEMORY, hidden=True),
        AGE,
    ),
    panels=(overview_panel(_facts), LAYERS, CONDITIONS, EVENTS, YAML),
    actions=(
        rollouts.scale(
            API,
            NOUN,
            "Its settings and addresses stay.",
            refuse=lambda one: f"{_keeper(one)} sets the number of its copies: scale that." if one.controller else "",
        ),
        deleting(API, NOUN, effect=_deleted, stays=lambda one: "Addresses, settings, secrets and disks stay."),
    ),
    search=lambda one: f"{one.spec.template.image}\0{labels_text(one)}",
    owner=owner,
    copies_of="pod",
    layers=keeps_pods("replica-set"),
    with_copies=with_copies,
)
