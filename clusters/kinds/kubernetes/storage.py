"""Claims, volumes and storage classes as far as we read them, and which pods use a claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.kubernetes.base import Condition, Object, Part

DEFAULT = "storageclass.kubernetes.io/is-default-class"
MODES = {
    "ReadWriteOnce": "read and written from one machine",
    "ReadOnlyMany": "read from many machines",
    "ReadWriteMany": "read and written from many machines",
    "ReadWriteOncePod": "read and written by one pod",
}


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
    conditions: list[Condition] | None = None


class PodUser(msgspec.Struct, frozen=True, gc=False):
    """A pod that uses a claim, and where it is."""

    name: str
    node: str


class Claim(Object, frozen=True, gc=False, rename="camel"):
    """A disk that somebody asked for. ``users`` are joined from the pods."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()
    users: tuple[PodUser, ...] = msgspec.field(default=(), name="$users")

    @property
    def version(self) -> str:
        """Changes with the claim and with who uses it."""
        return f"{self.metadata.resource_version}.{hash(self.users):x}"

    @property
    def size(self) -> str:
        """What it has, or asks for while it has none."""
        has = (self.status.capacity or {}).get("storage")
        return has or (self.spec.resources.requests or {}).get("storage", "")


def join(own: Sequence[Claim], others: Mapping[str, Sequence[Any]]) -> Sequence[Claim]:
    """Each claim with the pods that use it."""
    users: dict[tuple[str, str], list[PodUser]] = defaultdict(list)
    for pod in others.get("pod", ()):
        for name in pod.claims:
            users[pod.namespace, name].append(PodUser(pod.name, pod.spec.node_name))
    return [
        msgspec.structs.replace(one, users=tuple(sorted(found, key=lambda user: user.name)))
        if (found := users.get((one.namespace, one.name)))
        else one
        for one in own
    ]


def modes(names: Sequence[str] | None) -> str:
    """From where it can be used, in words."""
    return ", ".join(MODES.get(name, name) for name in names or ()) or "–"
