"""Gateways, their classes and their routes: who serves them, who took them, where they lead, in the words of ingresses."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level, Look
from clusters.kinds.kubernetes import gateway_model, route_model
from clusters.kinds.kubernetes.gateway import GATEWAY
from clusters.kinds.kubernetes.gateway_class import GATEWAY_CLASS
from clusters.kinds.kubernetes.gateway_model import Gateway
from clusters.kinds.kubernetes.http_route import HTTP_ROUTE, HttpRoute
from clusters.kinds.kubernetes.service_model import Service
from clusters.kinds.kubernetes.service_panels import routes_to
from tests.clusters.fakes import all_shared, none_related
from tests.clusters.routes import READ_AT, WEB, checked, edge, front, judged, made, route, service, told  # noqa: F401

pytestmark = pytest.mark.usefixtures("still")

# As the API server makes it, until a program takes it up.
UNKNOWN = [{"type": "Accepted", "status": "Unknown", "reason": "Pending", "message": "Waiting for controller"}]


@pytest.mark.parametrize(
    ("conditions", "age", "level", "word"),
    [
        ([told("Accepted")], 900, Level.HEALTHY, "Served"),
        ([told("Accepted", "False", "Unsupported", "Too old.")], 900, Level.AT_RISK, "Not accepted"),
        (UNKNOWN, 900, Level.AT_RISK, "Nobody serves it"),
        (UNKNOWN, 5, Level.CHANGING, "Waiting"),
    ],
)
def test_a_class_says_whether_anybody_serves_it(conditions: Any, age: float, level: Level, word: str) -> None:
    health = GATEWAY_CLASS.health(edge(conditions, age))
    assert (health.level, health.word) == (level, word)


@pytest.mark.parametrize(
    ("one", "level", "word", "reason"),
    [
        (front(told("Accepted"), told("Programmed")), Level.HEALTHY, "Open", ""),
        (front(*UNKNOWN), Level.AT_RISK, "Nobody serves it", "does the program that serves its class run"),
        (front(*UNKNOWN, age=5), Level.CHANGING, "Waiting", ""),
        (front(told("Accepted"), classes=()), Level.FAILING, "Missing class", "there is no gateway class edge"),
        (front(told("Accepted"), told("Programmed", "False", "AddressNotAssigned", "No address.")), Level.AT_RISK, "Not open", "No address."),
        (front(told("Accepted"), told("Programmed", "False", "AddressNotAssigned", "No address."), age=5), Level.CHANGING, "Waiting", "No address."),
        (front(told("Accepted"), told("Programmed", "False", "Pending", "Not yet."), age=5), Level.CHANGING, "Waiting", "Not yet."),
        (front(told("Accepted"), told("Programmed", "False", "Pending", "Not yet.")), Level.FAILING, "Not open", "Not yet."),
        (front(told("Accepted"), told("Programmed", "False", "Invalid", "Wrong."), age=5), Level.FAILING, "Not open", "Wrong."),
        (
            front(told("Accepted"), listeners=[{"name": "web", "conditions": [told("Conflicted", "True", "PortConflict", "80 is taken.")]}]),
            Level.AT_RISK,
            "Conflict",
            "web: 80 is taken.",
        ),
    ],
)  # fmt: skip
def test_a_gateway_says_who_does_not_serve_it_and_which_port_is_not_open(
    one: Gateway, level: Level, word: str, reason: str
) -> None:
    health = GATEWAY.health(one)
    assert (health.level, health.word) == (level, word)
    assert reason in health.reason


def test_a_class_that_may_not_be_listed_is_not_called_missing() -> None:
    one = gateway_model.join([front(told("Accepted"))], {})[0]
    assert GATEWAY.health(one).word == "Open"


def test_a_route_leads_on_when_a_gateway_took_it_and_its_services_answer() -> None:
    assert judged(route(WEB), service("web")).word == "Leads on"


@pytest.mark.parametrize(
    ("one", "level", "word", "reason"),
    [
        (route(WEB, parent="gone"), Level.FAILING, "Missing gateway", "there is no gateway gone in shop"),
        (route(WEB, conditions=[told("Accepted", "False", "NotAllowedByListeners")]), Level.FAILING, "Not accepted", "takes no routes of this namespace"),
        (route(WEB, conditions=UNKNOWN), Level.AT_RISK, "Not taken up", "has not taken it up"),
        (route(WEB, conditions=UNKNOWN, age=3), Level.CHANGING, "Waiting", ""),
        (route(WEB, conditions=[told("Accepted"), told("ResolvedRefs", "False", "RefNotPermitted", "to ops")]), Level.FAILING, "Not permitted", "no reference grant there allows it"),
        (route(WEB, {"name": "gone", "port": 80}), Level.AT_RISK, "Missing backend", "shop.example/gone: It leads nowhere: there is no service gone in shop."),
        (route({"name": "gone", "port": 80}), Level.FAILING, "Missing backend", "there is no service gone"),
        (route({"name": "gone", "port": 80}, conditions=UNKNOWN), Level.FAILING, "Missing backend", "there is no service gone"),
        (route({"name": "web", "port": 81}), Level.FAILING, "Missing port", "service web has no port 81"),
        (route({**WEB, "weight": 0}), Level.STOPPED, "Switched off", "none of the requests"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_route_is_said_as_of_an_ingress(
    one: HttpRoute, level: Level, word: str, reason: str
) -> None:
    health = judged(one, service("web"))
    assert (health.level, health.word) == (level, word)
    assert reason in health.reason


def test_a_redirect_needs_no_backend() -> None:
    assert judged(route(filters=[{"type": "RequestRedirect"}])).word == "Leads on"


def test_what_an_extension_of_the_gateway_handles_is_not_called_broken() -> None:
    assert judged(route(filters=[{"type": "ExtensionRef"}])).word == "Cannot tell"


def test_nothing_is_called_missing_in_a_namespace_of_which_nothing_is_seen() -> None:
    across = route({"name": "web", "port": 80, "namespace": "ops"})
    (health,) = checked(across, service("web")).checked.ways
    assert (health.level, health.word) == (Level.UNKNOWN, "Cannot tell")
    assert "nothing in ops is seen" in health.reason
    bucket = route({"name": "pictures", "kind": "Bucket", "group": "example.com", "namespace": "ops"})
    hidden: dict[str, Any] = {"reference-grant": []}  # listed, and of what is not seen none is there
    for one in (
        checked(across, service("web"), **hidden),
        checked(across, service=None, **hidden),  # services may not be listed
        checked(bucket, service("web"), **hidden),
    ):
        (health,) = one.checked.ways
        assert (health.level, health.word) == (Level.UNKNOWN, "Cannot tell")
    other = msgspec.structs.replace(
        service("db"), metadata=msgspec.structs.replace(service("db").metadata, namespace="ops")
    )
    assert checked(across, other).checked.ways[0].word == "Missing backend"
    tree = {
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"parentRefs": [{"name": "front", "namespace": "edge"}]},
    }
    one = route_model.join([msgspec.convert(tree, HttpRoute)], {"gateway": [], "service": []})[0]
    assert one.checked.parents == ("hidden",)


def test_a_route_that_names_no_gateway_leads_nowhere() -> None:
    one = msgspec.convert({"metadata": {"name": "lost", "namespace": "shop"}, "spec": {}}, HttpRoute)
    assert judged(one).word == "Leads nowhere"


def test_what_may_not_be_listed_is_not_called_missing_here_either() -> None:
    health = judged(route(WEB), service=None)
    assert (health.level, health.word) == (Level.UNKNOWN, "Cannot tell")
    assert judged(route(WEB), service("web"), gateway=None).word == "Leads on"


async def test_how_a_service_of_another_namespace_is_concerns_only_who_may_see_it() -> None:
    other = made(Service, "db", spec={"ports": [{"port": 80}]})
    other = msgspec.structs.replace(other, metadata=msgspec.structs.replace(other.metadata, namespace="payroll"))
    one = checked(route({"name": "gone", "port": 80, "namespace": "payroll"}), other)
    assert one.checked.ways[0].word == "Missing backend"
    assert HTTP_ROUTE.health(one).word == "Leads on"  # a list shows it to everybody who sees the route
    panel = HTTP_ROUTE.panel("overview")
    assert panel is not None
    assert panel.load is not None
    for shared, word in ((True, "Missing backend"), (False, "Cannot tell")):
        sees = lambda namespace, shared=shared: namespace == "shop" or shared  # noqa: E731
        look = Look(cluster_id=1, kind=HTTP_ROUTE, resource=one, driver=None, related=none_related, sees=sees)
        steps = (await panel.load(look))["steps"]
        assert steps[-1]["status"][1] == word


async def test_the_page_of_a_route_shows_every_step() -> None:
    one = route_model.join(
        [route(WEB, {"name": "gone", "port": 80})], {"gateway": [front(told("Accepted"))], "service": [service("web")]}
    )[0]

    async def related(name: str) -> list[Any]:
        return [front(told("Accepted"))] if name == "gateway" else [service("web")]

    panel = HTTP_ROUTE.panel("overview")
    assert panel is not None
    assert panel.load is not None
    steps = (
        await panel.load(
            Look(cluster_id=1, kind=HTTP_ROUTE, resource=one, driver=None, related=related, sees=all_shared)
        )
    )["steps"]
    assert [(each["label"], each["status"][1], [to["name"] for to in each["links"]]) for each in steps] == [
        ("Entry point", "Fine", []),
        ("Gateway", "Fine", ["gateway front"]),
        ("Way", "Fine", ["service web, port 80"]),
        ("Way", "Missing backend", []),
    ]


def test_a_service_knows_the_routes_that_lead_to_it() -> None:
    item = {"metadata": {"namespace": "shop", "name": "cart"}, "spec": {"rules": [{"backendRefs": [{"name": "web"}]}]}}
    other = {"metadata": {"namespace": "ops", "name": "far"}, "spec": {"rules": [{"backendRefs": [{"name": "web"}]}]}}
    across = {
        "metadata": {"namespace": "ops", "name": "near"},
        "spec": {"rules": [{"backendRefs": [{"name": "web", "namespace": "shop"}]}]},
    }
    assert routes_to([item, other, across], service("web")) == ["shop/cart", "ops/near"]
