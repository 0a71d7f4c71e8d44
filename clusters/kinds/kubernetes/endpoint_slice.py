"""Endpoint slice: the addresses that a service sends requests to, and which of them are ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Column, Health, Kind, Level, Look
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.workload import ready_column
from clusters.live.resource import Number

API = "discovery.k8s.io/v1/endpointslices"
SERVICE, KEPT_BY = "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"


class EndpointConditions(Part, frozen=True, gc=False, rename="camel"):
    """How one address is. What is not said counts as ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(Part, frozen=True, gc=False, rename="camel"):
    """What has the address."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class Endpoint(Part, frozen=True, gc=False, rename="camel"):
    """Some addresses of one copy."""

    addresses: list[str] | None = None
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None
    node_name: str = ""

    @property
    def ready(self) -> bool:
        """Is it sent requests?"""
        return self.conditions.ready is not False

    @property
    def words(self) -> str:
        """How it is."""
        if self.ready:
            return "ready"
        if self.conditions.terminating:
            return "ending, still answers" if self.conditions.serving else "ending"
        return "not ready"


class EndpointPort(Part, frozen=True, gc=False, rename="camel"):
    """A port of all of them."""

    name: str | None = None
    port: Number | None = None
    protocol: str = "TCP"

    @property
    def words(self) -> str:
        """ "http 8080", "53 UDP" """
        protocol = "" if self.protocol == "TCP" else self.protocol
        return " ".join(filter(None, (self.name, str(self.port or "all"), protocol)))


class EndpointSlice(Object, frozen=True, gc=False, rename="camel"):
    """Some addresses of a service."""

    address_type: str = ""
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None

    @property
    def service(self) -> str:
        """The service they are of; "" for none."""
        return self.labels.get(SERVICE, "")

    @property
    def ready(self) -> tuple[int, int, int]:
        """How many are ready, how many there are; nothing is known of those that start."""
        known = self.endpoints or []
        return sum(one.ready for one in known), len(known), 0


@understood
def health(one: EndpointSlice) -> Health:
    """Whether any of its addresses is sent requests."""
    ready, known, _ = one.ready
    if not known:
        return Health(Level.STOPPED, "Empty", "It has no addresses: nobody answers by it.")
    if not ready:
        which = "Its only address is not" if known == 1 else f"None of its {known} addresses is"
        words = f"{which} ready: nobody answers by it."
        return Health(Level.AT_RISK, "None ready", words, "no ready endpoints")
    return Health(Level.HEALTHY, "Ready")


def _few(addresses: list[str]) -> list[str]:
    return addresses if len(addresses) < 3 else [addresses[0], f"{len(addresses) - 1} more"]


def _user(one: Endpoint) -> User:
    target, where = one.target_ref, ", ".join(one.addresses or ())
    how = f"{where}: {one.words}"
    if target is None:
        return User("", where or "–", "", "Address", one.words, one.node_name)
    kind = "pod" if target.kind == "Pod" else ""
    return User(kind, target.name, f"{target.namespace}/{target.name}", target.kind, how, one.node_name)


async def _load(look: Look) -> Mapping[str, Any]:
    one: EndpointSlice = look.resource
    facts = [
        Fact("Of service", one.service or "none", "service" if one.service else "", f"{one.namespace}/{one.service}"),
        Fact("Its addresses are", one.address_type or "–"),
        Fact("Ports", ", ".join(port.words for port in one.ports or ()) or "none"),
        Fact("Kept by", one.labels.get(KEPT_BY, "nobody that says so")),
    ]
    rows = [_user(each) for each in one.endpoints or ()]
    return await overview(look, facts, Users("Who has its addresses", "It has no addresses.", rows, "Address"))


ENDPOINT_SLICE: Kind[EndpointSlice] = Kind(
    model=EndpointSlice,
    api=API,
    name="endpoint-slice",
    label="Endpoint slice",
    plural="Endpoint slices",
    icon="split",
    group="Networking",
    platform="kubernetes",
    words="The addresses of the copies behind a service, as the cluster hands them to whoever sends requests.",
    health=health,
    columns=(
        name_column(lambda one: one.service and f"service {one.service}"),
        STATUS,
        NAMESPACE,
        ready_column(lambda one: one.ready, "Addresses that are sent requests, of all."),
        Column(
            key="addresses",
            label="Addresses",
            cell="tags",
            value=lambda one: _few([where for each in one.endpoints or () for where in each.addresses or ()]),
            width="minmax(200px, 2fr)",
        ),
        Column(
            key="ports",
            label="Ports",
            cell="tags",
            value=lambda one: [port.words for port in one.ports or ()][:4],
            width="minmax(100px, 1fr)",
        ),
        AGE,
    ),
    panels=(panel(_load), EVENTS, YAML),
    actions=(
        deleting(
            API,
            "endpointslice",
            effect=lambda one: f"Deletes {one.name}: its addresses are sent nothing until somebody makes it anew.",
            stays=lambda one: "The copies stay. The cluster makes anew at once what it keeps for a service.",
        ),
    ),
    search=lambda one: f"{' '.join(a for e in one.endpoints or () for a in e.addresses or ())}\0{labels_text(one)}",
)
