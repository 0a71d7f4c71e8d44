"""A roll-out changes each place by its own action, says truly how each ended, and what goes on when it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from clusters import actors, jobs, making
from clusters.access import Actor
from clusters.errors import ClusterError, Unreachable, Unsure
from clusters.gateway import Gateway
from clusters.jobs import News, Reporter
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_edit import EDIT, Edit
from clusters.kinds.docker.container_model import Container
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.makers import Like
from clusters.kinds.swarm import service_rollout
from clusters.kinds.swarm.base import STACK as STACK_LABEL
from clusters.kinds.swarm.service import SERVICE
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.stack import STACK
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.ship import changing, rollout, texts, well
from clusters.ship.changing import Changing
from clusters.ship.place import DEPLOY, Place
from clusters.ship.texts import TextUse
from clusters.ship.uses import Use
from tests.clusters.heard import Heard
from tests.clusters.test_ship_well import NEW, OLD, Line, web
from tests.clusters.test_swarm_service_rollout import Swarm

ADA = Actor(1, "ada")
HERE = ClusterInfo(1, "Here", "here", "demo", "swarm")


class Door:
    """A gateway whose acts are done by hand."""

    def __init__(self, line: Line | None = None, swarm: Swarm | None = None) -> None:
        self.line, self.swarm, self.asked = line, swarm, list[tuple[str, Mapping[str, Any]]]()
        self.connections = self

    def resource(self, cluster_id: int, kind: str, uid: str) -> Any:
        return self.line.store.resources.get(uid) if self.line else None

    def driver(self, actor: Actor, cluster_id: int) -> Any:
        return self.swarm

    async def act(self, actor: Actor, cluster_id: int, kind: Any, one: Any, verb: str, values: Any) -> None:
        self.asked.append((verb, values))
        if self.line:
            self.line.tell(web(NEW, 2))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ada(user: int) -> Actor:
        return ADA

    monkeypatch.setattr(actors, "actor_for", ada)
    monkeypatch.setattr(service_rollout, "STAYS", 0.02)
    monkeypatch.setattr(service_rollout, "EVERY", 0.01)
    monkeypatch.setattr(well, "SETTLED", 0.02)
    monkeypatch.setattr(well, "EVERY", 0.005)


def deployment(part: str = "web") -> Place:
    one = web(OLD, 1)
    return Place(Use(Row(HERE, DEPLOYMENT, one, DEPLOYMENT.health(one)), OLD, part), "set-image", "")


def service(swarm: Swarm) -> Place:
    one = msgspec.convert(swarm.service, Service, strict=False)
    return Place(Use(Row(HERE, SERVICE, one, SERVICE.health(one)), "busybox"), "set-image", "")


async def roll_out(door: Door, image: str, *places: Place) -> tuple[str, Heard]:
    heard, gateway = Heard(), cast(Gateway, door)
    says = cast(Reporter, heard)
    turns = [Changing(gateway, one, image, says, lambda number: cast(Connection, door.line)) for one in places]
    try:
        return await rollout._all(ADA, image, turns, says), heard
    except (ClusterError, asyncio.CancelledError) as error:
        error.add_note("\n".join([*heard.newest.values(), heard.text]))
        raise


async def test_a_deployment_is_given_the_image_of_its_container_and_waited_for() -> None:
    door = Door(Line())
    words, heard = await roll_out(door, NEW, deployment())
    assert words == f"{NEW} runs well in its place."
    assert door.asked == [("set-image", {"image": NEW, "container": "web"})]
    assert list(heard.newest.values()) == ["Here / shop/web: it is well"]


async def test_a_service_that_is_well_with_the_new_image_is_said_so() -> None:
    swarm = Swarm("completed")
    words, heard = await roll_out(Door(swarm=swarm), "busybox", service(swarm))
    assert words == "busybox runs well in its place."
    assert list(heard.newest.values()) == ["Here / web: it is well"]


@pytest.mark.parametrize(
    ("state", "image", "words"),
    [
        ("rollback_completed", "busybox", "went back by itself to what it was before"),
        ("paused", "busybox", "Its update stopped"),
        ("completed", "busybox:2", "It is asked to run busybox now, not busybox:2"),
    ],
)
async def test_a_service_that_runs_the_old_image_is_not_well(state: str, image: str, words: str) -> None:
    swarm = Swarm(state)
    with pytest.raises(ClusterError, match="1 of 1 did not end well") as error:
        await roll_out(Door(swarm=swarm), image, service(swarm))
    assert words in error.value.__notes__[0]
    assert "Here / web: FAILED. It" in error.value.__notes__[0], "its name is said once"


async def test_a_swarm_that_falls_silent_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(self: Swarm, call: Any) -> Any:
        raise Unreachable("It does not answer.")

    swarm = Swarm("completed")
    monkeypatch.setattr(Swarm, "call", silent)
    with pytest.raises(Unsure):
        await roll_out(Door(swarm=swarm), "busybox", service(swarm))


async def test_what_runs_no_copies_is_named_and_not_counted_as_well() -> None:
    swarm = Swarm("", running=0, desired=0)
    words, heard = await roll_out(Door(swarm=swarm), "busybox", service(swarm))
    assert words == "busybox is in its place, and does not run: Here / web."
    assert list(heard.newest.values()) == [
        "Here / web: it was changed, and runs nothing. Stopped. No copies were asked for."
    ]


@pytest.mark.parametrize(
    ("copies", "is_well", "words"),
    [
        ((1, 2), True, "version 4 of it is well"),
        ((1, 0), True, "version 4 of it is deployed; no copies are asked for of store"),
        ((0, 0), False, "version 4 of it is deployed; no copies are asked for of store and web"),
    ],
)
async def test_a_stack_that_was_scaled_to_nothing_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch, copies: tuple[int, int], is_well: bool, words: str
) -> None:
    async def begin(*asked: object) -> tuple[str, str]:
        return "key", "Put it into shop"

    async def follow(key: str) -> AsyncIterator[News]:
        yield News([], "done")

    def visible(*asked: object) -> list[Service]:
        named = {"web": copies[0], "store": copies[1]}
        spec = {"Labels": {STACK_LABEL: "shop"}}
        modes = {name: {"Replicated": {"Replicas": number}} for name, number in named.items()}
        each = [{"ID": name, "Spec": {**spec, "Name": f"shop_{name}", "Mode": mode}} for name, mode in modes.items()]
        return msgspec.convert(each, list[Service])

    monkeypatch.setattr(texts, "begin", begin)
    monkeypatch.setattr(jobs, "follow", follow)
    stack = SimpleNamespace(
        cluster=HERE, kind=STACK, resource=SimpleNamespace(name="shop"), id="1~stack~shop", key="shop"
    )
    use = TextUse(cast(Row, stack), "busybox:1", number=3, services=["store", "web"])
    place = Place(use, DEPLOY, "", "")
    door = cast(Gateway, SimpleNamespace(visible=visible))
    end = await Changing(door, place, "busybox:2", cast(Reporter, Heard()), lambda _: None).carry_out(ADA)
    assert (end.is_well, end.words) == (is_well, words)


async def test_one_that_is_cancelled_says_what_goes_on_and_what_was_not_begun() -> None:
    door = Door(Line())
    places = [deployment(f"part-{number}") for number in range(rollout.AT_ONCE + 1)]
    work = asyncio.create_task(roll_out(door, NEW, *places))
    while len(door.asked) < rollout.AT_ONCE:
        await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError) as error:
        await work
    said = error.value.__notes__[0].splitlines()
    assert [one.partition("): ")[2] for one in said[: rollout.AT_ONCE]] == [
        "CANCELLED. It was changed, and Here goes on with it: look at how it ends."
    ] * rollout.AT_ONCE
    assert said[rollout.AT_ONCE].endswith("CANCELLED. It was not begun, and stays as it is.")
    assert said[-1].startswith("Nobody waits for them any more")


class Origin:
    """Stands for what an engine says of a container; it is read back as an edit."""

    def __init__(self, running: bool) -> None:
        self.running = running


@pytest.mark.parametrize("running", [True, False])
async def test_a_container_is_made_again_by_its_own_job_which_goes_on_when_this_one_is_cancelled(
    running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit, news = Edit(cast(Any, None), "c1", "web", running, 1.0), asyncio.Event()

    async def origin_of(*asked: Any) -> Origin:
        return Origin(running)

    async def begin(*asked: Any) -> str:
        return "key"

    async def follow(key: str) -> AsyncIterator[News]:
        yield News([], "running")
        await news.wait()
        yield News([], "done")

    like = Like[Container](load=cast(Any, None), values=lambda origin: {}, read=lambda values, origin: edit)
    monkeypatch.setattr(changing, "EDIT", replace(EDIT, like=like))
    for module, name, put in ((making, "origin_of", origin_of), (making, "begin", begin), (jobs, "follow", follow)):
        monkeypatch.setattr(module, name, put)
    one = Container(id="c1", full_name="/web")
    place = Place(Use(Row(HERE, CONTAINER, one, CONTAINER.health(one)), OLD), "edit", "")
    work = asyncio.create_task(roll_out(Door(), NEW, place))
    for _ in range(10):
        await asyncio.sleep(0)
    if running:
        work.cancel()
        with pytest.raises(asyncio.CancelledError) as error:
            await work
        assert "CANCELLED. Its own job, “Edit web”, goes on to its end" in error.value.__notes__[0]
    news.set()
    words, _ = await roll_out(Door(), NEW, place)
    assert ("runs well in its place" in words) is running
