"""What every Kubernetes object has in common, as far as we read it, and the requests that go to one object."""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict
from clusters.kinds.base import Health, Kind, Level
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.terms import Term
from clusters.live.resource import Number, Resource


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A part of an object. Lists and times may be ``null`` in the API's JSON, so here they are all optional."""


class Owner(Part, frozen=True, gc=False, rename="camel"):
    """Who made it, and removes it with itself."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


REVISION = "deployment.kubernetes.io/revision"
TRIES = 8  # the rest of an object (its status) may change between our look at it and our write, several times a second


class Annotations(Part, frozen=True, gc=False):
    """The only annotation that is kept of each object: they can be long, and there are many."""

    revision: str = msgspec.field(default="", name=REVISION)


class Metadata(Part, frozen=True, gc=False, rename="camel"):
    """The identity of an object."""

    name: str = ""
    uid: str = ""
    namespace: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    generation: Number = 0
    labels: dict[str, str] | None = None
    annotations: Annotations | None = None
    owner_references: tuple[Owner, ...] | None = None
    finalizers: list[str] | None = None


class Condition(Part, frozen=True, gc=False, rename="camel"):
    """One condition of an object's status."""

    type: Term = Term("")
    status: Term = Term("")
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None

    @property
    def since(self) -> float:
        """When it became so, in epoch seconds."""
        return epoch(self.last_transition_time)


class Object(Resource, frozen=True, gc=False, rename="camel"):
    """The base of every Kubernetes kind's model."""

    metadata: Metadata = Metadata()
    # Why only the metadata could be read; set by the driver. No API has a field of such a name.
    strange: str = msgspec.field(default="", name="$strange")

    @property
    def uid(self) -> str:
        """The cluster's own identity of it."""
        return self.metadata.uid

    @property
    def name(self) -> str:
        """Its name within its namespace."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Its namespace; "" for what belongs to the whole cluster."""
        return self.metadata.namespace

    @property
    def version(self) -> str:
        """The resource version: opaque."""
        return self.metadata.resource_version

    @property
    def created(self) -> float:
        """When it was made."""
        return epoch(self.metadata.creation_timestamp)

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return self.metadata.labels or {}

    @property
    def revision(self) -> int:
        """The number of its version, for deployments and their replica sets; 0 for none."""
        text = self.metadata.annotations.revision if self.metadata.annotations else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def take_over(self, sibling: Any) -> None:
        """Hold what is equal in another of the same owner's as that one does: once for all of them."""
        same(self.metadata, sibling.metadata, "namespace", "labels", "owner_references")

    @property
    def controller(self) -> Owner | None:
        """The one owner that manages it."""
        for owner in self.metadata.owner_references or ():
            if owner.controller:
                return owner
        return None


def same(mine: msgspec.Struct, other: msgspec.Struct, *names: str) -> None:
    """Hold the other's values of these fields where they are equal to ours."""
    for name in names:
        own, value = getattr(mine, name), getattr(other, name)
        if own is not value and own == value:
            msgspec.structs.force_setattr(mine, name, value)


T = TypeVar("T", bound=Object)


WAITED = 60.0  # seconds that something may take to end before what it waits for is named


def ending(one: Object) -> Health | None:
    """How it is once it was asked to go; None while nobody asked for that."""
    since = epoch(one.metadata.deletion_timestamp)
    if not since:
        return None
    holds = ", ".join(one.metadata.finalizers or ())[:200]
    if holds and time.time() - since > WAITED:
        words = "It was asked to go, and waits for somebody who has to clean up first."
        return Health(Level.AT_RISK, "Cannot end", words, f"finalizers: {holds}", since)
    return Health(Level.CHANGING, "Ending", "It was asked to go.", since=since)


def understood(judge: Callable[[T], Health]) -> Callable[[T], Health]:
    """For a kind's ``health``: what we could not read is never called well, nor what was asked to go."""
    return understood_to_the_end(lambda one: ending(one) or judge(one))


def understood_to_the_end(judge: Callable[[T], Health]) -> Callable[[T], Health]:
    """The same for a kind that has words of its own for how it goes."""

    @functools.wraps(judge)
    def health(one: T) -> Health:
        if one.strange:
            words = "Pilothouse does not understand what the cluster says about it."
            return Health(Level.UNKNOWN, "Unknown", words, one.strange[:120])
        return judge(one)

    return health


def condition(conditions: Sequence[Condition] | None, type_: str) -> Condition | None:
    """The condition of that type."""
    for one in conditions or ():
        if one.type == type_:
            return one
    return None


KindOrApi: TypeAlias = Kind[Any] | str  # a kind, or its ``api`` where the kind itself is not made yet


def collection(kind: KindOrApi, namespace: str) -> tuple[str, ...]:
    """The path of a kind's objects: ``apis/apps/v1/namespaces/shop/deployments``."""
    *version, plural = (kind if isinstance(kind, str) else kind.api).split("/")
    root = ("api", *version) if len(version) == 1 else ("apis", *version)
    return (*root, "namespaces", namespace, plural) if namespace else (*root, plural)


def at(kind: KindOrApi, resource: Resource, *sub: str) -> tuple[str, ...]:
    """The path of one object, or of a part of it (``scale``)."""
    return (*collection(kind, resource.namespace), resource.name, *sub)


PatchType = Literal["merge", "strategic"]
_CONTENT = {"merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json"}


def patch(kind: KindOrApi, resource: Resource, body: Mapping[str, Any], type_: PatchType = "merge") -> Call:
    """Change a part of it, only if it is still the same object (another one of its name has another uid)."""
    metadata = {**body.get("metadata", {}), "uid": resource.uid}
    return Call(
        "PATCH", at(kind, resource), {"fieldManager": "pilothouse"}, {**body, "metadata": metadata}, _CONTENT[type_]
    )


def delete(kind: KindOrApi, resource: Resource, **options: Any) -> Call:
    """Delete it, only if it is still the same object."""
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": resource.uid}, **options}
    return Call("DELETE", at(kind, resource), body=body)


async def read_same(driver: Driver, kind: KindOrApi, resource: Resource) -> dict[str, Any]:
    """The whole object as it is now. Raises Conflict when another one has its name by now."""
    tree: dict[str, Any] = await driver.call(Call("GET", at(kind, resource)))
    if tree["metadata"].get("uid") != resource.uid:
        raise Conflict(f"{resource.name} is another one by now.", hint="Look at it as it is now and try again.")
    return tree


async def write_on_newest(driver: Driver, made: Callable[[], Awaitable[Call | None]]) -> Any:
    """Send a change of the version that was just read; read, check and try anew where that moved on in between.

    ``made`` reads the object and says what to send. It raises where what somebody decided on is another by now, so
    that only what nobody decided on (a status, notes of managers) may have moved. None where there is nothing to do.
    """
    for left in reversed(range(TRIES)):
        call = await made()
        if call is None:
            return None
        try:
            return await driver.call(call)
        except Conflict:
            if not left:
                raise
    raise AssertionError
