"""The demonstration's Swarm acts as real managers do: by the very actions of its kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.drivers.base import Call, Driver, LogOptions, LogSource
from clusters.drivers.demo import DemoDriver
from clusters.drivers.demo.swarm.calls import status
from clusters.drivers.demo.swarm.world import SwarmWorld
from clusters.errors import ClusterError, Conflict, Invalid
from clusters.kinds import kind_named
from clusters.kinds.actions import Quiet
from clusters.kinds.base import Copy, Kind, Look
from clusters.kinds.makers import Remark
from clusters.kinds.swarm import service_create, service_rollout, task_health
from tests.clusters.test_demo_driver import START, HandClock


class Swarm:
    """A driver over it, its kinds, and its time."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.driver = DemoDriver({"shape": "swarm", "seed": 7}, {}, self.clock)
        world = SwarmWorld(7, START, calm=True)
        self.driver._world = self.world = world

    def kind(self, name: str) -> Kind[Any]:
        found = kind_named("swarm", name)
        assert found
        return found

    def all(self, name: str) -> Sequence[Any]:
        kind = self.kind(name)
        own = [self.driver._decode(kind, one) for one in self.world.all(kind.api)] if kind.api else []
        if kind.join is None:
            return own
        return kind.join.make(own, {other: self.all(other) for other in kind.join.kinds})

    def one(self, kind: str, name: str) -> Any:
        return next(one for one in self.all(kind) if one.name == name)

    def health(self, name: str) -> tuple[str, str]:
        kind, one = self.kind("swarm-service"), self.one("swarm-service", name)
        copies = [Copy(task, task_health.health(task)) for task in self.all("task") if task.service_id == one.uid]
        assert kind.with_copies
        state = kind.with_copies(one, kind.health(one), copies)
        return state.word, state.reason

    async def act(self, kind: str, name: str, verb: str, **values: Any) -> str:
        action, one = self.kind(kind).action(verb), self.one(kind, name)
        assert action
        assert not action.refuse or action.refuse(one) == ""
        if action.run_saying:
            return str(await action.run_saying(self.driver, one, values, Quiet()))
        return str(await action.run(self.driver, one, values))

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            self.clock.at += 0.5
            self.world.step(self.clock.at)

    def nodes_of(self, service: str) -> list[str]:
        return sorted(
            task.node for task in self.all("task") if task.service == service and task.wanted and task.running
        )


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Swarm:
    made = Swarm()
    monkeypatch.setattr("time.time", lambda: made.clock.at)
    return made


ROLLOUT = {"at_once": 1, "delay": 0, "order": "stop-first", "failure": "pause"}


async def test_it_is_well_and_a_copy_that_failed_is_told_in_words(swarm: Swarm) -> None:
    assert {swarm.health(one.name) for one in swarm.all("swarm-service")} == {("Running", "")}
    assert {one.name for one in swarm.all("stack")} == {"shop", "media"}
    (failed,) = [task for task in swarm.all("task") if task.failed]
    assert task_health.health(failed).reason == "The program ended with an error"


async def test_what_finds_no_node_is_told_in_words_and_mended_by_a_label(swarm: Swarm) -> None:
    swarm.world.switch("label", True)
    swarm.wait(20)
    word, reason = swarm.health("media_transcoder")
    assert word == "Cannot be placed"
    assert "No node fits: 3 nodes do not match its placement rules" in reason
    await swarm.act("swarm-node", "elm-2", "edit-labels", labels="disk=ssd\ngpu=true")
    swarm.wait(5)
    assert swarm.health("media_transcoder")[0] == "Running"
    assert swarm.nodes_of("media_transcoder") == ["elm-2"]
    assert not any(fault.on for fault in swarm.world.fault_states())


async def test_more_and_fewer_copies_are_made_and_a_drained_node_is_left(swarm: Swarm) -> None:
    await swarm.act("swarm-service", "shop_worker", "scale", copies=6)
    swarm.wait(5)
    assert len(swarm.nodes_of("shop_worker")) == 6
    await swarm.act("swarm-node", "elm-3", "drain")
    swarm.wait(8)
    assert not [task for task in swarm.all("task") if task.wanted and task.node == "elm-3"]
    assert len(swarm.nodes_of("shop_worker")) == 6
    await swarm.act("swarm-node", "elm-3", "activate")
    await swarm.act("swarm-service", "shop_worker", "scale", copies=1)
    swarm.wait(5)
    assert len(swarm.nodes_of("shop_worker")) == 1
    assert swarm.nodes_of("monitor") == ["elm-1", "elm-2", "elm-3"]


async def test_an_image_that_is_not_there_stops_its_update_and_is_gone_back_from(swarm: Swarm) -> None:
    await swarm.act("swarm-service", "shop_web", "set-image", image="registry.example/shop/nothing:1.0.0", **ROLLOUT)
    swarm.wait(12)
    assert swarm.health("shop_web")[0] == "Update paused"
    assert len(swarm.nodes_of("shop_web")) == 2
    assert await swarm.act("swarm-service", "shop_web", "roll-back") == "shop_web goes back to what it was before"
    swarm.wait(25)
    assert swarm.one("swarm-service", "shop_web").update_state == "rollback_completed"
    assert len(swarm.nodes_of("shop_web")) == 3
    await swarm.act("swarm-service", "shop_web", "set-image", image="registry.example/shop/web:5.12.0", **ROLLOUT)
    swarm.wait(20)
    one = swarm.one("swarm-service", "shop_web")
    assert (one.update_state, one.image) == ("completed", "registry.example/shop/web:5.12.0")


