"""Gateways, their classes and routes as a cluster tells of them, joined with what they lead to."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from clusters.kinds.kubernetes import gateway_model, route_model
from clusters.kinds.kubernetes.gateway_class import GatewayClass
from clusters.kinds.kubernetes.gateway_model import Gateway
from clusters.kinds.kubernetes.http_route import HTTP_ROUTE, HttpRoute
from clusters.kinds.kubernetes.service_model import Answers, Service

READ_AT = time.time()

ANSWERED = Answers(copies=1, ready=1)


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
    return gateway_model.join([made(Gateway, "front", age, spec=spec, status=status)], {"gateway-class": known})[0]


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
