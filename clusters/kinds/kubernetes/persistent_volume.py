"""Persistent volume: a disk, and the claim that has it."""

from __future__ import annotations

from dataclasses import replace

from clusters.kinds.base import Column, Health, Kind, Level, Role
from clusters.kinds.columns import AGE, STATUS, name_column, size_column
from clusters.kinds.formats import size
from clusters.kinds.kubernetes.base import Object, Part, ending, understood_to_the_end
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.quantities import quantity
from clusters.kinds.kubernetes.storage import AFTER, modes

API, NOUN = "v1/persistentvolumes", "pv"


class Holder(Part, frozen=True, gc=False, rename="camel"):
    """The claim that has it."""

    namespace: str = ""
    name: str = ""


class VolumeSpec(Part, frozen=True, gc=False, rename="camel"):
    """What it is."""

    capacity: dict[str, str] | None = None
    access_modes: list[str] | None = None
    claim_ref: Holder | None = None
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: str = "Retain"


class VolumeStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    phase: str = ""
    reason: str = ""
    message: str = ""


class PersistentVolume(Object, frozen=True, gc=False, rename="camel"):
    """One disk."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()

    @property
    def bytes(self) -> float:
        """How large it is."""
        return quantity((self.spec.capacity or {}).get("storage", ""))

    @property
    def holder(self) -> str:
        """The claim that has it, as "namespace/name"."""
        return f"{self.spec.claim_ref.namespace}/{self.spec.claim_ref.name}" if self.spec.claim_ref else ""


@understood_to_the_end
def health(one: PersistentVolume) -> Health:
    """Who has it, or what is wrong with it."""
    if gone := ending(one):
        words = "It was asked to go, and goes when its claim does."
        return replace(gone, level=Level.CHANGING, word="Ending", reason=words) if one.status.phase == "Bound" else gone
    match one.status.phase:
        case "Bound":
            return Health(Level.HEALTHY, "In use")
        case "Released":
            words = (
                f"The claim that had it ({one.holder}) is gone. The disk and its data stay until somebody removes them."
            )
            return Health(Level.STOPPED, "Left over", words, "Released")
        case "Failed":
            words = one.status.message[:300] or "Removing it failed."
            return Health(Level.AT_RISK, "Failed", words, one.status.reason or "Failed")
        case "Available":
            return Health(Level.STOPPED, "Free", "No claim has it yet.")
    return Health(Level.CHANGING, "Making", "It is not ready yet.", one.status.phase)


def _facts(one: PersistentVolume) -> list[Fact]:
    sort, goes = one.spec.storage_class_name, one.spec.persistent_volume_reclaim_policy == "Delete"
    return [
        Fact("Size", size(one.bytes)),
        Fact("Claim", one.holder or "none", "persistent-volume-claim" if one.holder else "", one.holder),
        Fact("Storage class", sort or "none", "storage-class" if sort else "", sort),
        Fact("When its claim is deleted", "the disk goes, with all data" if goes else "the disk and its data stay"),
        Fact("Can be", modes(one.spec.access_modes)),
    ]


PERSISTENT_VOLUME: Kind[PersistentVolume] = Kind(
    model=PersistentVolume,
    api=API,
    name="persistent-volume",
    label="Persistent volume",
    plural="Persistent volumes",
    icon="archive",
    group="Storage",
    platform="kubernetes",
    namespaced=False,
    words="A disk of the cluster: how large, and which claim has it.",
    health=health,
    columns=(
        name_column(lambda one: one.spec.storage_class_name),
        STATUS,
        Column(
            key="claim",
            label="Claim",
            value=lambda one: one.holder or None,
            sort=lambda one: one.holder,
            width="minmax(160px, 1.8fr)",
        ),
        Column(
            key="policy",
            label="Afterwards",
            value=lambda one: AFTER.get(one.spec.persistent_volume_reclaim_policy, "–"),
            words="What becomes of the disk when its claim is deleted.",
        ),
        size_column(lambda one: one.bytes),
        AGE,
    ),
    panels=(facts_panel(_facts), EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: (
                f"Deletes {one.name}{', when its claim is gone' if one.status.phase == 'Bound' else ''}."
            ),
            stays=lambda one: (
                "Its data may go with it."
                if one.spec.persistent_volume_reclaim_policy == "Delete"
                else "The data stay where they are; the cluster does not know of them any longer."
            ),
            role=Role.ADMIN,
        ),
    ),
    search=lambda one: f"{one.holder}\0{one.spec.storage_class_name}",
)