async def test_a_release_that_crashes_is_told_with_its_last_words(swarm: Swarm) -> None:
    swarm.world.switch("crash", True)
    swarm.wait(12)
    word, reason = swarm.health("shop_api")
    assert word == "Update paused"
    assert "1 of 2 copies run" in reason
    failed = next(task for task in swarm.all("task") if task.service == "shop_api" and task.failed)
    lines = [
        line
        async for chunk in swarm.driver.logs(LogSource(failed, "task"), LogOptions(tail=5, follow=False))
        for line in chunk.lines
    ]
    assert lines[-1][2] == "exit status 3"
    await swarm.act("swarm-service", "shop_api", "roll-back")
    swarm.wait(40)
    assert swarm.health("shop_api")[0] == "Running"
    assert not any(fault.on for fault in swarm.world.fault_states())


async def test_a_secret_is_rotated_and_a_stack_removed(swarm: Swarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_rollout, "EVERY", 0.01)
    monkeypatch.setattr(service_rollout, "STAYS", 0.05)
    rotation = asyncio.create_task(swarm.act("swarm-secret", "shop_db_password", "rotate", value="another"))
    async with asyncio.timeout(20):
        while not rotation.done():  # its time passes only by hand
            swarm.wait(0.5)
            await asyncio.sleep(0.005)
    assert "is in use in the place of shop_db_password" in await rotation
    with pytest.raises(Conflict, match="in use"):
        await swarm.driver.call(Call("DELETE", ("secrets", swarm.one("swarm-secret", "shop_db_password-v2").uid)))
    await swarm.act("swarm-secret", "shop_db_password", "remove")
    await swarm.act("stack", "media", "remove")
    swarm.wait(3)
    assert {one.name for one in swarm.all("stack")} == {"shop"}


async def test_what_no_swarm_does_is_refused_here_too(swarm: Swarm) -> None:
    service = swarm.world.service("shop_web")
    for spec, query in (
        ({**service["Spec"], "Mode": {"Global": {}}}, {}),
        ({**service["Spec"], "Name": "other"}, {}),
        (service["Spec"], {"version": "1"}),
    ):
        asked = {"version": str(service["Version"]["Index"]), **query}
        with pytest.raises((Invalid, Conflict)):
            await swarm.driver.call(Call("POST", ("services", service["ID"], "update"), asked, body=spec))
    with pytest.raises(ClusterError, match="at most"):
        await swarm.act("swarm-service", "shop_web", "scale", copies=900)


async def test_more_copies_than_it_runs_are_refused_in_the_dialog_and_in_the_forms_already(swarm: Swarm) -> None:
    kind, one = swarm.kind("swarm-service"), swarm.one("swarm-service", "shop_web")
    scale, most = kind.action("scale"), swarm.driver.most_copies
    assert scale
    assert scale.preview
    look = cast(Look, SimpleNamespace(resource=one, driver=swarm.driver, kind=kind, related=AsyncMock(return_value=())))
    assert (await scale.preview(look, {"copies": most})).held == ""
    words = f"This Swarm runs at most {most} copies of a service."
    assert (await scale.preview(look, {"copies": most + 1})).held == words
    form = service_create.read_new({"name": "more", "image": "busybox", "copies": most + 1})
    assert Remark(words, "stop", "copies") in await service_create.check(cast(Driver, swarm.driver), form, ())


def test_a_container_that_is_stopped_behind_its_back_is_replaced() -> None:
    world = SwarmWorld(7, START, calm=True)
    thing = next(one for one in world.all("containers") if one["Name"].startswith("/shop_web"))
    world.answer(Call("POST", ("containers", thing["Id"], "stop")))
    world.step(START + 20)
    assert thing["Id"] not in {one["Id"] for one in world.all("containers")}
    assert status(world, world.service("shop_web")) == {"RunningTasks": 3, "DesiredTasks": 3, "CompletedTasks": 0}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["crash", "node", "label", "silence", "drain", "active", "scale", "stop"]), st.integers(0, 8)
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(STEPS)
def test_whatever_was_done_all_runs_again_when_the_faults_are_over(steps: list[tuple[str, int]]) -> None:
    world, now = SwarmWorld(3, START, calm=True), START
    for what, number in steps:
        if what in ("crash", "node", "label", "silence"):
            world.switch(what, number % 2 == 1)
        elif what in ("drain", "active"):
            _update(world, "nodes", world.all("nodes")[number % 3], Availability=what)
        elif what == "scale":
            _update(world, "services", world.service("shop_web"), Mode={"Replicated": {"Replicas": number}})
        elif world.all("containers"):
            things = world.all("containers")
            world.answer(Call("POST", ("containers", things[number % len(things)]["Id"], "stop")))
        now += number
        world.step(now)
    for fault in world.fault_states():
        world.switch(fault.key, False)
    for node in world.all("nodes"):
        _update(world, "nodes", node, Availability="active")
    world.step(now + 120)
    for service in world.all("services"):
        found = status(world, service)
        assert found["RunningTasks"] == found["DesiredTasks"], service["Spec"]
    running = {one["ID"] for one in world.all("tasks") if one["Status"]["State"] == "running"}
    labels = [one["Config"]["Labels"]["com.docker.swarm.task.id"] for one in world.all("containers")]
    assert len(labels) == len(set(labels))
    assert set(labels) <= running


def _update(world: SwarmWorld, collection: str, one: dict[str, Any], **spec: Any) -> None:
    asked = {"version": str(one["Version"]["Index"])}
    world.answer(Call("POST", (collection, one["ID"], "update"), asked, body={**one["Spec"], **spec}))
