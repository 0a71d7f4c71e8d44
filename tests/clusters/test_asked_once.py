"""What a panel asks the cluster itself: nothing of namespaces that are not shared with whoever asks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clusters.access import Actor, Granted
from clusters.connections import sees
from clusters.drivers.base import Call
from clusters.kinds.base import Kind, Look, Role
from clusters.kinds.kubernetes.gateway import GATEWAY
from clusters.kinds.kubernetes.ingress_class import INGRESS_CLASS
from clusters.kinds.kubernetes.role_binding import ROLE_BINDING
from clusters.kinds.kubernetes.service import SERVICE
from clusters.kinds.kubernetes.service_account import SERVICE_ACCOUNT
from tests.clusters.fakes import FakeConnections


def item(namespace: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": namespace, "name": name}, **({"spec": spec} if spec else {})}


def route(namespace: str, name: str) -> dict[str, Any]:
    there = {"namespace": "shop", "name": "web"}
    return item(namespace, name, parentRefs=[there], rules=[{"backendRefs": [there]}])


def binding(namespace: str, name: str) -> dict[str, Any]:
    whom = {"kind": "ServiceAccount", "namespace": "shop", "name": "web"}
    return {**item(namespace, name), "roleRef": {"kind": "ClusterRole", "name": "edit"}, "subjects": [whom]}


LISTS = {
    "httproutes": [route("shop", "cart"), route("payroll", "internal-hr"), item("payroll", "elsewhere", rules=[])],
    "ingresses": [
        item("shop", "front", ingressClassName="web"),
        item("payroll", "internal-hr", ingressClassName="web"),
    ],
    "rolebindings": [binding("shop", "ours"), binding("payroll", "internal-hr")],
}


class Told:
    """A driver whose account may list everything."""

    async def call(self, call: Call) -> Any:
        return {"items": LISTS.get(call.path[-1], [])}


async def _none(name: str) -> list[Any]:
    return []


async def page(kind: Kind[Any], sees: Any) -> str:
    one = msgspec.convert(item("shop", "web"), kind.model)
    panel = kind.panel("overview")
    assert panel is not None
    assert panel.load is not None
    driver: Any = Told()
    return str(await panel.load(Look(cluster_id=1, kind=kind, resource=one, driver=driver, related=_none, sees=sees)))


@pytest.mark.parametrize(
    ("kind", "ours"),
    [(SERVICE, "shop/cart"), (GATEWAY, "shop/cart"), (INGRESS_CLASS, "shop/front"), (SERVICE_ACCOUNT, "shop/ours")],
)
async def test_what_is_not_shared_is_counted_and_not_named(kind: Kind[Any], ours: str) -> None:
    shown = await page(kind, lambda namespace: namespace == "shop")
    assert ours in shown
    assert "1 other, not shared with you" in shown
    assert "internal-hr" not in shown
    assert "payroll" not in shown


@pytest.mark.parametrize("kind", [SERVICE, GATEWAY, INGRESS_CLASS, SERVICE_ACCOUNT])
async def test_whoever_sees_the_whole_cluster_is_told_of_all(kind: Kind[Any]) -> None:
    shown = await page(kind, lambda namespace: True)
    assert "payroll/internal-hr" in shown
    assert "not shared" not in shown


async def test_a_binding_leads_to_no_page_that_whoever_asks_may_not_see() -> None:
    one = msgspec.convert(
        {
            **item("shop", "ours"),
            "roleRef": {"kind": "ClusterRole", "name": "edit"},
            "subjects": [
                {"kind": "ServiceAccount", "namespace": place, "name": "web"} for place in ("shop", "payroll")
            ],
        },
        ROLE_BINDING.model,
    )

    async def links(sees: Any) -> list[str]:
        panel = ROLE_BINDING.panel("overview")
        assert panel is not None
        assert panel.load is not None
        driver: Any = Told()
        look = Look(cluster_id=1, kind=ROLE_BINDING, resource=one, driver=driver, related=_none, sees=sees)
        shown = await panel.load(look)
        return [shown["facts"][0].kind, *(row.kind for row in shown["users"].rows)]

    assert await links(lambda namespace: namespace == "shop") == ["", "service-account", ""]
    assert await links(lambda namespace: True) == ["cluster-role", "service-account", "service-account"]


def test_a_grant_and_what_the_connection_is_about_both_limit_what_is_seen() -> None:
    some = Actor(1, "otto", (Granted(Role.VIEWER, 1, frozenset({"front"})),))
    every = Actor(1, "ada", (Granted(Role.ADMIN),))
    all_, narrowed = FakeConnections(), FakeConnections(namespaces=frozenset({"back"}))
    asked = ("front", "back", None)
    assert [sees(all_, some, 1)(one) for one in asked] == [True, False, False]
    assert [sees(all_, every, 1)(one) for one in asked] == [True, True, True]
    assert [sees(narrowed, every, 1)(one) for one in asked] == [False, True, True]
    assert not any(sees(all_, Actor(1, "nobody"), 1)(one) for one in asked)
