"""What all routes of gateways share: how they are, their page with every step, their list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, NAMESPACE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.base import condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.gateway_class import TAKEN_UP
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.route_model import NOT_GRANTED, Parent, Route, RouteBackend, Way, join
from clusters.kinds.kubernetes.steps import FINE, step

R = TypeVar("R", bound=Route)
_JOINED = ("gateway", "service", "reference-grant")
_REFUSED = {  # why a gateway does not take it, in words
    "NotAllowedByListeners": "The gateway takes no routes of this namespace.",
    "NoMatchingListenerHostname": "The gateway listens for none of its hosts.",
    "NoMatchingParent": "The gateway has no such listener.",
}
_UNRESOLVED = {  # what it leads to and cannot
    "BackendNotFound": ("Missing backend", "It leads to something that is not there."),
    "RefNotPermitted": ("Not permitted", "It leads into another namespace, and no reference grant there allows it."),
    "InvalidKind": ("Wrong backend", "It leads to a kind of thing that this gateway cannot send requests to."),
}


@understood
def health(one: Route) -> Health:
    """Whether a gateway took it, and whether its paths lead to somebody."""
    if not one.parents:
        return Health(Level.STOPPED, "Leads nowhere", "It names no gateway, so nothing comes to it.")
    return min(_leading(one), _attached(one), key=lambda how: how.level)


def _attached(one: Route) -> Health:
    """Whether its gateways took it; that one of several did not is no failure of the whole."""
    ways = [attaching(one, parent, state) for parent, state in _parents(one)]
    worst = min(ways, key=lambda how: how.level)
    return replace(worst, level=Level.AT_RISK) if worst.level is Level.FAILING and FINE in ways else worst


def _leading(one: Route) -> Health:
    """Whether its paths lead to somebody. How a service of another namespace is concerns who may see that one: its own
    page and finding say it, and the gateway says where it is missing."""
    ways = [(way, how) for way, how in zip(one.ways, one.checked.ways, strict=False) if not _beyond(way, how, one)]
    if ways and all(how.level is Level.STOPPED for _, how in ways):
        return ways[0][1]
    broken = [(way, how) for way, how in ways if how.level < Level.STOPPED]
    if not broken:
        return Health(Level.HEALTHY, "Leads on")
    way, how = min(broken, key=lambda each: each[1].level)
    level = Level.AT_RISK if how.level is Level.FAILING and len(broken) < len(ways) else how.level
    return Health(level, how.word, f"{way.words}: {how.reason}", how.code, how.since)


def _beyond(way: Way, how: Health, one: Route) -> bool:
    """Does it lead into another namespace, and may? That it may not, its gateways say of the route itself, too."""
    return how.code != NOT_GRANTED and bool(way.backend and way.backend.namespace not in ("", one.namespace))


def _parents(one: Route) -> list[tuple[Parent, str]]:
    states = one.checked.parents or ("hidden",) * len(one.parents)
    return list(zip(one.parents, states, strict=False))


def attaching(one: Route, parent: Parent, state: str) -> Health:
    """Did that gateway take it? ``FINE`` when it did, and can send requests where it leads."""
    namespace, name = parent.key(one.namespace)
    if state == "missing":
        words = f"Nothing comes to it: there is no gateway {name} in {namespace}."
        return Health(Level.FAILING, "Missing gateway", words, "parentRefs")
    said = one.said_by(parent)
    accepted = condition(said.conditions, "Accepted") if said else None
    if accepted is None or accepted.status not in ("True", "False"):
        if time.time() - one.created < TAKEN_UP:
            return Health(Level.CHANGING, "Waiting", f"Gateway {name} has not taken it up yet.", since=one.created)
        words = f"Gateway {name} has not taken it up: does the program that serves it run?"
        return Health(Level.AT_RISK, "Not taken up", words, "Accepted: Unknown", one.created)
    if accepted.status == "False":
        why = _REFUSED.get(accepted.reason, accepted.message[:300])
        return Health(Level.FAILING, "Not accepted", f"Gateway {name}: {why}", accepted.reason, accepted.since)
    resolved = condition(said.conditions, "ResolvedRefs") if said else None
    if resolved and resolved.status == "False":
        word, why = _UNRESOLVED.get(resolved.reason, ("Unknown backend", ""))
        words = f"{why} {resolved.message[:300]}".strip()
        return Health(Level.FAILING, word, words, resolved.reason, resolved.since)
    return FINE


def _what_comes_in(one: Route) -> str:
    return ", ".join(one.spec.hostnames[:5]) if one.spec.hostnames else "what comes in"


def backend_words(backend: RouteBackend | None) -> str:
    """ "web:80", "Bucket pictures" """
    if backend is None:
        return "elsewhere"
    if backend.backend.service:
        return f"{backend.name}:{backend.port}" if backend.name else "–"
    return f"{backend.kind} {backend.name}"


async def _load(look: Look) -> Mapping[str, Any]:
    one: Route = look.resource
    gateways = {(each.namespace, each.name): each for each in await look.related("gateway")}
    known = {(each.namespace, each.name) for each in await look.related("service")}
    addresses = [
        where
        for parent in one.parents
        if (gateway := gateways.get(parent.key(one.namespace)))
        for where in gateway.addresses
    ]
    hosts = ", ".join(one.hosts) if one.spec.hostnames else "all hosts"
    entry = f"{hosts} at {', '.join(addresses)}" if addresses else hosts
    ways = zip(one.ways, one.checked.ways, strict=False)
    return {
        "steps": [
            step("Entry point", entry),
            *(_gateway(one, parent, state, gateways) for parent, state in _parents(one)),
            *(_way(way, _told(look, way, how), one.namespace, known) for way, how in ways),
        ],
        "copies": None,
        "facts": [("Hosts", hosts), *([("Matches", ", ".join(one.matches))] if one.matches else [])],
        "labels": sorted(one.labels.items()),
    }


def _told(look: Look, way: Way, how: Health) -> Health:
    """How that way is, for whoever may see where it leads."""
    if not _beyond(way, how, look.resource) or (way.backend and look.sees(way.backend.namespace)):
        return how
    return Health(Level.UNKNOWN, "Cannot tell", "What is in that namespace is not shared with you.")


def _gateway(one: Route, parent: Parent, state: str, known: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    namespace, name = parent.key(one.namespace)
    how = attaching(one, parent, state)
    if (namespace, name) not in known:
        return step(parent.kind, f"{namespace}/{name}{parent.words}", how)
    link = {"kind": "gateway", "key": f"{namespace}/{name}", "name": f"gateway {name}{parent.words}"}
    return step("Gateway", "", how, [link])


def _way(way: Way, how: Health, namespace: str, known: set[tuple[str, str]]) -> dict[str, Any]:
    to = way.backend
    place = (to.namespace or namespace, to.name) if to else ("", "")
    if not way.known:
        return step("Way", way.words, how)
    if to is None or place not in known or not to.backend.service:
        return step("Way", f"{way.words} → {backend_words(to)}", how)
    share = f", weight {to.weight}" if to.weight != 1 else ""
    link = {"kind": "service", "key": "/".join(place), "name": f"service {to.name}, port {to.port}{share}"}
    return step("Way", way.words, how, [link])


OVERVIEW: Panel[Any] = Panel(key="overview", label="Who answers", icon="route", template="who_answers", load=_load)

_HOSTS: Column[Route] = Column(
    key="hosts",
    label="Hosts",
    cell="tags",
    value=lambda one: one.hosts[:4],
    sort=lambda one: one.hosts[0],
    width="minmax(160px, 1.6fr)",
    words="The names it answers for; * is all.",
)
_BACKENDS: Column[Route] = Column(
    key="backends",
    label="Leads to",
    cell="tags",
    value=lambda one: list(dict.fromkeys(backend_words(way.backend) for way in one.ways))[:4],
    width="minmax(140px, 1.4fr)",
    words="Services and their ports.",
)
_GATEWAY: Column[Route] = Column(
    key="gateway",
    label="Gateway",
    value=lambda one: ", ".join(dict.fromkeys(parent.name for parent in one.parents)) or None,
    sort=lambda one: one.parents[0].name if one.parents else "",
    facet=lambda one: one.parents[0].name if one.parents else "",
    words="Where it comes in.",
)


def route_kind(model: type[R], api: str, *, sort: str, words: str, matches: str = "", hosts: bool = True,
               also_in: tuple[str, ...] = ()) -> Kind[R]:  # fmt: skip
    """The kind of "HTTP" routes, of "gRPC" ones … ``matches`` is the label of what tells their requests apart."""
    told: tuple[Column[Any], ...] = (_HOSTS,) if hosts else ()
    if matches:
        told = (*told, Column(key="matches", label=matches, cell="tags", value=lambda one: one.matches[:4],
                              width="minmax(120px, 1fr)"))  # fmt: skip
    return Kind(
        model=model,
        api=api,
        also_in=also_in,
        name=f"{sort.lower()}-route",
        label=f"{sort} route",
        plural=f"{sort} routes",
        icon="waypoints",
        group="Networking",
        platform="kubernetes",
        words=words,
        health=health,
        join=Join(kinds=_JOINED, make=join, without=frozenset(_JOINED)),
        columns=(name_column(width="minmax(160px, 1.6fr)"), WIDE_STATUS, NAMESPACE, *told, _BACKENDS, _GATEWAY, AGE),
        panels=(OVERVIEW, EVENTS, YAML),
        actions=(
            deleting(
                api,
                f"{sort.lower()}route",
                effect=lambda one: f"Deletes {one.name}: {_what_comes_in(one)} leads nowhere by it then.",
                stays=lambda one: "The services behind it stay.",
            ),
        ),
        search=lambda one: f"{' '.join(way.words for way in one.ways)}\0{labels_text(one)}",
    )
