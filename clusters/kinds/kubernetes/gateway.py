"""Gateway: where requests from outside come in, and who listens there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, NAMESPACE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.formats import count
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.base import Condition, condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.gateway_certificates import CERTIFICATES
from clusters.kinds.kubernetes.gateway_class import GATEWAYS as API
from clusters.kinds.kubernetes.gateway_class import TAKEN_UP
from clusters.kinds.kubernetes.gateway_model import Gateway, ListenerStatus, join
from clusters.kinds.kubernetes.leading import leads
from clusters.kinds.kubernetes.looked_at_certificates import CERTIFICATE
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.route_lists import routes, unlinked
from clusters.kinds.kubernetes.steps import FINE, NOT_REACHED, step

_NOT_YET = {"Pending", "AddressNotAssigned"}  # what may come by itself


@understood
def health(one: Gateway) -> Health:
    """Whether anybody serves it, with certificates that are good, and whether all of its ports are open."""
    served = serving(one)
    if served is not FINE:
        return served
    opened, certificate = _opened(one), one.certificate_trouble
    return certificate if certificate and certificate.level <= opened.level else CERTIFICATES.said(one, opened)


def _opened(one: Gateway) -> Health:
    """Whether all of its ports are open."""
    broken = [(listener, how) for listener, status in one.listeners if (how := listening(status)) is not FINE]
    if not broken:
        return Health(Level.HEALTHY, "Open")
    listener, how = broken[0]
    level = Level.FAILING if len(broken) == len(one.listeners) else Level.AT_RISK
    return Health(level, how.word, f"{listener.name}: {how.reason}", how.code, how.since)


def serving(one: Gateway) -> Health:
    """Has a program taken it up? ``FINE`` when it has."""
    if one.class_state == "missing":
        words = f"Nobody serves this address: there is no gateway class {one.spec.gateway_class_name}."
        return Health(Level.FAILING, "Missing class", words, "gatewayClassName")
    for type_, word in (("Accepted", "Not accepted"), ("Programmed", "Not open")):
        said = condition(one.status.conditions, type_)
        if said and said.status == "False":
            return _unserved(one, said, type_, word)
    accepted = condition(one.status.conditions, "Accepted")
    if accepted and accepted.status == "True":
        return FINE
    if time.time() - one.created < TAKEN_UP:
        return Health(Level.CHANGING, "Waiting", "Nobody has taken it up yet.", since=one.created)
    words = "Nobody has taken it up: does the program that serves its class run?"
    return Health(Level.AT_RISK, "Nobody serves it", words, "Accepted: Unknown", one.created)


def _unserved(one: Gateway, said: Condition, type_: str, word: str) -> Health:
    """How one is of which that is said: what is only not done yet, as an address from a cloud, takes its time."""
    code, settled = f"{type_}: {said.reason}", (said.since or one.created) + TAKEN_UP
    if said.reason in _NOT_YET and time.time() < settled:
        return Health(Level.CHANGING, "Waiting", said.message[:300], code, said.since, settled)
    level = Level.AT_RISK if said.reason == "AddressNotAssigned" else Level.FAILING  # it may be reached otherwise
    return Health(level, word, said.message[:300], code, said.since)


def listening(status: ListenerStatus) -> Health:
    """How one port is."""
    for type_, bad, word in (
        ("Conflicted", "True", "Conflict"),
        ("Accepted", "False", "Not accepted"),
        ("ResolvedRefs", "False", "Wrong reference"),
        ("Programmed", "False", "Not open"),
    ):
        said = condition(status.conditions, type_)
        if said and said.status == bad:
            return Health(Level.AT_RISK, word, said.message[:300], f"{type_}: {said.reason}", said.since)
    return FINE


async def _load(look: Look) -> Mapping[str, Any]:
    one: Gateway = look.resource
    entry = ", ".join(one.addresses) or "no address was told by whoever serves it"
    told = FINE if one.addresses else Health(Level.UNKNOWN, "Cannot tell")
    class_link = [{"kind": "gateway-class", "key": one.spec.gateway_class_name, "name": one.spec.gateway_class_name}]
    linked = await leads(look, "gateway-class", one.spec.gateway_class_name)
    return {
        "steps": [
            step("Entry point", entry, told),
            step(
                "Gateway class",
                "" if linked else one.spec.gateway_class_name or "none named",
                serving(one),
                class_link if linked else [],
            ),
            *(
                step(
                    "Listener",
                    f"{listener.words}; {count(how.attached_routes, 'route')}",
                    listening(how) if how.conditions else NOT_REACHED,
                )
                for listener, how in one.listeners
            ),
            *await CERTIFICATES.steps(look, one),
            await _routes(look, one),
        ],
        "copies": None,
        "facts": [
            ("Class", one.spec.gateway_class_name or "none named"),
            ("Addresses", ", ".join(one.addresses) or "none"),
        ],
        "labels": sorted(one.labels.items()),
    }


def _make(own: Sequence[Gateway], others: Mapping[str, Sequence[Any]]) -> Sequence[Gateway]:
    return CERTIFICATES.join(join(own, others), others)


async def _routes(look: Look, one: Gateway) -> dict[str, Any]:
    """The routes that name it."""
    try:
        found = await routes(look, one.namespace)
    except ClusterError as error:
        return step("Routes", "", Health(Level.UNKNOWN, "Cannot tell", error.message))

    def names_it(item: Mapping[str, Any]) -> bool:
        inside, parents = item["metadata"].get("namespace", ""), (item.get("spec") or {}).get("parentRefs") or ()
        return any((p.get("namespace") or inside, p.get("name")) == (one.namespace, one.name) for p in parents)

    links = [link for sort in found for link in sort.links(names_it, one.namespace)]
    words = "; ".join(unlinked(found, names_it))
    named = links or any(sort.some.others(names_it) for sort in found)
    return step("Routes", words or ("" if links else "no route names it"),
                FINE if named else Health(Level.UNKNOWN, "None"), links)  # fmt: skip


OVERVIEW: Panel[Gateway] = Panel(key="overview", label="Who answers", icon="route", template="who_answers", load=_load)

GATEWAY: Kind[Gateway] = Kind(
    model=Gateway,
    api=API,
    also_in=("v1beta1",),
    name="gateway",
    label="Gateway",
    plural="Gateways",
    icon="log-in",
    group="Networking",
    platform="kubernetes",
    words="Where requests from outside come in: ports and hosts, to which routes are attached.",
    health=health,
    join=Join(kinds=("gateway-class",), make=_make, without=frozenset({"gateway-class"})),
    columns=(
        name_column(width="minmax(160px, 1.6fr)"),
        WIDE_STATUS,
        NAMESPACE,
        Column(
            key="listeners",
            label="Listens on",
            cell="tags",
            value=lambda one: [f"{each.protocol} {each.port}" for each in one.spec.listeners or ()][:4],
            width="minmax(150px, 1.4fr)",
        ),
        Column(
            key="addresses",
            label="Addresses",
            cell="tags",
            value=lambda one: one.addresses[:3],
            width="minmax(140px, 1.4fr)",
        ),
        Column(
            key="routes",
            label="Routes",
            cell="number",
            value=lambda one: one.routes,
            sort=lambda one: one.routes,
            width="80px",
            end=True,
            words="Routes that were taken up.",
        ),
        CERTIFICATE,
        Column(
            key="class",
            label="Class",
            value=lambda one: one.spec.gateway_class_name or None,
            sort=lambda one: one.spec.gateway_class_name,
            facet=lambda one: one.spec.gateway_class_name,
            words="Which program serves it.",
        ),
        AGE,
    ),
    glances=CERTIFICATES.glances,
    noticing=CERTIFICATES.noticing,
    panels=(OVERVIEW, CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "gateway",
            effect=lambda one: f"Deletes {one.name}: nothing comes in by it any longer.",
            stays=lambda one: "Its routes and the services behind them stay.",
        ),
    ),
    search=lambda one: f"{' '.join(each.words for each in one.spec.listeners or ())}\0{labels_text(one)}",
)
