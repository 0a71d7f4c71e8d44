"""Pages lead only to what is there, and what whoever asks may see; what may not be led to is said all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Missing, Refused, Unreachable
from clusters.kinds.base import Kind, Look
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.horizontal_autoscaler import HORIZONTAL_AUTOSCALER
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.persistent_volume import PERSISTENT_VOLUME
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.service_account import SERVICE_ACCOUNT
from tests.clusters.fakes import all_shared

VOLUME = {
    "metadata": {"name": "disk"},
    "spec": {"storageClassName": "fast", "claimRef": {"namespace": "payroll", "name": "data"}},
    "status": {"phase": "Released"},
}
SCALER = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 3},
}


class Answers:
    """A driver that has what is named, and says the error otherwise."""

    def __init__(self, *names: str, error: ClusterError | None = None) -> None:
        self.names, self.error = names, error or Missing("no")

    async def call(self, call: Call) -> Any:
        if "limit" not in call.query and call.path[-1] not in self.names:
            raise self.error
        return {"items": [], "metadata": {}}


def made(kind: Kind[Any], tree: dict[str, Any]) -> Any:
    return msgspec.convert(tree, kind.model)


async def overview(
    kind: Kind[Any],
    tree: dict[str, Any],
    driver: Any,
    known: dict[str, Sequence[Any]] | None = None,
    sees: Callable[[str | None], bool] = all_shared,
) -> Any:
    async def related(name: str) -> Sequence[Any]:
        return (known or {}).get(name, ())

    panel = kind.panel("overview")
    assert panel is not None
    assert panel.load is not None
    look = Look(cluster_id=1, kind=kind, resource=made(kind, tree), driver=driver, related=related, sees=sees)
    return await panel.load(look)


def links(shown: Any) -> dict[str, str]:
    return {one.label: one.kind for one in shown["facts"] if one.label in ("Claim", "Storage class", "Scales")}


async def test_a_volume_leads_to_its_claim_and_class_only_while_they_are_there_and_shared() -> None:
    both = {"Claim": "persistent-volume-claim", "Storage class": "storage-class"}
    shown = await overview(PERSISTENT_VOLUME, VOLUME, Answers("data", "fast"))
    assert links(shown) == both
    assert links(await overview(PERSISTENT_VOLUME, VOLUME, Answers("fast"))) == {**both, "Claim": ""}
    hidden = await overview(PERSISTENT_VOLUME, VOLUME, Answers("data", "fast"), sees=lambda place: place != "payroll")
    assert links(hidden) == {**both, "Claim": ""}
    assert [one.text for one in hidden["facts"] if one.label == "Claim"] == ["payroll/data"]


@pytest.mark.parametrize(("error", "leads"), [(Refused("no"), False), (Unreachable("cut"), True)])
async def test_what_may_not_be_read_is_led_to_no_more_and_silence_says_nothing(
    error: ClusterError, leads: bool
) -> None:
    assert bool(links(await overview(PERSISTENT_VOLUME, VOLUME, Answers(error=error)))["Claim"]) is leads


async def test_an_autoscaler_of_something_that_is_gone_leads_nowhere() -> None:
    there = made(DEPLOYMENT, {"metadata": {"name": "web", "namespace": "shop"}})
    assert links(await overview(HORIZONTAL_AUTOSCALER, SCALER, None, {"deployment": [there]})) == {
        "Scales": "deployment"
    }
    assert links(await overview(HORIZONTAL_AUTOSCALER, SCALER, None)) == {"Scales": ""}  # these are always watched


async def test_a_node_that_is_not_shared_is_named_and_not_led_to() -> None:
    pod = made(
        POD,
        {"metadata": {"name": "web-1", "namespace": "shop"}, "spec": {"nodeName": "n1", "serviceAccountName": "web"}},
    )
    node = made(NODE, {"metadata": {"name": "n1"}})
    tree = {"metadata": {"name": "web", "namespace": "shop"}}
    for nodes in ((node,), ()):
        shown = await overview(SERVICE_ACCOUNT, tree, Answers(), {"pod": [pod], "node": nodes})
        assert [one.node for one in shown["users"].rows] == ["n1"]
        assert set(shown["nodes"]) == {one.name for one in nodes}
