"""TCP route: to which service connections to a port of a gateway lead."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.route_model import Route, RouteSpec, Way, to_backends
from clusters.kinds.kubernetes.routes import route_kind

API = "gateway.networking.k8s.io/v1alpha2/tcproutes"


class TcpRoute(Route, frozen=True, gc=False, rename="camel"):
    """Where connections lead."""

    spec: RouteSpec = RouteSpec()

    @property
    def kind(self) -> str:
        """What a reference grant calls it."""
        return "TCPRoute"

    @property
    def ways(self) -> list[Way]:
        """To each backend."""
        return [way for rule in self.spec.rules or () for way in to_backends("any connection", rule)]


TCP_ROUTE: Kind[TcpRoute] = route_kind(
    TcpRoute,
    API,
    sort="TCP",
    words="To which service connections to a port of a gateway lead.",
    hosts=False,
    also_in=("v1",),
)
