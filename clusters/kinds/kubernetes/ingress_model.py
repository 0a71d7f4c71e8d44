"""An ingress as far as we read it, and what the live services and classes say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.base import Metadata, Part
from clusters.kinds.kubernetes.looked_at_certificates import Certified
from clusters.kinds.kubernetes.service_health import NO_ENDPOINTS
from clusters.kinds.kubernetes.service_health import health as service_health
from clusters.kinds.kubernetes.service_model import BalancedStatus, Service
from clusters.live.resource import Number

LEGACY = "kubernetes.io/ingress.class"
FINE = Health(Level.HEALTHY, "Fine")


class BackendPort(Part, frozen=True, gc=False, rename="camel"):
    """A port of a service, by number or by name."""

    number: Number = 0
    name: str = ""

    @property
    def words(self) -> str:
        """As it is written."""
        return self.name or str(self.number or "–")


class BackendService(Part, frozen=True, gc=False, rename="camel"):
    """A service that requests are handed to."""

    name: str = ""
    port: BackendPort = BackendPort()


class Typed(Part, frozen=True, gc=False, rename="camel"):
    """Something else that requests are handed to."""

    kind: str = ""
    name: str = ""


class Backend(Part, frozen=True, gc=False, rename="camel"):
    """What requests are handed to."""

    service: BackendService | None = None
    resource: Typed | None = None


class Path(Part, frozen=True, gc=False, rename="camel"):
    """A path, and where it leads."""

    path: str = ""
    backend: Backend = Backend()


class Http(Part, frozen=True, gc=False, rename="camel"):
    """The paths of a host."""

    paths: list[Path] | None = None


class Rule(Part, frozen=True, gc=False, rename="camel"):
    """A host and its paths; without a host, all hosts."""

    host: str = ""
    http: Http | None = None


class Tls(Part, frozen=True, gc=False, rename="camel"):
    """Hosts that are encrypted, and the secret that holds their certificate."""

    hosts: list[str] | None = None
    secret_name: str = ""


class IngressSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    ingress_class_name: str = ""
    default_backend: Backend | None = None
    rules: list[Rule] | None = None
    tls: list[Tls] | None = None


class IngressAnnotations(Part, frozen=True, gc=False):
    """How a class was named before there was a field for it."""

    legacy_class: str = msgspec.field(default="", name=LEGACY)


class IngressMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """With that annotation."""

    annotations: IngressAnnotations | None = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Route:
    """One way through it: a host and a path that lead to a backend."""

    host: str  # "*" for all
    path: str
    backend: Backend

    @property
    def words(self) -> str:
        """ "shop.example/cart" """
        return f"{self.host}{self.path}"


class Checked(msgspec.Struct, frozen=True, gc=False):
    """What the live services and classes say of it. No cluster sends this."""

    # "missing": there is none of that name; "none": it names none, and none is the default; "hidden": cannot be told
    class_state: str = ""
    served_by: str = ""
    backends: tuple[Health, ...] = ()  # of each of its routes


class Ingress(Certified, frozen=True, gc=False, rename="camel"):
    """Web addresses, and the services they lead to."""

    metadata: IngressMetadata = IngressMetadata()
    spec: IngressSpec = IngressSpec()
    status: BalancedStatus = BalancedStatus()
    checked: Checked = msgspec.field(default=Checked(), name="$checked")

    @property
    def version(self) -> str:
        """Changes with the ingress, with where it leads and with its certificates."""
        checked = hash((self.checked, self.certificates, self.good_until))
        return f"{self.metadata.resource_version}.{checked:x}"

    @property
    def class_name(self) -> str:
        """The class it names; "" for none."""
        legacy = self.metadata.annotations.legacy_class if self.metadata.annotations else ""
        return self.spec.ingress_class_name or legacy

    @property
    def routes(self) -> list[Route]:
        """All ways through it, in its own order."""
        found = [
            Route(rule.host or "*", path.path or "/", path.backend)
            for rule in self.spec.rules or ()
            for path in (rule.http.paths if rule.http else None) or ()
        ]
        rest = self.spec.default_backend
        return [*found, *([Route("*", " (all else)", rest)] if rest else [])]

    @property
    def hosts(self) -> list[str]:
        """The hosts it answers for."""
        return list(dict.fromkeys(route.host for route in self.routes))


def join(own: Sequence[Ingress], others: Mapping[str, Sequence[Any]]) -> Sequence[Ingress]:
    """Each ingress with how its class and its backends are."""
    services = {(one.namespace, one.name): one for one in others["service"]} if "service" in others else None
    classes = {one.name: one for one in others.get("ingress-class", ())}
    default = next((one for one in classes.values() if one.is_default), None)

    def checked(one: Ingress) -> Ingress:
        served = classes.get(one.class_name) if one.class_name else default
        legacy = bool(one.class_name and not one.spec.ingress_class_name)  # such a class needs no object
        state = "" if served or legacy else "missing" if one.class_name else "none"
        if state and "ingress-class" not in others:
            state = "hidden"
        backends = tuple(backend_health(route.backend, one.namespace, services) for route in one.routes)
        found = Checked(state, served.spec.controller if served else "", backends)
        return msgspec.structs.replace(one, checked=found)

    return [checked(one) for one in own]


def backend_health(backend: Backend, namespace: str, services: Mapping[tuple[str, str], Service] | None) -> Health:
    """Is there anybody where it leads?"""
    to = backend.service
    if to is None:
        return Health(Level.UNKNOWN, "Cannot tell", "It leads to something else than a service.")
    if services is None:
        words = f"Whether service {to.name} is there cannot be told: our account here may not list services."
        return Health(Level.UNKNOWN, "Cannot tell", words, "list services: forbidden")
    service = services.get((namespace, to.name))
    if service is None:
        words = f"It leads nowhere: there is no service {to.name} in {namespace}."
        return Health(Level.FAILING, "Missing backend", words, "no such service")
    if not any((to.port.name and port.name == to.port.name) or port.port == to.port.number for port in service.ports):
        words = f"It leads nowhere: service {to.name} has no port {to.port.words}."
        return Health(Level.FAILING, "Missing port", words, "no such port")
    health = service_health(service)
    if health.level is Level.HEALTHY:
        return FINE
    level = Level.FAILING if health.code == NO_ENDPOINTS else health.level  # somebody asks at this address
    return Health(level, health.word, f"Service {to.name}: {health.reason}", health.code)
