"""TLS route: to which service encrypted connections lead, by the name that they ask for."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.route_model import Route, RouteSpec, Way, to_backends
from clusters.kinds.kubernetes.routes import route_kind

API = "gateway.networking.k8s.io/v1alpha2/tlsroutes"


class TlsRoute(Route, frozen=True, gc=False, rename="camel"):
    """Where connections lead."""

    spec: RouteSpec = RouteSpec()

    @property
    def kind(self) -> str:
        """What a reference grant calls it."""
        return "TLSRoute"

    @property
    def ways(self) -> list[Way]:
        """To each backend."""
        return [way for rule in self.spec.rules or () for way in to_backends(", ".join(self.hosts[:3]), rule)]


TLS_ROUTE: Kind[TlsRoute] = route_kind(
    TlsRoute,
    API,
    sort="TLS",
    words="To which service encrypted connections lead, by the name that they ask for.",
    hosts=True,
    also_in=("v1", "v1alpha3"),
)
