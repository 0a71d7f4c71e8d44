"""How many copies of a service can run on one machine, and what is said where more are asked for."""

from __future__ import annotations

from typing import Any

import pytest

from clusters.compose.check import Checked
from clusters.compose.copies import limit, published, said_by_text, taken, too_many, wanted, words
from clusters.compose.deploy import DEPLOY, scaling, updating
from clusters.errors import Invalid


@pytest.mark.parametrize(
    ("service", "most"),
    [
        ({}, 100),
        ({"ports": [{"target": 80}]}, 100),
        ({"ports": [{"target": 80, "published": "8080"}]}, 1),
        ({"ports": [{"target": 80, "published": "8080-8082"}]}, 3),
        ({"container_name": "web"}, 1),
    ],
)
def test_a_port_of_the_machine_and_a_name_are_had_by_one_copy(service: dict[str, Any], most: int) -> None:
    found, why = limit("web", service)
    assert (found, bool(why)) == (most, most < 100)
    project = {"services": {"web": service}}
    assert bool(too_many(project, {"web": most + 1})) == (most < 100)
    assert not too_many(project, {"web": most})


def test_what_was_said_since_comes_before_the_text() -> None:
    project = {"services": {"a": {"deploy": {"replicas": 0}}, "b": {"scale": 3}, "c": {}, "d": {}}}
    assert {name: said_by_text(one) for name, one in project["services"].items()} == {"a": 0, "b": 3, "c": 1, "d": 1}
    assert wanted(project, {"c": 5, "gone": 9}) == {"a": 0, "b": 3, "c": 5, "d": 1}
    assert words({"c": 5, "a": 0}) == ["--scale", "a=0", "--scale", "c=5"]


@pytest.mark.parametrize(
    ("said", "ports"),
    [("", (0, 0)), (None, (0, 0)), ("80", (80, 80)), ("80-82", (80, 82)), ("x", (0, 0)), ("80-x", (80, 80))],
)
def test_ports_are_read_as_the_program_writes_them(said: Any, ports: tuple[int, int]) -> None:
    assert published({"published": said}) == ports


def asked(**services: Any) -> Checked:
    return Checked("shop", "", "", {}, {"services": services}, scale={"store": 2})


def test_scaling_keeps_the_numbers_of_the_others_and_refuses_what_cannot_be() -> None:
    more, how = scaling(asked(web={}, store={}), "web", 3)
    assert (more.scale, how.only, how.verb) == ({"store": 2, "web": 3}, "web", "scale")
    assert how.told(more.scale)[-3:] == ("--scale", "web=3", "web")
    assert "store=2" not in how.told(more.scale), "the program refuses the number of a service that it is not told of"
    assert DEPLOY.told(more.scale)[-4:] == ("--scale", "store=2", "--scale", "web=3")
    with pytest.raises(Invalid, match="2 copies of web cannot run on one machine"):
        scaling(asked(web={"ports": [{"published": "80", "target": 80}]}), "web", 2)
    with pytest.raises(Invalid, match="no service"):
        scaling(asked(web={}), "other", 2)


def test_only_services_of_the_text_are_updated() -> None:
    assert updating(asked(web={}, store={}), ["web", "other"]).pull == ["web"]
    with pytest.raises(Invalid):
        updating(asked(web={}), ["other"])


class Engine:
    async def call(self, call: Any) -> Any:
        port = {"PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}
        mine = {"Names": ["/shop-web-1"], "Labels": {"com.docker.compose.project": "shop"}, "Ports": [port]}
        other = {"Names": ["/blog"], "Labels": {}, "Ports": [{**port, "PublicPort": 9090}, {"PrivatePort": 1}]}
        return [mine, other]


async def test_a_port_of_its_own_containers_is_not_taken() -> None:
    def one(published: str, protocol: str = "tcp") -> dict[str, Any]:
        return {"services": {"web": {"ports": [{"target": 80, "published": published, "protocol": protocol}]}}}

    engine: Any = Engine()
    assert await taken(engine, "shop", one("8080"), lambda _: True) == []
    assert await taken(engine, "shop", one("9090", "udp"), lambda _: True) == []
    (why,) = await taken(engine, "shop", one("9090"), lambda _: True)
    assert "taken by the container blog" in why
    (why,) = await taken(engine, "shop", one("9090"), lambda _: False)
    assert "by a container that is not shared with you" in why
