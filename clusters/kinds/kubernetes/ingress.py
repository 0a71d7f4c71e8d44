"""Ingress: web addresses, and the services they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, NAMESPACE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.base import understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.ingress_certificates import CERTIFICATES
from clusters.kinds.kubernetes.ingress_model import FINE, Backend, Ingress, Route, join
from clusters.kinds.kubernetes.looked_at_certificates import CERTIFICATE
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.steps import step

API = "networking.k8s.io/v1/ingresses"
NO_ADDRESS = Health(Level.UNKNOWN, "Cannot tell")


@understood
def health(one: Ingress) -> Health:
    """Whether anybody serves it, with certificates that are good, and whether its addresses lead to somebody."""
    if unserved := serving(one):
        return unserved
    leading, certificate = _leading(one), one.certificate_trouble
    return certificate if certificate and certificate.level < leading.level else CERTIFICATES.said(one, leading)


def _leading(one: Ingress) -> Health:
    """Whether its addresses lead to somebody."""
    ways = list(zip(one.routes, one.checked.backends, strict=False))
    if not ways:
        return Health(Level.STOPPED, "Leads nowhere", "It has no paths and no backend.")
    broken = [(route, how) for route, how in ways if how.level < Level.STOPPED]
    if all(how.level is Level.STOPPED for _, how in ways):
        return ways[0][1]
    if not broken:
        served = served_by_somebody(one)
        return Health(Level.HEALTHY, "Leads on") if served is FINE else served
    route, how = min(broken, key=lambda each: each[1].level)
    level = Level.AT_RISK if how.level is Level.FAILING and len(broken) < len(ways) else how.level
    return Health(level, how.word, f"{route.words}: {how.reason}", how.code, how.since)


def serving(one: Ingress) -> Health | None:
    """Is its class there?"""
    if one.checked.class_state == "missing":
        words = f"Nobody serves this address: there is no ingress class {one.class_name}."
        return Health(Level.FAILING, "Missing class", words, "ingressClassName")
    if one.checked.class_state == "none":
        words = "It names no ingress class and none is the default: most programs that serve ingresses pass it over."
        return Health(Level.AT_RISK, "No class", words, "ingressClassName")
    return None


def served_by_somebody(one: Ingress) -> Health:
    """Fine, or that its class cannot be looked at and nobody told an address, which would prove that it is there."""
    if one.checked.class_state != "hidden" or one.status.addresses:
        return FINE
    words = "Whether anybody serves it cannot be told: our account here may not list ingress classes."
    return Health(Level.UNKNOWN, "Cannot tell", words, "list ingressclasses: forbidden")


def backend_words(backend: Backend) -> str:
    """ "web:80" """
    if backend.service:
        return f"{backend.service.name}:{backend.service.port.words}"
    return f"{backend.resource.kind} {backend.resource.name}" if backend.resource else "–"


def _make(own: Sequence[Ingress], others: Mapping[str, Sequence[Any]]) -> Sequence[Ingress]:
    return CERTIFICATES.join(join(own, others), others)


async def _load(look: Look) -> Mapping[str, Any]:
    one: Ingress = look.resource
    served = one.class_name or "the default class"
    by = f", served by {one.checked.served_by}" if one.checked.served_by else ""
    entry = ", ".join(one.status.addresses) or "no address was told by whoever serves it"
    known = {each.name for each in await look.related("service") if each.namespace == one.namespace}
    ways = zip(one.routes, one.checked.backends, strict=False)
    return {
        "steps": [
            step("Entry point", entry, FINE if one.status.addresses else NO_ADDRESS),
            step("Ingress class", f"{served}{by}", serving(one) or served_by_somebody(one)),
            *await CERTIFICATES.steps(look, one),
            *(_way(route, how, one.namespace, known) for route, how in ways),
        ],
        "copies": None,
        "facts": [
            ("Hosts", ", ".join(one.hosts) or "–"),
            ("Class", one.class_name or "none named"),
            *(
                ("Encrypted", f"{', '.join(tls.hosts or ()) or 'all hosts'} with secret {tls.secret_name or '–'}")
                for tls in one.spec.tls or ()
            ),
        ],
        "labels": sorted(one.labels.items()),
    }


def _way(route: Route, how: Health, namespace: str, known: set[str]) -> dict[str, Any]:
    to = route.backend.service
    if to is None or to.name not in known:
        return step("Path", f"{route.words} → {backend_words(route.backend)}", how)
    to_service = {
        "kind": "service",
        "key": f"{namespace}/{to.name}",
        "name": f"service {to.name}, port {to.port.words}",
    }
    return step("Path", route.words, how, [to_service])


OVERVIEW: Panel[Ingress] = Panel(key="overview", label="Who answers", icon="route", template="who_answers", load=_load)

INGRESS: Kind[Ingress] = Kind(
    model=Ingress,
    api=API,
    name="ingress",
    label="Ingress",
    plural="Ingresses",
    icon="globe",
    group="Networking",
    platform="kubernetes",
    words="Web addresses from outside, and the services to which they lead.",
    health=health,
    join=Join(kinds=("service", "ingress-class"), make=_make, without=frozenset({"service", "ingress-class"})),
    columns=(
        name_column(width="minmax(160px, 1.6fr)"),
        WIDE_STATUS,
        NAMESPACE,
        Column(
            key="hosts",
            label="Hosts",
            cell="tags",
            value=lambda one: one.hosts,
            sort=lambda one: (one.hosts or [""])[0],
            width="minmax(160px, 1.6fr)",
            words="The names it answers for; * is all.",
        ),
        Column(
            key="paths",
            label="Paths",
            cell="tags",
            value=lambda one: [route.path.strip() for route in one.routes],
            width="minmax(120px, 1fr)",
        ),
        Column(
            key="backends",
            label="Leads to",
            cell="tags",
            value=lambda one: list(dict.fromkeys(backend_words(route.backend) for route in one.routes)),
            width="minmax(140px, 1.4fr)",
            words="Services and their ports.",
        ),
        CERTIFICATE,
        Column(
            key="class",
            label="Class",
            value=lambda one: one.class_name or None,
            sort=lambda one: one.class_name,
            facet=lambda one: one.class_name,
            words="Which program serves it.",
        ),
        AGE,
    ),
    glances=CERTIFICATES.glances,
    noticing=CERTIFICATES.noticing,
    panels=(OVERVIEW, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "ingress",
            effect=lambda one: f"Deletes {one.name}: {', '.join(one.hosts[:5]) or 'its addresses'} leads nowhere then.",
            stays=lambda one: "The services behind it stay.",
        ),
    ),
    search=lambda one: f"{' '.join(route.words for route in one.routes)} {one.class_name}\0{labels_text(one)}",
)
