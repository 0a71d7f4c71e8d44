"""Claims, volumes and storage classes as far as we read them, and which pods use a claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from clusters.kinds.kubernetes.base import Condition, Object, Part
from clusters.kinds.kubernetes.quantities import quantity

DEFAULT = "storageclass.kubernetes.io/is-default-class"
AFTER = {"Delete": "it goes", "Retain": "it stays", "Recycle": "it is emptied"}  # a disk whose claim is deleted
MODES = {
    "ReadWriteOnce": "read and written from one node",
    "ReadOnlyMany": "read from many nodes",
    "ReadWriteMany": "read and written from many nodes",
    "ReadWriteOncePod": "read and written by one pod",
}


# When a disk is made for a claim; "nobody": by no class of its name, "none": it names no class; "" cannot be told.
Made = Literal["", "at once", "for a pod", "nobody", "none"]


class Sizes(Part, frozen=True, gc=False, rename="camel"):
    """How much is asked for."""

    requests: dict[str, str] | None = None


class ClaimSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    access_modes: list[str] | None = None
    resources: Sizes = Sizes()
    storage_class_name: str | None = None
    volume_name: str = ""


class ClaimStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    phase: str = ""
    capacity: dict[str, str] | None = None
    allocated_resource_statuses: dict[str, str] | None = None
    conditions: list[Condition] | None = None


class PodUser(msgspec.Struct, frozen=True, gc=False):
    """A pod that uses a claim, and where it is."""

    name: str
    node: str


class Claim(Object, frozen=True, gc=False, rename="camel"):
    """A disk that somebody asked for. ``users`` are joined from the pods, ``made`` from the storage classes."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()
    users: tuple[PodUser, ...] = msgspec.field(default=(), name="$users")
    hidden: bool = msgspec.field(
        default=False, name="$hidden"
    )  # our account may not list pods: nobody knows who uses it
    made: Made = msgspec.field(default="", name="$made")

    @property
    def version(self) -> str:
        """Changes with the claim and with who uses it."""
        return f"{self.metadata.resource_version}.{hash((self.users, self.hidden, self.made)):x}"

    @property
    def asked(self) -> float:
        """How many bytes it asks for."""
        return quantity((self.spec.resources.requests or {}).get("storage", ""))

    @property
    def bytes(self) -> float:
        """How many it has, or asks for while it has none."""
        return quantity((self.status.capacity or {}).get("storage", "")) or self.asked


def join(own: Sequence[Claim], others: Mapping[str, Sequence[Any]]) -> Sequence[Claim]:
    """Each claim with the pods that use it, and when its disk is made."""
    users: dict[tuple[str, str], list[PodUser]] = defaultdict(list)
    for pod in others.get("pod", ()):
        for name in pod.claims:
            users[pod.namespace, name].append(PodUser(pod.name, pod.spec.node_name))
    classes = {one.name: one for one in others["storage-class"]} if "storage-class" in others else None

    def joined(one: Claim) -> Claim:
        found = tuple(sorted(users.get((one.namespace, one.name), ()), key=lambda user: user.name))
        return msgspec.structs.replace(one, users=found, hidden="pod" not in others, made=_made(one, classes))

    return [joined(one) for one in own]


def _made(one: Claim, classes: Mapping[str, Any] | None) -> Made:
    if not one.spec.storage_class_name:
        return "none"
    if classes is None:
        return ""
    sort = classes.get(one.spec.storage_class_name)
    if sort is None:
        return "nobody"
    return "for a pod" if sort.volume_binding_mode == "WaitForFirstConsumer" else "at once"


def modes(names: Sequence[str] | None) -> str:
    """From where it can be used, in words."""
    return ", ".join(MODES.get(name, name) for name in names or ()) or "–"
