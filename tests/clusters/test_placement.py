"""Only nodes on which something may run have to be able to get its image: a Swarm's rules, and labels and taints."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clusters.access import Actor, Granted
from clusters.drivers.base import Call
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.registries.placement import Placement, of_pods
from clusters.registries.pullable import ANYWHERE, can_pull
from tests.clusters.swarm_things import recorded

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
NODE = {
    "ID": "n1",
    "Spec": {"Role": "worker", "Availability": "active", "Labels": {"disk": "ssd"}},
    "Description": {"Hostname": "box-1", "Platform": {"OS": "linux"}, "Engine": {"Labels": {"rack": "a"}}},
    "Status": {"State": "ready"},
}


@pytest.mark.parametrize(
    ("constraint", "fits"),
    [
        ("node.role==worker", True),
        ("node.role != worker", False),
        ("node.hostname == BOX-1", True),
        ("node.labels.disk==hdd", False),
        ("node.labels.none!=x", True),
        ("engine.labels.rack==a", True),
        ("node.id==n2", False),
        ("node.ip==10.0.0.1", True),  # what we cannot judge keeps no node away
        ("nonsense", True),
    ],
)
def test_a_rule_of_a_swarm_keeps_nodes_away(constraint: str, fits: bool) -> None:
    assert Placement(constraints=[constraint]).on_swarm(NODE) is fits


def test_nodes_that_take_no_tasks_do_not_count() -> None:
    assert not ANYWHERE.on_swarm({**NODE, "Status": {"State": "down"}})
    assert not ANYWHERE.on_swarm({**NODE, "Spec": {"Availability": "drain"}})
    assert all(ANYWHERE.on_swarm(one) for one in recorded("nodes") if one["Status"]["State"] == "ready")


def test_labels_and_taints_keep_copies_away_from_nodes_of_kubernetes() -> None:
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    node = {"metadata": {"labels": {"disk": "ssd"}}, "spec": {"taints": [taint]}}
    assert not ANYWHERE.on_kubernetes(node)
    assert not of_pods({"tolerations": [{"key": "gpu", "value": "no"}]}).on_kubernetes(node)
    assert of_pods({"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "gpu", "value": "yes"}]}).on_kubernetes(
        node
    )
    assert of_pods({"tolerations": [{"operator": "Exists"}]}).on_kubernetes(node)
    assert not of_pods({"nodeSelector": {"disk": "hdd"}}).on_kubernetes({"spec": {}})
    assert ANYWHERE.on_kubernetes({"spec": {"taints": [{**taint, "effect": "PreferNoSchedule"}]}})


class _Engine:
    """One that has the image, or has not, and the nodes of its Swarm."""

    platform = "docker"

    def __init__(self, node: str, *, has: bool, nodes: list[Any], told: Any = None) -> None:
        self.node, self.has, self.nodes, self.told = node, has, nodes, told

    async def call(self, call: Call) -> Any:
        if call.path == ("nodes",):
            return self.nodes
        if call.path == ("info",):
            return self.told or {"Swarm": {"NodeID": self.node}}
        return {} if self.has else None


class _Cluster:
    """Of Kubernetes, whose only node has the image."""

    platform = "kubernetes"
    node: Any = {"status": {"images": [{"names": ["docker.io/shop/web:1"]}]}}

    async def call(self, call: Call) -> Any:
        return {"items": [self.node]}


async def _answer(placement: Placement, *have: bool) -> str:
    nodes = [{**NODE, "ID": f"n{number}"} for number in (1, 2)]
    engines = {number: _Engine(f"n{number}", has=has, nodes=nodes) for number, has in enumerate(have, start=1)}
    return await _asked(engines, on_all_nodes=True, placement=placement)


async def _asked(engines: Mapping[int, Any], **asked: Any) -> str:
    async def see(*_: Any, **__: Any) -> None: ...

    door = SimpleNamespace(
        see=see,
        driver=lambda actor, number: engines[number],
        connections=SimpleNamespace(clusters=lambda: list(engines)),
        reach=lambda actor, number: None,
    )
    return (await can_pull(cast(Gateway, door), ADA, 1, "shop/web:1", **asked)).answer


@pytest.mark.django_db(transaction=True)
async def test_an_image_of_no_registry_is_enough_where_every_allowed_node_has_it() -> None:
    assert await _answer(ANYWHERE, True) == "unknown", "the other node may get a copy, too"
    assert await _answer(Placement(constraints=["node.id==n1"]), True) == "yes"
    assert await _answer(ANYWHERE, True, True) == "yes"
    assert await _answer(Placement(constraints=["node.id==n2"]), True, False) == "unknown"


@pytest.mark.django_db(transaction=True)
async def test_nodes_that_ask_for_it_each_time_do_not_have_it_already() -> None:
    assert await _asked({1: _Cluster()}) == "yes"
    assert await _asked({1: _Cluster()}, policy="IfNotPresent") == "yes"
    assert await _asked({1: _Cluster()}, policy="Always") == "unknown"


@pytest.mark.django_db(transaction=True)
async def test_an_engine_that_answers_nonsense_says_nothing() -> None:
    for told in ("up", ["up"], {"Swarm": "active"}):
        odd = _Engine("n1", has=True, nodes=[NODE], told=told)
        assert await _asked({1: odd}, on_all_nodes=True) == "unknown"
    cluster = _Cluster()
    cluster.node = None
    assert await _asked({1: cluster}) == "unknown"
