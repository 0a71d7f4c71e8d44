"""Storage class: a sort of disk, and who makes it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Column, Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.kubernetes.base import Annotations, Metadata, Object, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.storage import AFTER, DEFAULT
from clusters.kinds.masking import mask_value

API, NOUN = "storage.k8s.io/v1/storageclasses", "storageclass"
MOST = 200  # volumes that are shown


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

    @property
    def default(self) -> bool:
        """Is it what a claim gets that names none?"""
        return self.metadata.annotations is not None and self.metadata.annotations.default == "true"


@understood
def health(one: StorageClass) -> Health:
    """It is there; whether it is what everybody gets."""
    return Health(Level.HEALTHY, "Default" if one.default else "Ready")


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
        answer = await look.driver.call(Call("GET", ("api", "v1", "persistentvolumes"), {"limit": "500"}, timeout=10))
    except ClusterError as error:
        return Users(title, nobody, unknown=error.message)
    rows = []
    for item in answer.get("items") or []:
        spec = item.get("spec") or {}
        if spec.get("storageClassName") == look.resource.name:
            held = spec.get("claimRef") or {}
            words = f"{held.get('namespace', '')}/{held.get('name', '')}" if held else "free"
            name = str(item["metadata"]["name"])
            rows.append(User("persistent-volume", name, name, "Persistent volume", words))
    return Users(title, nobody, rows[:MOST], "Claim")


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
