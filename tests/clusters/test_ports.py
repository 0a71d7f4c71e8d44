"""Which ports of pods and services are offered, and which copy answers there."""

from __future__ import annotations

import msgspec
import pytest

from clusters.errors import Missing
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.ports import OF_POD, OF_SERVICE
from tests.clusters.test_service_kind import joined, pod, service


def test_a_pod_offers_the_ports_it_tells_of() -> None:
    doors = OF_POD.doors(pod("a"))
    assert [(door.port, door.label, door.secure) for door in doors] == [(8080, "8080 http", False)]


@pytest.mark.parametrize(
    ("number", "name", "secure"), [(8443, "", True), (8080, "https-web", True), (8080, "web", False)]
)
def test_a_port_is_opened_with_https_where_its_number_or_name_says_so(number: int, name: str, secure: bool) -> None:
    port = {"name": name, "port": 80, "targetPort": number}
    assert OF_SERVICE.doors(service(ports=[port]))[0].secure is secure


def test_a_service_leads_to_the_named_port_of_its_first_ready_copy() -> None:
    copies = [pod("c"), pod("b"), pod("a", ready=False), pod("0", namespace="other")]
    one = joined(service(), *copies)
    assert OF_SERVICE.refuse(one) == ""
    assert [(found.name, port) for found, port in [OF_SERVICE.reach(one, 80, copies)]] == [("b", 8080)]


def test_a_service_stays_with_no_copy_that_is_not_ready_any_more() -> None:
    copies = [pod("b", ready=False), pod("c")]
    assert OF_SERVICE.reach(joined(service(), *copies), 80, copies)[0].name == "c"
    with pytest.raises(Missing, match="No copy behind web is ready"):
        OF_SERVICE.reach(service(), 80, [pod("b", ready=False)])


def test_a_copy_without_a_port_of_that_name_is_passed_over() -> None:
    copies = [pod("a", port="other"), pod("b")]
    assert OF_SERVICE.reach(joined(service(), *copies), 80, copies)[0].name == "b"
    with pytest.raises(Missing, match="named “http”"):
        OF_SERVICE.reach(service(), 80, copies[:1])


def test_other_protocols_than_tcp_are_not_offered() -> None:
    one = joined(service(ports=[{"port": 53, "protocol": "UDP"}]), pod("a"))
    assert OF_SERVICE.doors(one) == []
    assert OF_SERVICE.refuse(one) == "It has no TCP port."
    with pytest.raises(Missing):
        OF_SERVICE.reach(one, 53, [pod("a")])


def test_a_service_that_selects_nothing_says_why_nothing_can_be_opened() -> None:
    assert "selects no pods" in OF_SERVICE.refuse(service(selector=None))
    assert OF_SERVICE.refuse(joined(service())) == "No copy behind it is ready."


def test_a_pod_that_went_or_is_over_is_told() -> None:
    running = pod("a")
    assert OF_POD.reach(running, 9, [running]) == (running, 9)
    with pytest.raises(Missing, match="not there any more"):
        OF_POD.reach(running, 9, [])
    with pytest.raises(Missing, match="it is over"):
        OF_POD.reach(running, 9, [pod("a", phase="Failed")])


def test_hostile_ports_are_no_ports() -> None:
    spec = {"containers": [{"ports": [{"containerPort": "8080; id"}]}]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"metadata": {"name": "a", "uid": "a"}, "spec": spec}, Pod)
