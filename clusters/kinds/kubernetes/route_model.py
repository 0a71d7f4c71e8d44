"""What leads from gateways to services, as far as we read it, and what the live ones of both say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.base import Condition, Object, Part
from clusters.kinds.kubernetes.ingress_model import Backend, BackendPort, BackendService, Typed, backend_health
from clusters.live.resource import Number

R = TypeVar("R", bound="Route")
NOT_GRANTED = "ReferenceGrant"  # the code of what leads into another namespace that does not allow it


class Parent(Part, frozen=True, gc=False, rename="camel"):
    """The gateway (or a port of it) that it wants to be attached to."""

    kind: str = "Gateway"
    namespace: str = ""
    name: str = ""
    section_name: str = ""
    port: Number | None = None

    def key(self, inside: str) -> tuple[str, str]:
        """Namespace and name; ``inside`` is the namespace of the route."""
        return self.namespace or inside, self.name

    @property
    def words(self) -> str:
        """ "listener https" """
        return f", listener {self.section_name}" if self.section_name else f", port {self.port}" if self.port else ""


class RouteBackend(Part, frozen=True, gc=False, rename="camel"):
    """What requests are handed to, and how many of them."""

    group: str = ""
    kind: str = "Service"
    namespace: str = ""
    name: str = ""
    port: Number = 0
    weight: Number = 1

    @property
    def backend(self) -> Backend:
        """The same as an ingress has it."""
        if self.kind == "Service" and not self.group:
            return Backend(service=BackendService(self.name, BackendPort(self.port)))
        return Backend(resource=Typed(self.kind, self.name))


class ParentStatus(Part, frozen=True, gc=False, rename="camel"):
    """What the program behind one gateway says of it."""

    parent_ref: Parent = Parent()
    controller_name: str = ""
    conditions: list[Condition] | None = None


class RouteStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    parents: list[ParentStatus] | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way through it: hosts and a path that lead to a backend, or (None) somewhere else by a redirect."""

    words: str  # "shop.example/cart"
    backend: RouteBackend | None
    known: bool = True  # False: something that we do not know decides where it leads


class Checked(msgspec.Struct, frozen=True, gc=False):
    """What the live gateways and services say of it. No cluster sends this."""

    parents: tuple[str, ...] = ()  # of each parent: "" it is there, "missing", "hidden" cannot be told
    ways: tuple[Health, ...] = ()


class Rule(Part, frozen=True, gc=False, rename="camel"):
    """Some connections, and where they lead."""

    backend_refs: list[RouteBackend] | None = None


class RouteSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    parent_refs: list[Parent] | None = None
    hostnames: list[str] | None = None
    rules: list[Rule] | None = None


class Route(Object, frozen=True, gc=False, rename="camel"):
    """What leads from gateways to services: of connections, as it is; of requests, a sort of its own below it."""

    spec: Any = None
    status: RouteStatus = RouteStatus()
    checked: Checked = msgspec.field(default=Checked(), name="$checked")

    @property
    def kind(self) -> str:
        """What a reference grant calls it."""
        raise NotImplementedError

    @property
    def version(self) -> str:
        """Changes with the route and with where it leads."""
        return f"{self.metadata.resource_version}.{hash(self.checked):x}"

    @property
    def hosts(self) -> list[str]:
        """The hosts it answers for."""
        return self.spec.hostnames or ["*"]

    @property
    def parents(self) -> list[Parent]:
        """The gateways it names."""
        return self.spec.parent_refs or []

    @property
    def matches(self) -> list[str]:
        """What else than its hosts tells its requests from others: paths, methods."""
        return []

    @property
    def ways(self) -> list[Way]:
        """All ways through it, in its own order."""
        raise NotImplementedError

    def said_by(self, parent: Parent) -> ParentStatus | None:
        """What the program behind that gateway says; None while it says nothing."""
        wanted = (*parent.key(self.namespace), parent.section_name, parent.port)
        for one in self.status.parents or ():
            ref = one.parent_ref
            if (*ref.key(self.namespace), ref.section_name, ref.port) == wanted:
                return one
        return None


def to_backends(words: str, rule: Any) -> Iterator[Way]:
    """The ways of one rule, each to one of its backends."""
    for backend in rule.backend_refs or (RouteBackend(),):
        yield Way(words, backend)


def join(own: Sequence[R], others: Mapping[str, Sequence[Any]]) -> Sequence[R]:
    """Each route with whether its gateways are there, and whether its backends are, may be reached and answer."""
    grants = others.get("reference-grant")
    services = {(one.namespace, one.name): one for one in others["service"]} if "service" in others else None
    gateways = {(one.namespace, one.name) for one in others["gateway"]} if "gateway" in others else None
    # A connection may be limited to some namespaces: of another one nothing is seen, and nothing there is missing.
    seen = {one.namespace for some in (own, *others.values()) for one in some}

    def parent(one: R, ref: Parent) -> str:
        if ref.kind != "Gateway" or gateways is None:
            return "hidden"
        if ref.key(one.namespace) in gateways:
            return ""
        return "missing" if ref.key(one.namespace)[0] in seen else "hidden"

    def way(one: R, found: Way) -> Health:
        to = found.backend
        if not found.known:
            words = "An extension of the gateway handles it: whether that answers cannot be told from here."
            return Health(Level.UNKNOWN, "Cannot tell", words, "ExtensionRef")
        if to is None:
            return Health(Level.HEALTHY, "Fine")
        if not to.name:
            return Health(Level.FAILING, "Leads nowhere", "It names no backend.")
        if not to.weight:
            return Health(Level.STOPPED, "Switched off", f"{to.name} is given none of the requests.", "weight 0")
        place = to.namespace or one.namespace
        if place not in seen:
            sort = "service" if to.backend.service else to.kind
            words = f"Whether {sort} {to.name} is there cannot be told: nothing in {place} is seen here."
            return Health(Level.UNKNOWN, "Cannot tell", words)
        if place != one.namespace and grants is not None and not any(grant.allows(one, to) for grant in grants):
            words = f"{place} takes nothing from the routes of {one.namespace}: no reference grant there allows it."
            return Health(Level.FAILING, "Not permitted", words, NOT_GRANTED)
        return backend_health(to.backend, place, services)

    return [
        msgspec.structs.replace(
            one,
            checked=Checked(
                tuple(parent(one, ref) for ref in one.parents), tuple(way(one, found) for found in one.ways)
            ),
        )
        for one in own
    ]
