"""What all objects of a Swarm have in common: how they are read, and how they are changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Missing
from clusters.kinds.formats import epoch
from clusters.live.resource import Resource

STACK = "com.docker.stack.namespace"  # the label of what belongs to a stack
IMAGE_LABEL = "com.docker.stack.image"  # the image of a service as its stack asked for it
TRIES = 4  # an object changes by itself, too (how far an update is), between our look at it and our change
Tree = dict[str, Any]


class Part(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Part of an object: fields that are missing or null have their default."""


class Object(Resource, frozen=True, gc=False, rename="pascal"):
    """One object that a Swarm's managers keep."""

    id: str = msgspec.field(default="", name="ID")
    created_at: str | None = None
    updated_at: str | None = None
    revision: str = ""  # set by the driver: a digest of what we read

    @property
    def uid(self) -> str:
        """The Swarm's id of it."""
        return self.id

    @property
    def version(self) -> str:
        """A digest of the fields that we use."""
        return self.revision

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return epoch(self.created_at)

    @property
    def changed(self) -> float:
        """When it last changed, in epoch seconds."""
        return epoch(self.updated_at)


class NamedSpec(Part, frozen=True, gc=False):
    """The part of what was asked for that all of them have that are told apart by name."""

    name: str = ""
    labels: dict[str, str] | None = None


class Named(Object, frozen=True, gc=False, rename="pascal"):
    """One that has a name, and may belong to a stack."""

    spec: NamedSpec = NamedSpec()

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name or self.id[:12]

    @property
    def namespace(self) -> str:
        """The stack it belongs to."""
        return self.labels.get(STACK, "")

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; empty when it has none."""
        return self.spec.labels or {}


T = TypeVar("T", bound=Object)


async def list_of(
    driver: Driver, collection: str, model: type[T], query: Mapping[str, str] | None = None
) -> Sequence[T]:
    """Those of a collection, as the Swarm has them now. Raises ClusterError, also when it makes no sense."""
    said = await driver.call(Call("GET", (collection,), query or {}, timeout=20.0))
    try:
        return msgspec.convert(said or [], list[model], strict=False)  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise ClusterError("The Swarm describes it in a way that Pilothouse does not understand.") from error


def too_many(driver: Driver, copies: int | None) -> str:
    """Why it will not run that many copies of a service; "" where it does: only the demonstration has a bound."""
    most: int = getattr(driver, "most_copies", 0)
    return f"This Swarm runs at most {most} copies of a service." if most and (copies or 0) > most else ""


def as_its_text_says(stack: str) -> str:
    """How long a change lasts of one that this stack made; "" for one of its own."""
    return f"The stack {stack} made it: deploying that again makes it as its text says." if stack else ""


async def read_spec(driver: Driver, collection: str, uid: str) -> tuple[Tree, int]:
    """What was asked for, as the Swarm has it now, with its version. Raises Missing."""
    tree = await driver.call(Call("GET", (collection, uid)))
    if not isinstance(tree, dict) or not isinstance(tree.get("Spec"), dict):
        raise Missing("It is not there any more.")
    return tree["Spec"], int((tree.get("Version") or {}).get("Index") or 0)


async def change_spec(
    driver: Driver,
    collection: str,
    uid: str,
    edit: Callable[[Tree], object],
    query: Mapping[str, str] | None = None,
    *,
    registry: str = "",
) -> Any:
    """Change what was asked for, and nothing else of it: what others change meanwhile stays. The Swarm's answer."""
    for left in reversed(range(TRIES)):
        spec, version = await read_spec(driver, collection, uid)
        edit(spec)
        asked = {"version": str(version), **(query or {})}
        call = Call("POST", (collection, uid, "update"), asked, body=spec, registry=registry)
        try:
            return await driver.call(call)
        except Conflict:
            if not left:
                raise
    return None
