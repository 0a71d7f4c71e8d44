"""An HTTP route as far as we read it, and what the live gateways and services say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.base import Condition, Object, Part
from clusters.kinds.kubernetes.ingress_model import Backend, BackendPort, BackendService, Typed, backend_health
from clusters.live.resource import Number


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


class PathMatch(Part, frozen=True, gc=False, rename="camel"):
    """Which paths."""

    value: str = "/"


class Match(Part, frozen=True, gc=False, rename="camel"):
    """Which requests."""

    path: PathMatch = PathMatch()
    method: str = ""


class Filter(Part, frozen=True, gc=False, rename="camel"):
    """What is done to them."""

    type: str = ""


class RouteRule(Part, frozen=True, gc=False, rename="camel"):
    """Some requests, and where they lead."""

    matches: list[Match] | None = None
    filters: list[Filter] | None = None
    backend_refs: list[RouteBackend] | None = None

    @property
    def redirects(self) -> bool:
        """Are these requests sent elsewhere by the gateway itself?"""
        return any(one.type == "RequestRedirect" for one in self.filters or ())

    @property
    def extended(self) -> bool:
        """Does something of the gateway's own kind handle these requests? It may answer them by itself."""
        return any(one.type == "ExtensionRef" for one in self.filters or ())


class RouteSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    parent_refs: list[Parent] | None = None
    hostnames: list[str] | None = None
    rules: list[RouteRule] | None = None


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


class HttpRoute(Object, frozen=True, gc=False, rename="camel"):
    """Which requests lead where."""

    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()
    checked: Checked = msgspec.field(default=Checked(), name="$checked")

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
    def paths(self) -> list[str]:
        """The paths it answers for."""
        found = [match.path.value for rule in self.spec.rules or () for match in rule.matches or (Match(),)]
        return list(dict.fromkeys(found))

    @property
    def ways(self) -> list[Way]:
        """All ways through it, in its own order."""
        return [way for rule in self.spec.rules or () for way in self._ways(rule)]

    def _ways(self, rule: RouteRule) -> Iterator[Way]:
        hosts = ", ".join(self.hosts[:3])
        for match in rule.matches or (Match(),):
            words = f"{f'{match.method} ' if match.method else ''}{hosts}{match.path.value}"
            if rule.redirects and not rule.backend_refs:
                yield Way(f"{words}: redirected", None)
            elif rule.extended and not rule.backend_refs:
                yield Way(f"{words}: handled by an extension of the gateway", None, known=False)
            elif not rule.backend_refs:
                yield Way(words, RouteBackend())
            for backend in rule.backend_refs or ():
                yield Way(words, backend)

    def said_by(self, parent: Parent) -> ParentStatus | None:
        """What the program behind that gateway says; None while it says nothing."""
        wanted = (*parent.key(self.namespace), parent.section_name, parent.port)
        for one in self.status.parents or ():
            ref = one.parent_ref
            if (*ref.key(self.namespace), ref.section_name, ref.port) == wanted:
                return one
        return None


def join(own: Sequence[HttpRoute], others: Mapping[str, Sequence[Any]]) -> Sequence[HttpRoute]:
    """Each route with whether its gateways are there and how its backends are."""
    services = {(one.namespace, one.name): one for one in others["service"]} if "service" in others else None
    gateways = {(one.namespace, one.name) for one in others["gateway"]} if "gateway" in others else None
    # A connection may be limited to some namespaces: of another one nothing is seen, and nothing there is missing.
    seen = {one.namespace for some in (own, *others.values()) for one in some}

    def parent(one: HttpRoute, ref: Parent) -> str:
        if ref.kind != "Gateway" or gateways is None:
            return "hidden"
        if ref.key(one.namespace) in gateways:
            return ""
        return "missing" if ref.key(one.namespace)[0] in seen else "hidden"

    def way(one: HttpRoute, found: Way) -> Health:
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
        if to.backend.service and services is not None and place not in seen:
            words = f"Whether service {to.name} is there cannot be told: nothing in {place} is seen here."
            return Health(Level.UNKNOWN, "Cannot tell", words)
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
