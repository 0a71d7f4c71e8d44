"""Who may talk to whom, in words, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from clusters.drivers.base import Call, Driver
from clusters.kinds.base import Level, Look
from clusters.kinds.kubernetes.namespace import NAMESPACE
from clusters.kinds.kubernetes.network_policy import NETWORK_POLICY, OF_NAMESPACE, OF_POD
from clusters.kinds.kubernetes.network_policy_model import (
    INTO,
    OUT_OF,
    NetworkPolicy,
    Peer,
    allowed,
    join,
)
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.selectors import Expression
from tests.clusters.fakes import all_shared

RECORDED = Path(__file__).parent.parent / "recorded" / "kubernetes" / "network-policy.json"
DENY = {"podSelector": {}, "policyTypes": ["Ingress"]}


def policy(spec: dict[str, Any], name: str = "it") -> NetworkPolicy:
    return msgspec.convert({"metadata": {"name": name, "namespace": "shop"}, "spec": spec}, NetworkPolicy)


def pod(namespace: str = "shop", **labels: str) -> Pod:
    return msgspec.convert({"metadata": {"name": "p", "namespace": namespace, "labels": labels}}, Pod)


def test_without_a_policy_all_may() -> None:
    assert allowed([], INTO) == ("All may: no policy says anything of it.", [])


def test_a_policy_without_rules_lets_nobody_in_and_says_nothing_of_the_way_out() -> None:
    assert allowed([policy(DENY, "deny")], INTO) == ("Nobody may: deny allows nothing.", [])
    assert allowed([policy(DENY)], OUT_OF)[0].startswith("All may")


def test_a_recorded_policy_is_told_in_words() -> None:
    one = msgspec.json.decode(RECORDED.read_bytes(), type=NetworkPolicy)
    words, rows = allowed([one], INTO)
    assert words == ""
    assert [row["who"] for row in rows] == [
        "pods with app=sick of this namespace",
        "pods with tier is front or edge of namespaces with team=ops",
        "addresses 10.0.0.0/8, but not 10.1.0.0/16",
    ]
    assert {row["ports"] for row in rows} == {"http, 9000 to 9010 UDP"}
    assert [(row["who"], row["ports"]) for row in allowed([one], OUT_OF)[1]] == [("everybody", "all ports")]


def test_policies_add_up() -> None:
    opened = policy({"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}, "opened")
    words, rows = allowed([policy(DENY, "deny"), opened], INTO)
    assert words == ""
    assert [(row["who"], row["policy"]) for row in rows] == [("all pods of this namespace", "opened")]


def test_it_counts_the_live_pods_it_applies_to() -> None:
    one = policy({"podSelector": {"matchLabels": {"app": "web"}}})
    pods = [pod(app="web"), pod(app="db"), pod("other", app="web")]
    assert join([one], {"pod": pods})[0].covered == 1
    assert NETWORK_POLICY.health(one).level is Level.STOPPED
    assert NETWORK_POLICY.health(join([one], {"pod": pods})[0]).word == "Applies"


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("In", ["a"], (True, False)),
        ("NotIn", ["a"], (False, True)),
        ("Exists", None, (True, False)),
        ("DoesNotExist", None, (False, True)),
    ],
)
def test_expressions_hold_as_kubernetes_means_them(operator: str, values: Any, holds: tuple[bool, bool]) -> None:
    one = Expression("tier", operator, values)
    assert (one.holds({"tier": "a"}), one.holds({})) == holds


def test_an_empty_namespace_selector_is_all_namespaces() -> None:
    assert msgspec.convert({"namespaceSelector": {}}, Peer).words == "all pods of all namespaces"


class Told:
    """A driver whose cluster has these policies."""

    def __init__(self, *items: Any) -> None:
        self.items = items

    async def call(self, call: Call) -> Any:
        return {"items": list(self.items)}


async def _of_pod(*items: Any) -> Any:
    async def related(name: str) -> list[Any]:
        return []

    look = Look(
        cluster_id=1,
        kind=POD,
        resource=pod(app="web"),
        driver=cast(Driver, Told(*items)),
        related=related,
        sees=all_shared,
    )
    assert OF_POD.load is not None
    return await OF_POD.load(look)


async def test_a_policy_that_is_not_understood_is_named_and_the_others_are_told() -> None:
    good = {"metadata": {"name": "deny", "namespace": "shop"}, "spec": DENY}
    bad = {"metadata": {"name": "broken", "namespace": "shop"}, "spec": {"podSelector": "everything"}}
    shown = await _of_pod(good, bad, "nonsense")
    into = shown["directions"][0]["words"]
    assert into.startswith("Cannot tell for sure.")
    assert into.endswith("Nobody may: deny allows nothing.")
    assert "broken, one without a name" in shown["note"]
    assert (await _of_pod(good))["directions"][0]["words"] == "Nobody may: deny allows nothing."


async def test_a_namespace_tells_its_pods_together_to_which_the_same_policies_apply() -> None:
    only_web = {
        "metadata": {"name": "front", "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}},
    }
    pods = [pod(app="web"), pod(app="cart"), pod(app="cart"), pod("other", app="far"), pod(app="mail")]

    async def related(name: str) -> list[Any]:
        return pods

    where = msgspec.convert({"metadata": {"name": "shop"}}, NAMESPACE.model)
    told = cast(Driver, Told(only_web))
    look = Look(cluster_id=1, kind=NAMESPACE, resource=where, driver=told, related=related, sees=all_shared)
    assert OF_NAMESPACE.load is not None
    shown = (await OF_NAMESPACE.load(look))["directions"]
    assert [(one["title"], one["words"].partition(":")[0]) for one in shown] == [
        ("Who may reach cart and mail", "All may"),
        ("Whom cart and mail may reach", "All may"),
        ("Who may reach web", "Nobody may"),
        ("Whom web may reach", "All may"),
    ]
    assert len({one["key"] for one in shown}) == len(shown)


def test_it_cannot_be_told_whom_it_covers_where_pods_may_not_be_listed() -> None:
    one = join([policy(DENY)], {})[0]
    assert (NETWORK_POLICY.health(one).level, NETWORK_POLICY.health(one).word) == (Level.UNKNOWN, "Cannot tell")
    assert one.version != join([policy(DENY)], {"pod": [pod()]})[0].version
