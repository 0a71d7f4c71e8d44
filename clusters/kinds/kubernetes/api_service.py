"""API service: a part of the cluster's API, and who answers it: the cluster itself, or a service in it."""

from __future__ import annotations

import time

import msgspec

from clusters.kinds.base import Column, Health, Kind, Level, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.live.resource import Number

API = "apiregistration.k8s.io/v1/apiservices"
STARTING = 180.0  # seconds in which the copies of a service may come up, as when they are replaced
_MAY_COME = {"MissingEndpoints", "EndpointsNotFound"}
SETTING_UP = 60.0  # seconds until one that was just made must answer
_WHY = {
    "ServiceNotFound": "The service that answers it is not there.",
    "MissingEndpoints": "The service that answers it has no copy that is ready.",
    "EndpointsNotFound": "The service that answers it has no addresses.",
    "ServicePortError": "The service that answers it has no such port.",
    "FailedDiscoveryCheck": "The service that answers it does not say what it knows.",
}


class Answering(Part, frozen=True, gc=False, rename="camel"):
    """The service that answers."""

    namespace: str = ""
    name: str = ""
    port: Number | None = None

    @property
    def words(self) -> str:
        """ "kube-system/metrics-server" """
        return f"{self.namespace}/{self.name}"


class ApiServiceSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    group: str = ""
    version: str = ""
    service: Answering | None = None
    insecure_skip_tls_verify: bool = msgspec.field(default=False, name="insecureSkipTLSVerify")


class ApiServiceStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    conditions: list[Condition] | None = None


class ApiService(Object, frozen=True, gc=False, rename="camel"):
    """One version of one group."""

    spec: ApiServiceSpec = ApiServiceSpec()
    status: ApiServiceStatus = ApiServiceStatus()

    @property
    def what(self) -> str:
        """ "metrics.k8s.io/v1beta1" """
        return "/".join(filter(None, (self.spec.group, self.spec.version)))


@understood
def health(one: ApiService) -> Health:
    """Whether somebody answers."""
    available = condition(one.status.conditions, "Available")
    if available and available.status == "True":
        return Health(Level.HEALTHY, "Answers" if one.spec.service else "Built in", since=available.since)
    if available is None or available.status != "False":
        level = Level.CHANGING if time.time() - one.created < SETTING_UP else Level.UNKNOWN
        return Health(level, "Not checked", "The cluster has not said yet whether anybody answers.", since=one.created)
    why = _WHY.get(available.reason, "")
    settled = available.since + STARTING
    if available.reason in _MAY_COME and time.time() < settled:
        words = f"{why} It may be starting."
        return Health(Level.CHANGING, "Starting", words, available.reason, available.since, settled)
    words = f"Nobody answers for {one.what}: what is kept there can be neither read nor changed. {why}".strip()
    return Health(
        Level.FAILING, "Unavailable", words, f"{available.reason}: {available.message}"[:200], available.since
    )


def _facts(one: ApiService) -> list[Fact]:
    to = one.spec.service
    available = condition(one.status.conditions, "Available")
    checked = "the certificate of who answers is not checked" if one.spec.insecure_skip_tls_verify else "it is checked"
    return [
        Fact("Part of the API", one.what or "–", mono=True),
        Fact(
            "Answered by",
            f"service {to.words}" if to else "the cluster itself",
            "service" if to else "",
            to.words if to else "",
        ),
        *((Fact("Certificate", checked),) if to else ()),
        *((Fact("What the cluster says", available.message),) if available and available.message else ()),
    ]


API_SERVICE: Kind[ApiService] = Kind(
    model=ApiService,
    api=API,
    name="api-service",
    label="API service",
    plural="API services",
    icon="plug",
    group="Everything else",
    platform="kubernetes",
    namespaced=False,
    always=True,
    words="A part of the cluster's API, and who answers it: the cluster itself, or a program that runs in it.",
    health=health,
    columns=(
        name_column(width="minmax(220px, 2.4fr)"),
        STATUS,
        Column(
            key="service",
            label="Answered by",
            value=lambda one: one.spec.service.words if one.spec.service else "the cluster itself",
            sort=lambda one: one.spec.service.words if one.spec.service else "",
            facet=lambda one: "a service" if one.spec.service else "the cluster itself",
            width="minmax(180px, 2fr)",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts), CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "apiservice",
            effect=lambda one: f"Deletes {one.name}: the cluster knows nothing of {one.what} any longer.",
            stays=lambda one: "The service that answered it stays. What the cluster answers itself it makes anew.",
            role=Role.ADMIN,
        ),
    ),
    search=lambda one: one.what,
)
