"""HTTP route: which requests that come in at a gateway lead to which service."""

from __future__ import annotations

from collections.abc import Iterator

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.base import Part
from clusters.kinds.kubernetes.gateway_class import GROUP
from clusters.kinds.kubernetes.route_model import Parent, Route, RouteBackend, Way
from clusters.kinds.kubernetes.routes import route_kind

API = f"{GROUP}/httproutes"


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


class HttpRule(Part, frozen=True, gc=False, rename="camel"):
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


class HttpSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    parent_refs: list[Parent] | None = None
    hostnames: list[str] | None = None
    rules: list[HttpRule] | None = None


class HttpRoute(Route, frozen=True, gc=False, rename="camel"):
    """Which requests lead where."""

    spec: HttpSpec = HttpSpec()

    @property
    def kind(self) -> str:
        """What a reference grant calls it."""
        return "HTTPRoute"

    @property
    def matches(self) -> list[str]:
        """The paths it answers for."""
        found = [match.path.value for rule in self.spec.rules or () for match in rule.matches or (Match(),)]
        return list(dict.fromkeys(found))

    @property
    def ways(self) -> list[Way]:
        """All ways through it, in its own order."""
        return [way for rule in self.spec.rules or () for way in self._ways(rule)]

    def _ways(self, rule: HttpRule) -> Iterator[Way]:
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


HTTP_ROUTE: Kind[HttpRoute] = route_kind(
    HttpRoute,
    API,
    sort="HTTP",
    words="Which requests that come in at a gateway lead to which service.",
    matches="Paths",
    also_in=("v1beta1",),
)
