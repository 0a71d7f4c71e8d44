"""What is said and done on a Swarm is what is asked for: nothing else is changed, and nothing is said that is not known."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.actions import Quiet
from clusters.kinds.base import Look
from clusters.kinds.swarm import service_image, stack_actions
from clusters.kinds.swarm.fitting import broken_rules
from clusters.kinds.swarm.images import Pinned, pinned
from clusters.kinds.swarm.node_actions import _on_each
from clusters.kinds.swarm.service_model import Mode
from clusters.kinds.swarm.task_model import Placement
from tests.clusters.swarm_things import named, recorded, resources, service


class Manager:
    """Answers as the manager that was recorded; of what is removed, ``fails`` says why it cannot go."""

    def __init__(self, fails: dict[str, BaseException] | None = None) -> None:
        self.calls: list[Call] = []
        self.fails = fails or {}
        self.trees = {tree["ID"]: tree for tree in recorded("services")}

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if call.method == "DELETE" and call.path[0] in self.fails:
            raise self.fails[call.path[0]]
        return self.trees[call.path[1]] if call.method == "GET" else {}

    async def get(self, kind: Any, namespace: str, uid: str) -> Any:
        return self.trees[uid]


def _look(one: Any, driver: Any = None, nodes: Any = ()) -> Look:
    async def related(name: str) -> Any:
        return nodes

    return cast(Look, SimpleNamespace(resource=one, driver=driver, related=related, kind=named("swarm-service")))


def _action(kind: str, verb: str) -> Any:
    return named(kind).action(verb)


async def test_how_many_nodes_take_tasks_is_not_said_where_no_node_is_seen() -> None:
    one = service("shop_web")
    port = msgspec.structs.replace(one.ports[0], publish_mode="host", published_port=80)
    one = msgspec.structs.replace(one, endpoint=msgspec.structs.replace(one.endpoint, ports=[port]))
    preview = _action("swarm-service", "scale").preview
    assert "take" not in (await preview(_look(one), {"copies": 9})).effect
    assert "3 nodes take" in (await preview(_look(one, nodes=resources(named("swarm-node"))), {"copies": 9})).effect


def test_a_job_that_is_not_bound_to_nodes_is_started_on_another_when_its_node_is_drained() -> None:
    one = service("sw-once")

    def runs(**mode: Any) -> bool:
        mode_ = msgspec.convert(mode, Mode)
        return _on_each(msgspec.structs.replace(one, spec=msgspec.structs.replace(one.spec, mode=mode_)))

    assert [runs(ReplicatedJob={}), runs(Replicated={}), runs(Global={}), runs(GlobalJob={})] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("rule", "stuck"),
    [
        ("node.hostname == DOCKER-3", True),
        ("node.hostname!=docker-3", False),
        ("node.role==worker", False),
        ("node.labels.zone!=a", False),
        ("node.labels.zone==a", True),
        ("node.ip==172.30.0.22", False),  # how that is compared is the scheduler's to know
    ],
)
async def test_draining_a_node_names_the_tasks_whose_placement_rules_fit_no_other_node(rule: str, stuck: bool) -> None:
    nodes = resources(named("swarm-node"))
    one = next(node for node in nodes if node.name == "docker-3")
    task = next(each for each in resources(named("task")) if each.running and each.wanted)
    placement = msgspec.convert({"Constraints": [rule]}, Placement)
    spec = msgspec.structs.replace(task.spec, placement=placement)
    bound = msgspec.structs.replace(task, node_id=one.uid, spec=spec)
    found = {"swarm-node": nodes, "task": [bound], "swarm-service": []}

    async def related(name: str) -> Any:
        return found[name]

    drain = _action("swarm-node", "drain").preview
    preview = await drain(cast(Look, SimpleNamespace(resource=one, related=related)), {})
    assert (preview.told[0].label == "Find no place: 1") is stuck
    assert ("1 task finds no place elsewhere until then." in preview.effect) is stuck
    if stuck:
        assert preview.told[0].level == "at_risk"
        assert preview.told[0].items == [(bound.short, f"no other node that takes tasks matches {rule}")]


def test_a_rule_that_one_node_keeps_and_another_breaks_is_not_said_to_be_matched_by_none() -> None:
    first, second = (node for node in resources(named("swarm-node")) if node.name != "docker-3")
    here, there = (f"node.hostname=={node.name}" for node in (first, second))
    assert broken_rules([here, there], [first, second]) == [here, there]
    assert broken_rules([here, "node.hostname==docker-3", there], [first, second]) == ["node.hostname==docker-3"]
    assert broken_rules([here], [first, second]) == broken_rules([here], []) == []


async def test_half_a_second_between_copies_stays_when_another_image_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    async def as_is(driver: Any, image: str) -> Pinned:
        return Pinned(image)

    monkeypatch.setattr(service_image, "pinned", as_is)
    one, manager = service("shop_web"), Manager()
    manager.trees[one.uid]["Spec"]["UpdateConfig"]["Delay"] = 500_000_000
    given = {"image": "busybox:2", "at_once": 1, "delay": 0, "order": "stop-first", "failure": "pause"}
    await _action("swarm-service", "set-image").run(manager, one, given)
    assert manager.calls[-1].body["UpdateConfig"]["Delay"] == 500_000_000
    await _action("swarm-service", "set-image").run(manager, one, {**given, "delay": 2})
    assert manager.calls[-1].body["UpdateConfig"]["Delay"] == 2_000_000_000


@pytest.mark.parametrize(
    ("answer", "image", "told"),
    [
        ({"Descriptor": {"digest": "sha256:1"}}, "shop.test/web:2@sha256:1", ""),
        (Missing("That is not there.", detail="manifest unknown"), "shop.test/web:2", "was not found in its registry"),
        (ClusterError("No basic auth credentials."), "shop.test/web:2", "did not say what the tag leads to"),
    ],
)
async def test_a_tag_that_its_registry_does_not_have_is_told_from_a_registry_that_does_not_say(
    answer: Any, image: str, told: str
) -> None:
    class Engine:
        async def call(self, call: Call) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

    found = await pinned(cast(Any, Engine()), "shop.test/web:2")
    assert found.image == image
    assert told in found.loose
    assert bool(found.loose) is bool(told)


@pytest.mark.parametrize("verb", ["set-image", "roll-back"])
def test_a_change_of_what_a_stack_made_says_how_long_it_lasts(verb: str) -> None:
    """Whoever deploys the stack's kept text again brings back what it says."""
    stays = _action("swarm-service", verb).stays
    made, own = service("shop_web"), service("shop_web")
    own = msgspec.structs.replace(own, spec=msgspec.structs.replace(own.spec, labels={}))
    words = "The stack shop made it: deploying that again makes it as its text says."
    assert made.namespace == "shop"
    assert stays(made).endswith(words)
    assert words not in stays(own)


