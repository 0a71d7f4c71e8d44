"""Stateful set: copies with names, and disks, of their own; they come and go in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from clusters.kinds.base import Column, Copy, Health, Kind, Level
from clusters.kinds.columns import AGE, CPU, MEMORY, NAMESPACE, RESTARTS, STATUS, labels_text, name_column
from clusters.kinds.formats import count
from clusters.kinds.kubernetes import rollouts
from clusters.kinds.kubernetes.autoscaling import autoscale
from clusters.kinds.kubernetes.base import Condition, Metadata, Part, understood
from clusters.kinds.kubernetes.changing_image import change_image
from clusters.kinds.kubernetes.copies import judged_with
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.layered import keeps_pods
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.replica_set import Template
from clusters.kinds.kubernetes.roll_back_sets import roll_back_set
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.kinds.kubernetes.set_versions import version_rows
from clusters.kinds.kubernetes.traced import Traced
from clusters.kinds.kubernetes.workload import Facts, overview_panel, ready_column
from clusters.kinds.panels import LAYERS, LOGS, TERMINAL
from clusters.kinds.workload import Workload
from clusters.live.resource import Number

API, NOUN = "apps/v1/statefulsets", "statefulset"
GRACE = 30.0  # seconds that fewer copies than asked for are no fault yet


class ClaimTemplate(Part, frozen=True, gc=False, rename="camel"):
    """A disk that each copy gets."""

    metadata: Metadata = Metadata()


class Retention(Part, frozen=True, gc=False, rename="camel"):
    """What becomes of the disks."""

    when_deleted: str = "Retain"
    when_scaled: str = "Retain"


class RollingUpdate(Part, frozen=True, gc=False, rename="camel"):
    """How far a change goes: copies below this number stay as they are."""

    partition: Number = 0


class UpdateStrategy(Part, frozen=True, gc=False, rename="camel"):
    """How it changes from one version to the next."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class StatefulSetSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    replicas: Number = 1
    service_name: str = ""
    pod_management_policy: str = "OrderedReady"
    selector: LabelSelector = LabelSelector()
    template: Template = Template()
    update_strategy: UpdateStrategy = UpdateStrategy()
    volume_claim_templates: list[ClaimTemplate] | None = None
    persistent_volume_claim_retention_policy: Retention = Retention()


class StatefulSetStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    observed_generation: Number = 0
    replicas: Number = 0
    ready_replicas: Number = 0
    updated_replicas: Number = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: list[Condition] | None = None


class StatefulSet(Traced, frozen=True, gc=False, rename="camel"):
    """An app whose copies are not alike."""

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()

    @property
    def disks(self) -> list[str]:
        """The names of the disks that each copy has."""
        return [one.metadata.name for one in self.spec.volume_claim_templates or ()]


def _updating(one: StatefulSet) -> bool:
    spec, status = one.spec, one.status
    if status.observed_generation < one.metadata.generation:
        return True
    if spec.update_strategy.type != "RollingUpdate" or status.update_revision == status.current_revision:
        return False
    partition = spec.update_strategy.rolling_update.partition if spec.update_strategy.rolling_update else 0
    return status.updated_replicas < spec.replicas - partition


def copies(one: StatefulSet) -> tuple[int, int, int]:
    """Ready, wanted, starting."""
    ready, wanted = min(one.status.ready_replicas, one.spec.replicas), one.spec.replicas
    return ready, wanted, wanted - ready if _updating(one) else 0


@understood
def health(one: StatefulSet) -> Health:
    """What is down comes first, then what is under way."""
    status, wanted, ready = one.status, one.spec.replicas, one.status.ready_replicas
    if not wanted:
        if status.replicas:
            return Health(Level.CHANGING, "Stopping", f"{count(status.replicas, 'copy', 'copies')} still to end.")
        return Health(Level.STOPPED, "Stopped", "No copies were asked for.")
    few = f"{ready} of {wanted} copies are ready."
    if _updating(one) and ready:
        new = f"{status.updated_replicas} of {wanted} copies have the new version."
        return Health(Level.CHANGING, "Updating", new, since=one.changed)
    if ready >= wanted:
        over = status.replicas - wanted
        if over > 0:
            return Health(Level.CHANGING, "Stopping", f"{count(over, 'copy', 'copies')} still to end.")
        return Health(Level.HEALTHY, "Running")
    if time.time() - max(one.changed, one.created) < GRACE:
        return Health(Level.CHANGING, "Starting", few, since=one.changed)
    return Health(Level.AT_RISK if ready else Level.FAILING, "Degraded" if ready else "Down", few, since=one.changed)


