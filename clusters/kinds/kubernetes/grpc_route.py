"""gRPC route: which calls that come in at a gateway lead to which service."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.base import Part
from clusters.kinds.kubernetes.gateway_class import GROUP
from clusters.kinds.kubernetes.route_model import Parent, Route, RouteBackend, Way, to_backends
from clusters.kinds.kubernetes.routes import route_kind

API = f"{GROUP}/grpcroutes"


class Method(Part, frozen=True, gc=False, rename="camel"):
    """Which calls; without either, all."""

    service: str = ""
    method: str = ""

    @property
    def words(self) -> str:
        """ "shop.Cart/Add", "shop.Cart/*" """
        return f"{self.service or '*'}/{self.method or '*'}"


class GrpcMatch(Part, frozen=True, gc=False, rename="camel"):
    """One sort of calls."""

    method: Method = Method()


class GrpcRule(Part, frozen=True, gc=False, rename="camel"):
    """Some calls, and where they lead."""

    matches: list[GrpcMatch] | None = None
    backend_refs: list[RouteBackend] | None = None


class GrpcSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    parent_refs: list[Parent] | None = None
    hostnames: list[str] | None = None
    rules: list[GrpcRule] | None = None


class GrpcRoute(Route, frozen=True, gc=False, rename="camel"):
    """Which calls lead where."""

    spec: GrpcSpec = GrpcSpec()

    @property
    def kind(self) -> str:
        """What a reference grant calls it."""
        return "GRPCRoute"

    @property
    def matches(self) -> list[str]:
        """The calls it answers for."""
        found = [match.method.words for rule in self.spec.rules or () for match in rule.matches or (GrpcMatch(),)]
        return list(dict.fromkeys(found))

    @property
    def ways(self) -> list[Way]:
        """Each sort of calls, to each backend."""
        hosts = ", ".join(self.hosts[:3])
        return [
            way
            for rule in self.spec.rules or ()
            for match in rule.matches or (GrpcMatch(),)
            for way in to_backends(f"{hosts} {match.method.words}", rule)
        ]


GRPC_ROUTE: Kind[GrpcRoute] = route_kind(
    GrpcRoute,
    API,
    sort="gRPC",
    words="Which calls (gRPC) that come in at a gateway lead to which service.",
    matches="Calls",
    also_in=("v1alpha2",),
)
