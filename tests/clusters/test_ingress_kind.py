"""Where web addresses lead: the missing class, service or port is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level
from clusters.kinds.kubernetes.ingress import INGRESS
from clusters.kinds.kubernetes.ingress_class import DEFAULT, INGRESS_CLASS, IngressClass
from clusters.kinds.kubernetes.ingress_model import FINE, Ingress, join
from clusters.kinds.kubernetes.service_model import Answers, Service

RECORDED = Path(__file__).parent.parent / "recorded" / "kubernetes" / "ingress.json"
ANSWERED = Answers(copies=1, ready=1)


def service(name: str, answers: Answers = ANSWERED) -> Service:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "name": "http"}]}
    one = msgspec.convert({"metadata": {"name": name, "namespace": "shop"}, "spec": spec}, Service)
    return msgspec.structs.replace(one, answers=answers)


def ingress_class(name: str, default: str = "false") -> IngressClass:
    meta = {"name": name, "annotations": {DEFAULT: default}}
    return msgspec.convert({"metadata": meta, "spec": {"controller": "example/edge"}}, IngressClass)


def path(name: str, **port: Any) -> dict[str, Any]:
    return {"path": f"/{name}", "backend": {"service": {"name": name, "port": port or {"name": "http"}}}}


def ingress(*paths: dict[str, Any], **more: Any) -> Ingress:
    spec = {"ingressClassName": "edge", "rules": [{"host": "shop.example", "http": {"paths": paths}}], **more}
    return msgspec.convert({"metadata": {"name": "shop", "namespace": "shop"}, "spec": spec}, Ingress)


def judged(one: Ingress, *services: Service, classes: tuple[IngressClass, ...] = (ingress_class("edge"),)) -> Any:
    return INGRESS.health(join([one], {"service": services, "ingress-class": classes})[0])


def test_it_leads_on_when_its_class_and_its_services_are_there() -> None:
    assert judged(ingress(path("web"), path("api", number=80)), service("web"), service("api")).word == "Leads on"


def test_what_leads_on_says_where_its_certificates_are_not_looked_at() -> None:
    assert judged(ingress(path("web")), service("web")).reason == ""
    one = ingress(path("web"), tls=[{"secretName": "a"}, {"secretName": "b"}])
    health = judged(one, service("web"))
    assert (health.level, health.word) == (Level.HEALTHY, "Leads on")
    assert health.reason == "Its certificates are looked at on its page alone."
    some = judged(msgspec.structs.replace(one, certificates=(FINE,)), service("web"))
    assert some.reason == "Some of its certificates are looked at on its page alone."
    assert judged(msgspec.structs.replace(one, certificates=(FINE, FINE)), service("web")).reason == ""
    assert judged(ingress(path("gone"), tls=[{"secretName": "a"}])).word == "Missing backend"


def test_a_missing_service_is_named_and_weighs_more_when_no_other_path_leads_anywhere() -> None:
    health = judged(ingress(path("web"), path("gone")), service("web"))
    assert (health.level, health.word) == (Level.AT_RISK, "Missing backend")
    assert health.reason == "shop.example/gone: It leads nowhere: there is no service gone in shop."
    assert judged(ingress(path("gone"))).level is Level.FAILING


def test_a_port_that_the_service_does_not_have_is_named() -> None:
    assert judged(ingress(path("web", number=8080)), service("web")).reason.endswith("service web has no port 8080.")


def test_a_service_on_which_nobody_answers_is_said_here_too() -> None:
    health = judged(ingress(path("web")), service("web", Answers()))
    assert (health.level, health.word) == (Level.FAILING, "Nobody answers")
    assert health.reason.startswith("shop.example/web: Service web: Traffic goes nowhere")


def test_all_switched_off_is_no_fault() -> None:
    assert judged(ingress(path("web")), service("web", Answers(off="web"))).level is Level.STOPPED


@pytest.mark.parametrize(
    ("named", "classes", "word"),
    [
        ("edge", (), "Missing class"),
        ("", (ingress_class("edge"),), "No class"),
        ("", (ingress_class("edge", "true"),), "Leads on"),
    ],
)
def test_a_class_that_nobody_serves_is_named(named: str, classes: tuple[IngressClass, ...], word: str) -> None:
    assert judged(ingress(path("web"), ingressClassName=named), service("web"), classes=classes).word == word


def test_a_default_class_says_so() -> None:
    assert INGRESS_CLASS.health(ingress_class("edge", "true")).word == "Default"


def test_a_recorded_ingress_is_read() -> None:
    one = msgspec.json.decode(RECORDED.read_bytes(), type=Ingress)
    assert [route.words for route in one.routes] == ["net.example/", "net.example/gone", "* (all else)"]
    assert one.class_name == "net-try"


def test_what_may_not_be_listed_is_not_called_missing() -> None:
    one = ingress(path("web"))
    health = INGRESS.health(join([one], {"ingress-class": [ingress_class("edge")]})[0])
    assert (health.level, health.word) == (Level.UNKNOWN, "Cannot tell")
    assert "may not list services" in health.reason
    unserved = INGRESS.health(join([one], {"service": [service("web")]})[0])
    assert (unserved.level, unserved.word) == (Level.UNKNOWN, "Cannot tell")
    assert "may not list ingress classes" in unserved.reason
    broken = INGRESS.health(join([one], {"service": []})[0])
    assert broken.word == "Missing backend"


def test_an_address_proves_that_somebody_serves_it() -> None:
    one = ingress(path("web"))
    told = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    served = msgspec.structs.replace(one, status=msgspec.convert(told, type(one.status)))
    assert INGRESS.health(join([served], {"service": [service("web")]})[0]).word == "Leads on"