def with_copies(one: StatefulSet, alone: Health, pods: Sequence[Copy]) -> Health:
    """Its copies start one after the other: one that does not get ready holds up all after it."""
    waiting = one.spec.replicas - one.status.replicas
    held = one.spec.pod_management_policy == "OrderedReady" and waiting > 0
    then = f"{count(waiting, 'copy waits', 'copies wait')} for it: they start one after the other." if held else ""
    judged = judged_with(one, alone, pods, one.spec.replicas, then)
    if judged is not alone or not held or alone.level > Level.CHANGING or one.metadata.deletion_timestamp:
        return judged
    unready = sorted((pod for pod in pods if pod.health.level is not Level.HEALTHY), key=lambda pod: pod.resource.name)
    if not unready:
        return alone
    first = unready[0]
    words = f"{alone.reason} {first.resource.name}: {first.health.reason or first.health.word} {then}"
    return replace(alone, reason=words, code=first.health.code)


def _facts(one: StatefulSet) -> Facts:
    policy = one.spec.persistent_volume_claim_retention_policy
    order = "one after the other" if one.spec.pod_management_policy == "OrderedReady" else "all at once"
    how = "copy by copy, the last one first" if one.spec.update_strategy.type == "RollingUpdate" else "when they end"
    return [
        ("Copies", f"{one.status.ready_replicas} of {one.spec.replicas} ready"),
        ("They start", order),
        ("How it changes", how),
        ("Named by service", one.spec.service_name or "none: its copies have no names in the network"),
        ("Disks of each copy", ", ".join(one.disks) or "none"),
        *(
            (("When it is deleted, its disks", "go, too" if policy.when_deleted == "Delete" else "stay"),)
            if one.disks
            else ()
        ),
        ("Selects", one.spec.selector.words or "–"),
    ]


def _deleted(one: StatefulSet) -> str:
    disks = one.disks and one.spec.persistent_volume_claim_retention_policy.when_deleted == "Delete"
    copies = count(one.spec.replicas, "copy", "copies")
    return f"Deletes {one.name} with its {copies}{' and their disks, with all data' if disks else ''}."


def _kept_when_scaled(one: StatefulSet) -> str:
    if one.disks and one.spec.persistent_volume_claim_retention_policy.when_scaled == "Delete":
        return "The disks of copies that end are deleted with them, with all data. Its settings and addresses stay."
    return "Its settings and addresses stay, and the disks of the copies that end."


def _stays(one: StatefulSet) -> str:
    if one.disks and one.spec.persistent_volume_claim_retention_policy.when_deleted == "Delete":
        return "Its addresses, settings and secrets stay."
    return "Its disks (claims) stay, with their data; so do addresses, settings and secrets."


STATEFUL_SET: Kind[StatefulSet] = Kind(
    model=StatefulSet,
    api=API,
    name="stateful-set",
    label="Stateful set",
    plural="Stateful sets",
    icon="database",
    group="Workloads",
    platform="kubernetes",
    words="An app whose copies have names and disks of their own, and come and go in order: a database.",
    health=health,
    always=True,
    columns=(
        name_column(lambda one: one.spec.template.image, "minmax(180px, 2.3fr)"),
        STATUS,
        NAMESPACE,
        ready_column(copies),
        CPU,
        MEMORY,
        Column(key="disks", label="Disks", cell="tags", value=lambda one: one.disks, words="What each copy keeps."),
        RESTARTS,
        AGE,
    ),
    panels=(overview_panel(_facts, versions=version_rows), LAYERS, LOGS, TERMINAL, CONDITIONS, EVENTS, YAML),
    actions=(
        rollouts.scale(API, NOUN, _kept_when_scaled),
        rollouts.restart(API, NOUN, "Replaces the copies of {name} by new ones, one after the other, the last first."),
        change_image(API, NOUN, "Its copies are replaced one after the other, the last first."),
        roll_back_set(API, NOUN, "Its copies are replaced one after the other, the last first."),
        autoscale("StatefulSet", NOUN),
        deleting(API, NOUN, effect=_deleted, stays=_stays),
    ),
    search=lambda one: f"{one.spec.template.image}\0{labels_text(one)}",
    copies_of="pod",
    layers=keeps_pods("stateful-set"),
    with_copies=with_copies,
    workload=Workload(image=lambda one: one.spec.template.image, copies=copies, restarts=lambda one: None),
)
