"""Draining a node: said exactly before, as budgets allow, told while it goes on, with a truthful end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.drivers.kubernetes.errors import Status, status_error
from clusters.errors import Conflict, Missing, Refused
from clusters.kinds.kubernetes import drain
from clusters.kinds.kubernetes.base import Condition, Metadata, Owner
from clusters.kinds.kubernetes.disruption_budget import BudgetStatus
from clusters.kinds.kubernetes.drain import DRAIN
from clusters.kinds.kubernetes.drain_plan import (
    DrainPod,
    DrainSpec,
    DrainStatus,
    DrainVolume,
    Guard,
    GuardSpec,
    Options,
    judged,
)
from clusters.kinds.kubernetes.node import Node
from clusters.kinds.kubernetes.selectors import LabelSelector
from tests.clusters.heard import Heard
from tests.clusters.real_cluster import BUSY, driver, driver_of, kubectl, namespace  # noqa: F401

MACHINE = Node(metadata=Metadata(name="node-1", uid="n1"))
assert DRAIN.run_saying is not None
WORK = DRAIN.run_saying


def pod(name: str, owner: str = "ReplicaSet", *, phase: str = "Running", local: bool = False, **meta: Any) -> DrainPod:
    owners = [Owner(kind=owner, name=f"{name}-owner", uid=f"owner-{name}", controller=True)] if owner else None
    metadata = Metadata(
        name=name, uid=f"u-{name}", namespace="shop", labels={"app": name}, owner_references=owners, **meta
    )
    volumes = [DrainVolume(empty_dir={})] if local else None
    return DrainPod(metadata=metadata, spec=DrainSpec(volumes=volumes), status=DrainStatus(phase=phase))


def guard(app: str, allowed: int, namespace: str = "shop") -> Guard:
    status = BudgetStatus(disruptions_allowed=allowed, current_healthy=2, desired_healthy=2)
    selector = LabelSelector(match_labels={"app": app})
    return Guard(
        metadata=Metadata(name=f"keep-{app}", namespace=namespace), spec=GuardSpec(selector=selector), status=status
    )


@pytest.mark.parametrize(
    ("one", "options", "group", "words"),
    [
        (pod("web"), {}, "moves", "ReplicaSet web-owner makes another one elsewhere"),
        (pod("agent", "DaemonSet"), {}, "stays", "the daemon set agent-owner keeps one on every node"),
        (pod("etcd", "Node"), {}, "stays", "this node runs it by itself, from a file"),
        (pod("old", deletion_timestamp="2026-01-01T00:00:00Z"), {}, "stays", "it is going already"),
        (pod("alone", ""), {}, "holds", "nobody makes it again"),
        (pod("alone", ""), {"without_owner": True}, "moves", "ends for good: nobody makes it again"),
        (pod("cache", local=True), {}, "holds", "keeps data on this node, which is lost"),
        (pod("cache", local=True), {"local_data": True}, "moves", "what it keeps here is lost"),
        (pod("both", "", local=True), {"local_data": True}, "holds", "nobody makes it again"),
        (pod("done", "", phase="Succeeded", local=True), {}, "moves", "it has ended; it is removed"),
    ],
)
def test_what_becomes_of_each_pod_is_said_with_its_reason(
    one: DrainPod, options: dict[str, Any], group: str, words: str
) -> None:
    plan = judged([one], [], Options(**options))
    fates = {name: getattr(plan, name) for name in ("moves", "waits", "holds", "stays")}
    assert {name: len(found) for name, found in fates.items() if found} == {group: 1}
    assert words in fates[group][0].words


def test_a_budget_that_lets_none_go_is_named_and_one_that_does_says_how_many() -> None:
    ready = DrainStatus(phase="Running", conditions=[Condition(type="Ready", status="True")])
    web = DrainPod(metadata=pod("web").metadata, status=ready)
    plan = judged([web], [guard("web", 0)], Options())
    assert plan.waits[0].words == "the disruption budget keep-web lets none go now: 2 of 2 that must be well are"
    assert plan.leaving == [web]
    plan = judged([web], [guard("web", 1)], Options())
    assert "the budget keep-web lets 1 go at a time" in plan.moves[0].words
    assert not judged([web], [guard("web", 0, "other")], Options()).waits
    assert not judged([web], [guard("other", 0)], Options()).waits
    twice = judged([web], [guard("web", 1), guard("web", 1)], Options())
    assert "guard it at once, so the cluster never moves it" in twice.waits[0].words


def test_a_budget_is_quoted_when_it_says_no() -> None:
    cause = {
        "reason": "DisruptionBudget",
        "message": "The disruption budget web needs 2 healthy pods and has 2 currently",
    }
    said = json.dumps({"kind": "Status", "code": 429, "message": "Cannot evict pod", "details": {"causes": [cause]}})
    error = status_error(msgspec.json.decode(said, type=Status))
    assert isinstance(error, Conflict)
    assert error.message == "A disruption budget does not allow it now."
    assert error.hint == "The disruption budget web needs 2 healthy pods and has 2 currently."


class Machine:
    """A cluster of one machine, whose pods go when they are asked to; ``refuses`` says how often each says no first."""

    def __init__(self, *pods: str, **more: Any) -> None:
        self.pods = {name: {**_tree(name), **more} for name in pods}
        self.refuses: dict[str, int] = {}
        self.forbidden: set[str] = set()
        self.calls: list[str] = []

    async def call(self, call: Call) -> Any:
        if call.method == "GET":
            return {"items": list(self.pods.values()) if call.path[-1] == "pods" else []}
        self.calls.append(f"{call.method} {'/'.join(call.path[-3:])}")
        if call.method == "POST":
            name = call.path[-2]
            assert call.body["deleteOptions"]["preconditions"] == {"uid": f"u-{name}"}
            if name in self.forbidden:
                raise Refused("This cluster's account may not evict pods in shop.")
            if self.refuses.get(name, 0) > 0:
                self.refuses[name] -= 1
                raise Conflict("A disruption budget does not allow it now.", hint="It needs 2 and has 2.")
            if name not in self.pods:
                raise Missing("That is not there (any more).")
            del self.pods[name]
        return {}


def _tree(name: str, kind: str = "ReplicaSet") -> dict[str, Any]:
    owners = [{"kind": kind, "name": "web", "uid": "o", "controller": True}]
    return {"metadata": {"name": name, "namespace": "shop", "uid": f"u-{name}", "ownerReferences": owners}}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(drain, "AGAIN_AFTER", 0.02)


async def test_it_closes_first_then_asks_each_and_says_that_it_stays_closed() -> None:
    there, says = Machine("a", "b"), Heard()
    there.pods["agent"] = _tree("agent", "DaemonSet")
    words = await WORK(there, MACHINE, {}, says)  # type: ignore[arg-type]
    assert words == "2 pods gone from node-1; 1 pod stays. It is cordoned until somebody uncordons it."
    assert there.calls[0] == "PATCH v1/nodes/node-1"
    assert set(there.calls[1:]) == {"POST pods/a/eviction", "POST pods/b/eviction"}
    assert list(there.pods) == ["agent"]
    assert "shop/agent: stays, the daemon set web keeps one on every node." in says.text
    assert says.things["drain"][-1] == "Gone from node-1: 2 of 2"


async def test_a_budget_that_says_no_is_told_and_asked_again_until_it_says_yes() -> None:
    there, says = Machine("a"), Heard()
    there.refuses = {"a": 2}
    await WORK(there, MACHINE, {}, says)  # type: ignore[arg-type]
    lines = says.things["u-a"]
    assert "shop/a: waits. A disruption budget does not allow it now. It needs 2 and has 2." in lines
    assert any(line.endswith("Asked 2 times.") for line in lines)
    assert "gone after" in lines[-1]


async def test_nothing_is_begun_while_a_pod_needs_a_leave_that_was_not_given() -> None:
    there, says = Machine("a", "b", spec={"volumes": [{"emptyDir": {}}]}), Heard()
    with pytest.raises(Conflict, match="2 pods need your leave first"):
        await WORK(there, MACHINE, {}, says)  # type: ignore[arg-type]
    assert there.calls == []
    await WORK(there, MACHINE, {"local_data": True}, says)  # type: ignore[arg-type]
    assert there.pods == {}


async def test_who_did_not_go_in_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there, says = Machine("a", "b"), Heard()
    there.refuses = {"b": 10**6}
    monkeypatch.setattr(drain, "MINUTE", 0.1)
    with pytest.raises(Conflict, match="1 of 2 pods did not go within 1 minute: shop/b") as raised:
        await WORK(there, MACHINE, {"minutes": 1}, says)  # type: ignore[arg-type]
    assert "node-1 stays cordoned" in raised.value.hint


async def test_what_the_cluster_forbids_is_not_asked_again_and_named_at_the_end() -> None:
    there, says = Machine("a", "b"), Heard()
    there.forbidden = {"b"}
    with pytest.raises(Conflict, match="1 of 2 pods did not go: shop/b"):
        await WORK(there, MACHINE, {}, says)  # type: ignore[arg-type]
    assert there.calls.count("POST pods/b/eviction") == 1
    assert says.things["u-b"][-1] == "shop/b: FAILED. This cluster's account may not evict pods in shop."


async def test_cancelled_it_says_what_is_gone_and_what_is_not() -> None:
    there, says = Machine("a", "b"), Heard()
    there.refuses = {"b": 10**6}
    task = asyncio.ensure_future(WORK(there, MACHINE, {}, says))  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        while "gone" not in says.things.get("u-a", [""])[-1]:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"Stopped: 1 pod gone, 1 still there\. node-1 stays cordoned\."):
        await task
    asked = len(there.calls)
    await asyncio.sleep(0.1)
    assert len(there.calls) == asked
    assert "what is gone stays gone" in says.lines[-1][0]
