"""Storage class: a sort of disk, and who makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.errors import ClusterError
from clusters.kinds.base import Column, Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.formats import listed
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.asked_once import first_of
from clusters.kinds.kubernetes.base import Annotations, Metadata, Object, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.storage import AFTER, DEFAULT
from clusters.kinds.masking import mask_value

API, NOUN = "storage.k8s.io/v1/storageclasses", "storageclass"


class Marks(Annotations, frozen=True, gc=False):
    """Whether it is what a claim gets that names none."""

    default: str = msgspec.field(default="", name=DEFAULT)


class ClassMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """Metadata with that mark."""

    annotations: Marks | None = None


class StorageClass(Object, frozen=True, gc=False, rename="camel"):
    """One class."""

    metadata: ClassMetadata = ClassMetadata()
    provisioner: str = ""
    reclaim_policy: str = "Delete"
    volume_binding_mode: str = "Immediate"
    allow_volume_expansion: bool = False
    parameters: dict[str, str] | None = None
    # The names of all classes that are the default, joined from the others. No cluster sends this.
    defaults: tuple[str, ...] | None = msgspec.field(default=None, name="$defaults")

    @property
    def version(self) -> str:
        """Changes with the class and with which ones are the default."""
        return f"{self.metadata.resource_version}.{hash(self.defaults):x}"

    @property
    def default(self) -> bool:
        """Is it what a claim gets that names none?"""
        return self.metadata.annotations is not None and self.metadata.annotations.default == "true"


@understood
def health(one: StorageClass) -> Health:
    """It is there; whether it is what everybody gets, and the only one of that kind."""
    if one.default and len(one.defaults or ()) > 1:
        words = f"Several classes are the default ({listed(one.defaults or ())}): claims that name none get the newest."
        return Health(Level.AT_RISK, "Several defaults", words, DEFAULT)
    if one.defaults == ():
        words = "No class is the default: a claim that names none gets no disk made."
        return Health(Level.HEALTHY, "Ready", words)
    return Health(Level.HEALTHY, "Default" if one.default else "Ready")


def join(own: Sequence[StorageClass], others: Mapping[str, Sequence[Any]]) -> Sequence[StorageClass]:
    """Each class with which ones are the default."""
    defaults = tuple(sorted(one.name for one in own if one.default))
    return [msgspec.structs.replace(one, defaults=defaults) for one in own]


def _waits(one: StorageClass) -> bool:
    return one.volume_binding_mode == "WaitForFirstConsumer"


_AFTER: Mapping[str, str] = {"Delete": "the disk goes, with all data", "Retain": "the disk and its data stay"}


def _facts(one: StorageClass) -> list[Fact]:
    return [
        Fact("Made by", one.provisioner or "–", mono=True),
        Fact("Given to", "all claims that name no class" if one.default else "claims that name it"),
        Fact(
            "A disk is made", "when the first pod that uses it is placed" if _waits(one) else "as soon as it is claimed"
        ),
        Fact("When its claim is deleted", _AFTER.get(one.reclaim_policy, one.reclaim_policy)),
        Fact("Disks can grow", "yes" if one.allow_volume_expansion else "no"),
        *(Fact(name, mask_value(name, value), mono=True) for name, value in sorted((one.parameters or {}).items())),
    ]


async def _users(look: Look) -> Users:
    """Its disks, as the cluster has them now: they need not be watched for this."""
    title, nobody = "Disks of this class", "There is none."
    try:
        found = await first_of(look, "v1/persistentvolumes")
    except ClusterError as error:
        return Users(title, nobody, unknown=error.message)
    rows = []
    for item in found.items:
        spec = item.get("spec") or {}
        if spec.get("storageClassName") == look.resource.name:
            held = spec.get("claimRef") or {}
            words = f"{held.get('namespace', '')}/{held.get('name', '')}" if held else "free"
            name = str(item["metadata"]["name"])
            rows.append(User("persistent-volume", name, name, "Persistent volume", words))
    return Users(title, nobody, rows, "Claim", beyond=found.only("disks"))


STORAGE_CLASS: Kind[StorageClass] = Kind(
    model=StorageClass,
    api=API,
    name="storage-class",
    label="Storage class",
    plural="Storage classes",
    icon="database",
    group="Storage",
    platform="kubernetes",
    namespaced=False,
    words="A sort of disk that can be asked for, and the program that makes it.",
    health=health,
    join=Join(kinds=(), make=join),
    columns=(
        name_column(lambda one: one.provisioner),
        STATUS,
        Column(
            key="mode",
            label="A disk is made",
            value=lambda one: "for the first pod" if _waits(one) else "at once",
            width="minmax(130px, 1.2fr)",
            words="As soon as it is claimed, or when the first pod that uses it is placed.",
        ),
        Column(
            key="after",
            label="Afterwards",
            value=lambda one: AFTER.get(one.reclaim_policy, one.reclaim_policy),
            words="What becomes of the disk when its claim is deleted.",
        ),
        Column(key="grows", label="Can grow", value=lambda one: "yes" if one.allow_volume_expansion else "no"),
        AGE,
    ),
    panels=(facts_panel(_facts, _users), EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: no disk of this sort can be made any longer.",
            stays=lambda one: "Disks that are there stay.",
            role=Role.ADMIN,
        ),
    ),
    search=lambda one: one.provisioner,
)
