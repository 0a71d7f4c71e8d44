"""What a service names gives power over machines, too: which network an id is, the Swarm says."""

from __future__ import annotations

from typing import Any, cast

import pytest

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing
from clusters.kinds.swarm.service_power import hidden_powers
from tests.clusters.swarm_things import named, recorded, service

MACHINES = "uses the machine's own network"
# As Docker 29 answers with scope=swarm.
NETWORKS = {
    "butbywn9wbt684lxhu38fo914": {"Name": "host", "Driver": "host", "Scope": "swarm"},
    "pfuwm3crhl0adapfubjboyc77": {"Name": "bridge", "Driver": "bridge", "Scope": "swarm"},
    "lv4a3k5i0usd": {"Name": "shop_default", "Driver": "overlay", "Scope": "swarm"},
    "lan": {"Name": "lan", "Driver": "macvlan", "Scope": "swarm"},
    "local": {"Name": "local", "Driver": "bridge", "Scope": "local"},
}


class Swarm:
    async def call(self, call: Call) -> Any:
        assert call.query == {"scope": "swarm"}
        if call.path[1] not in NETWORKS:
            raise Missing("There is no such network.")
        return NETWORKS[call.path[1]]


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("butbywn9wbt684lxhu38fo914", MACHINES),
        ("pfuwm3crhl0adapfubjboyc77", ""),
        ("bridge", ""),
        ("lv4a3k5i0usd", ""),
        ("made", ""),
        ("lan", "uses the network lan, which is no overlay network of this Swarm"),
        ("local", "uses the network local, which is no overlay network of this Swarm"),
        ("gone", "uses the network gone, which is no overlay network of this Swarm"),
        ("../info", "uses the network ../info, which is no overlay network of this Swarm"),
    ],
)
@pytest.mark.parametrize("template", [True, False])
async def test_a_network_counts_as_what_the_swarm_says_that_it_is(target: str, found: str, template: bool) -> None:
    places = {"Networks": [{"Target": target}]}
    spec = {"TaskTemplate": places} if template else places
    assert await hidden_powers(cast(Driver, Swarm()), spec, {"made"}) == ([found] if found else [])


async def test_another_image_for_a_service_is_as_mighty_as_what_the_service_is_given() -> None:
    one = service("shop_web")
    trees = {tree["ID"]: tree for tree in recorded("services")}
    action = named("swarm-service").action("set-image")
    assert action
    assert action.powers
    container = trees[one.uid]["Spec"]["TaskTemplate"]["ContainerSpec"]
    trees[one.uid]["Spec"]["TaskTemplate"]["Networks"] = [{"Target": "lv4a3k5i0usd"}]
    container["Mounts"] = []

    class Engine(Swarm):
        async def call(self, call: Call) -> Any:
            return trees[call.path[1]] if call.path[0] == "services" else await super().call(call)

    driver = cast(Driver, Engine())
    assert not await action.powers(driver, one)
    container["Mounts"] = [{"Type": "bind", "Source": "/var/run/docker.sock", "Target": "/s"}]
    assert await action.powers(driver, one) == ["is given the engine's own socket"]
    container["Mounts"] = []
    trees[one.uid]["Spec"]["TaskTemplate"]["Networks"] = [{"Target": "butbywn9wbt684lxhu38fo914"}]
    assert await action.powers(driver, one) == [MACHINES]
