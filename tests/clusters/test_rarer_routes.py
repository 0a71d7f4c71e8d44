"""Routes of calls and connections, and leading into other namespaces."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level
from clusters.kinds.kubernetes import route_model
from clusters.kinds.kubernetes.grpc_route import GRPC_ROUTE
from clusters.kinds.kubernetes.http_route import HTTP_ROUTE
from clusters.kinds.kubernetes.reference_grant import REFERENCE_GRANT, ReferenceGrant
from clusters.kinds.kubernetes.service_model import Service
from clusters.kinds.kubernetes.tcp_route import TCP_ROUTE
from clusters.kinds.kubernetes.tls_route import TLS_ROUTE
from tests.clusters.routes import READ_AT, TAKEN, WEB, front, made, route, service, told  # noqa: F401

pytestmark = pytest.mark.usefixtures("still")

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
    assert [each.words for each in grant(name="db").named] == ["HTTP routes of shop", "service db"]
    assert [each.words for each in grant("Vault", group="example.com").named] == [
        "vaults.gateway.networking.k8s.io of shop",
        "all services.example.com",
    ], "what no file describes stays as it calls itself"
    assert REFERENCE_GRANT.health(grant()).word == "Allows"
    empty = msgspec.convert({"metadata": {"name": "in", "namespace": "ops"}, "spec": {}}, ReferenceGrant)
    assert REFERENCE_GRANT.health(empty).word == "Allows nothing"
