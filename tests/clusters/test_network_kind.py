"""Networks: who is on them with which address, what may be done, and what a new one may be made of."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Conflict, Invalid
from clusters.fields import clean
from clusters.kinds.base import Level, Look
from clusters.kinds.docker.network import NETWORK, OVERVIEW
from clusters.kinds.docker.network_form import CREATE, body
from clusters.kinds.docker.network_model import Network, join
from tests.clusters.docker_things import ENGINES, read, recorded, row, shop_web
from tests.clusters.fakes import all_shared
from tests.clusters.heard import Heard

each_engine = pytest.mark.parametrize("engine", ENGINES)


class Driver:
    def __init__(self, fails: ClusterError | None = None) -> None:
        self.calls: list[Call] = []
        self.fails = fails

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if self.fails:
            raise self.fails
        return {}


def used(engine: str = "29") -> Network:
    found: Network = join([read(recorded("network", engine), Network)], {"container": [shop_web(engine)]})[0]
    return found


def action(verb: str) -> Any:
    found = NETWORK.action(verb)
    assert found is not None
    return found


@each_engine
def test_a_real_one_says_who_is_on_it_and_how_it_is_found(engine: str) -> None:
    one = used(engine)
    assert NETWORK.key(one) == "shop/shop_default"
    assert one.subnets == ["10.231.7.0/24"]
    ((name, details),) = [(user.name, user.details) for user in one.users]
    assert name == "shop-web-1"
    assert details[0].startswith("10.231.7.")
    assert "as web" in details[1]
    assert NETWORK.health(one).level == Level.HEALTHY
    assert action("remove").refuse(one) == "shop-web-1 uses it."


def test_a_container_that_never_ran_is_found_by_the_name_of_its_network() -> None:
    container = shop_web("29")
    tree = recorded("project-container", "29")
    tree["NetworkSettings"]["Networks"]["shop_default"]["NetworkID"] = ""
    one = join([read(recorded("network", "29"), Network)], {"container": [read(tree, type(container))]})[0]
    assert [user.name for user in one.users] == ["shop-web-1"]


@pytest.mark.parametrize(("name", "joins"), [("bridge", True), ("host", False), ("none", False)])
def test_what_the_engine_made_cannot_be_removed_and_the_reason_is_said(name: str, joins: bool) -> None:
    one = read({"Id": "1" * 64, "Name": name, "Driver": "bridge"}, Network)
    assert NETWORK.health(one).word == "Built in"
    assert "engine made it" in action("remove").refuse(one)
    assert bool(action("connect").refuse(one)) is not joins


@each_engine
async def test_its_page_shows_addresses_links_and_a_way_out(engine: str) -> None:
    async def related(kind: str) -> list[Any]:
        return []

    one, driver = used(engine), Driver()
    look = Look(cluster_id=1, kind=NETWORK, resource=one, driver=driver, related=related, sees=all_shared)  # type: ignore[arg-type]
    assert OVERVIEW.load is not None
    context = {"data": await OVERVIEW.load(look), "row": row(NETWORK, one), "panel": OVERVIEW}
    page = render_to_string("panels/docker_overview.html", context)
    for words in ("10.231.7.0/24", "10.231.7.1<", "10.231.7.128/25", "/clusters/box/container/shop/shop-web-1/"):
        assert words in page
    assert "verb=disconnect" in page
    assert "hunter2" not in page
    assert driver.calls == []


async def test_a_container_joins_with_the_names_and_the_address_that_were_given() -> None:
    one, driver = used(), Driver()
    values = {"container": "db", "aliases": "db, database", "address": "10.231.7.9"}
    assert await action("connect").run(driver, one, values) == "db is on shop_default."
    endpoint = {"Aliases": ["db", "database"], "IPAMConfig": {"IPv4Address": "10.231.7.9"}}
    assert driver.calls[0].path == ("networks", one.uid, "connect")
    assert driver.calls[0].body == {"Container": "db", "EndpointConfig": endpoint}
    line = "docker network connect --alias db --alias database --ip 10.231.7.9 shop_default db"
    assert action("connect").line(one, values) == line


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"container": "shop-web-1"}, "already"),
        ({"container": "db", "address": "10.9.9.9"}, "not inside 10.231.7.0/24"),
        ({"container": "db", "address": "x"}, "not an address"),
        ({"container": "db", "aliases": "-x"}, "cannot be a name"),
    ],
)
async def test_what_cannot_join_is_said_before_the_engine_is_asked(values: dict[str, str], words: str) -> None:
    driver = Driver()
    with pytest.raises((Invalid, Conflict), match=words):
        await action("connect").run(driver, used(), values)
    assert driver.calls == []


async def test_only_what_is_on_it_can_leave_it() -> None:
    driver = Driver()
    with pytest.raises(Conflict, match="is not on"):
        await action("disconnect").run(driver, used(), {"container": "db"})
    await action("disconnect").run(driver, used(), {"container": "shop-web-1"})
    assert [call.path[-1] for call in driver.calls] == ["disconnect"]


def fill(**values: str) -> Any:
    return CREATE.read(clean(CREATE.fields, {"driver": "bridge", **values}))


def test_the_form_is_the_same_as_its_line_and_its_request() -> None:
    form = fill(
        name="shop", subnets="10.5.0.0/24 10.5.0.1\nfd00:5::/64", range="10.5.0.128/25", internal="1", labels="a=b"
    )
    assert CREATE.line(form) == (
        "docker network create --subnet 10.5.0.0/24 --gateway 10.5.0.1 --ip-range 10.5.0.128/25 --subnet fd00:5::/64 "
        "--ipv6 --internal --label a=b shop"
    )
    asked = body(form)
    assert asked["IPAM"]["Config"] == [
        {"Subnet": "10.5.0.0/24", "Gateway": "10.5.0.1", "IPRange": "10.5.0.128/25"},
        {"Subnet": "fd00:5::/64"},
    ]
    assert (asked["Internal"], asked["EnableIPv6"], asked["CheckDuplicate"]) == (True, True, True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "-x"}, "cannot be the name"),
        ({"name": "bridge"}, "keeps for itself"),
        ({"name": "a", "subnets": "10.5.0.0"}, "says no size"),
        ({"name": "a", "subnets": "10.5.0.7/24"}, "address inside 10.5.0.0/24"),
        ({"name": "a", "subnets": "10.5.0.0/33"}, "not a subnet"),
        ({"name": "a", "subnets": "10.5.0.0/24 10.6.0.1"}, "not inside"),
        ({"name": "a", "subnets": "10.5.0.0/16\n10.5.1.0/24"}, "overlap"),
        ({"name": "a", "subnets": "10.5.0.0/24", "range": "10.6.0.0/25"}, "not a part"),
        ({"name": "a", "range": "10.6.0.0/25"}, "not a part"),
        ({"name": "a", "attachable": "1"}, "overlay"),
    ],
)
def test_what_makes_no_sense_is_said_while_typing(values: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        fill(**values)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("network with name a already exists", "called a already"),
        ("invalid pool request: Pool overlaps with other one on this address space", "some of these addresses"),
        ("This node is not a swarm manager.", "need a Swarm"),
    ],
)
async def test_what_the_engine_says_is_put_into_words(said: str, words: str) -> None:
    driver: Any = Driver(Conflict(said, detail=said))
    with pytest.raises(Conflict, match=words):
        await CREATE.run(driver, fill(name="a"), Heard())
