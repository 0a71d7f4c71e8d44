"""Gateways, their classes and their routes: who serves them, who took them, where they lead, in the words of ingresses."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level, Look
from clusters.kinds.kubernetes import gateway, route_model
from clusters.kinds.kubernetes.gateway import GATEWAY, Gateway
from clusters.kinds.kubernetes.gateway_class import GATEWAY_CLASS, GatewayClass
from clusters.kinds.kubernetes.grpc_route import GRPC_ROUTE
from clusters.kinds.kubernetes.http_route import HTTP_ROUTE, HttpRoute
from clusters.kinds.kubernetes.reference_grant import REFERENCE_GRANT, ReferenceGrant
from clusters.kinds.kubernetes.service_model import Answers, Service
from clusters.kinds.kubernetes.service_panels import routes_to
from clusters.kinds.kubernetes.tcp_route import TCP_ROUTE
from clusters.kinds.kubernetes.tls_route import TLS_ROUTE
from tests.clusters.fakes import all_shared, none_related

READ_AT = time.time()
pytestmark = pytest.mark.usefixtures("still")

ANSWERED = Answers(copies=1, ready=1)
# As the API server makes it, until a program takes it up.
UNKNOWN = [{"type": "Accepted", "status": "Unknown", "reason": "Pending", "message": "Waiting for controller"}]


def told(type_: str, status: str = "True", reason: str = "", message: str = "") -> dict[str, Any]:
    return {"type": type_, "status": status, "reason": reason, "message": message}


TAKEN = [told("Accepted"), told("ResolvedRefs")]


def made(model: Any, name: str, age: float = 900, **rest: Any) -> Any:
    when = datetime.fromtimestamp(time.time() - age, UTC).isoformat()
    meta = {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": when}
    return msgspec.convert({"metadata": meta, **rest}, model)


def service(name: str, answers: Answers = ANSWERED) -> Any:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "name": "http"}]}
    return msgspec.structs.replace(made(Service, name, spec=spec), answers=answers)


def edge(conditions: list[dict[str, Any]], age: float = 900) -> Any:
    return made(GatewayClass, "edge", age, spec={"controllerName": "example/edge"}, status={"conditions": conditions})


def front(
    *conditions: dict[str, Any], listeners: Any = (), age: float = 900, classes: tuple[str, ...] = ("edge",)
) -> Gateway:
    spec = {
        "gatewayClassName": "edge",
        "listeners": [{"name": name, "port": 80, "protocol": "HTTP"} for name in ("web", "api")],
    }
    status = {"conditions": list(conditions), "listeners": list(listeners)}
    known = [msgspec.convert({"metadata": {"name": name}}, GatewayClass) for name in classes]
    return gateway.join([made(Gateway, "front", age, spec=spec, status=status)], {"gateway-class": known})[0]


def route(
    *backends: dict[str, Any], conditions: Any = TAKEN, parent: str = "front", age: float = 900, **rule: Any
) -> Any:
    ref = {"name": parent}
    rules = [{"matches": [{"path": {"value": f"/{one.get('name')}"}}], "backendRefs": [one]} for one in backends]
    spec = {"parentRefs": [ref], "hostnames": ["shop.example"], "rules": [*rules, *([rule] if rule else [])]}
    parents = [{"parentRef": ref, "controllerName": "example/edge", "conditions": list(conditions)}]
    return made(HttpRoute, "shop", age, spec=spec, status={"parents": parents})


def checked(one: HttpRoute, *services: Service, **others: Any) -> HttpRoute:
    known = {"gateway": [front(told("Accepted"))], "service": list(services), **others}
    return route_model.join([one], {name: all_ for name, all_ in known.items() if all_ is not None})[0]


def judged(one: HttpRoute, *services: Service, **others: Any) -> Any:
    return HTTP_ROUTE.health(checked(one, *services, **others))


WEB = {"name": "web", "port": 80}


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
    one = gateway.join([front(told("Accepted"))], {})[0]
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
    for told in (
        checked(across, service("web"), **hidden),
        checked(across, service=None, **hidden),  # services may not be listed
        checked(bucket, service("web"), **hidden),
    ):
        (health,) = told.checked.ways
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


GROUP = "gateway.networking.k8s.io"
OTHERS = (GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE)


def of_kind(kind: Any, *backends: dict[str, Any], **rule: Any) -> Any:
    ref = {"name": "front"}
    spec: dict[str, Any] = {"parentRefs": [ref], "rules": [{"backendRefs": list(backends), **rule}]}
    if kind is not TCP_ROUTE:
        spec["hostnames"] = ["shop.example"]
    told_by = [{"parentRef": ref, "controllerName": "example/edge", "conditions": TAKEN}]
    return made(kind.model, "shop", spec=spec, status={"parents": told_by})


def joined(one: Any, *services: Service, **others: Any) -> Any:
    known = {"gateway": [front(told("Accepted"))], "service": list(services), **others}
    return route_model.join([one], known)[0]


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.name)
def test_routes_of_calls_and_connections_are_judged_as_those_of_requests(kind: Any) -> None:
    def word(*backends: dict[str, Any]) -> str:
        return str(kind.health(joined(of_kind(kind, *backends), service("web"))).word)

    assert word(WEB) == "Leads on"
    assert word({"name": "gone", "port": 80}) == "Missing backend"
    assert word({"name": "web", "port": 81}) == "Missing port"
    assert word() == "Leads nowhere"


def test_each_says_in_its_own_words_what_leads_where() -> None:
    call = {"matches": [{"method": {"service": "shop.Cart", "method": "Add"}}, {"method": {"service": "shop.Cart"}}]}
    routes = [of_kind(GRPC_ROUTE, WEB, **call), of_kind(TLS_ROUTE, WEB), of_kind(TCP_ROUTE, WEB)]
    assert [[way.words for way in one.ways] for one in routes] == [
        ["shop.example shop.Cart/Add", "shop.example shop.Cart/*"],
        ["shop.example"],
        ["any connection"],
    ]


def grant(kind: str = "HTTPRoute", inside: str = "shop", name: str = "", group: str = "", where: str = "ops") -> Any:
    to = {"group": group, "kind": "Service", **({"name": name} if name else {})}
    tree = {
        "metadata": {"name": "in", "namespace": where, "uid": "in"},
        "spec": {"from": [{"group": GROUP, "kind": kind, "namespace": inside}], "to": [to]},
    }
    return msgspec.convert(tree, ReferenceGrant)


@pytest.mark.parametrize(
    ("grants", "word"),
    [
        ([grant()], "Leads on"),
        ([grant(name="db")], "Leads on"),
        ([], "Not permitted"),
        ([grant(kind="TLSRoute")], "Not permitted"),
        ([grant(inside="lab")], "Not permitted"),
        ([grant(name="other")], "Not permitted"),
        ([grant(group="example.com")], "Not permitted"),
        ([grant(where="shop")], "Not permitted"),
        (None, "Leads on"),  # they may not be listed: what the gateway says of it counts
    ],
)
def test_a_route_leads_into_another_namespace_only_where_a_reference_grant_there_allows_it(
    grants: Any, word: str
) -> None:
    there = service("db")
    there = msgspec.structs.replace(there, metadata=msgspec.structs.replace(there.metadata, namespace="ops"))
    others = {} if grants is None else {"reference-grant": grants}
    one = joined(route({"name": "db", "port": 80, "namespace": "ops"}), there, **others)
    health = HTTP_ROUTE.health(one)
    assert health.word == word
    if word == "Not permitted":
        assert health.level is Level.FAILING
        assert "ops takes nothing from the routes of shop: no reference grant there allows it." in health.reason
    assert HTTP_ROUTE.health(joined(route(WEB), service("web"), **others)).word == "Leads on"  # at home none is needed


def test_a_grant_says_who_may_lead_where() -> None:
    assert [each.words for each in grant(name="db").named] == ["HTTPRoute of shop", "Service db"]
    assert REFERENCE_GRANT.health(grant()).word == "Allows"
    empty = msgspec.convert({"metadata": {"name": "in", "namespace": "ops"}, "spec": {}}, ReferenceGrant)
    assert REFERENCE_GRANT.health(empty).word == "Allows nothing"