async def test_rolling_back_goes_where_it_was_shown_or_nowhere() -> None:
    one, manager, action = service("shop_web"), Manager(), _action("swarm-service", "roll-back")
    seen = (await action.preview(_look(one, manager), {})).values
    await action.run(manager, one, seen)
    assert manager.calls[-1].query["rollback"] == "previous"
    manager.trees[one.uid]["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Image"] = "evil:1"
    manager.calls.clear()
    asked: list[dict[str, Any]] = [dict(seen), {}]
    for values in asked:
        with pytest.raises(Conflict, match="Somebody changed it meanwhile"):
            await action.run(manager, one, values)
    assert {call.method for call in manager.calls} == {"GET"}
    assert (await action.preview(_look(one, manager), seen)).held
    assert "cannot be gone back to" in _action("swarm-service", "resume").effect(one)


async def test_removing_a_stack_waits_once_for_all_and_only_for_what_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_actions, "PATIENCE", 0.05)
    monkeypatch.setattr(stack_actions, "PAUSE", 0.01)
    (one,) = resources(named("stack"))
    manager = Manager({"secrets": Invalid("The secret is in use."), "configs": ClusterError("The disk is full.")})
    with pytest.raises(ClusterError, match=r"shop_db_password \(.*in use.*shop_web_conf \(The disk is full\)"):
        await _action("stack", "remove").run_saying(manager, one, {}, Quiet())
    asked = [call.path[0] for call in manager.calls]
    assert asked.count("secrets") > 1
    assert asked.count("configs") == 1


async def test_removing_a_stack_that_is_stopped_says_what_is_gone_and_what_is_not() -> None:
    (one,) = resources(named("stack"))
    with pytest.raises(asyncio.CancelledError, match=r"Stopped: 1 of \d+ are removed\..*not known: shop_db_password"):
        await _action("stack", "remove").run_saying(Manager({"secrets": asyncio.CancelledError()}), one, {}, Quiet())
