"""A connected host joins a Swarm: by the address that others reach, without the token in any word, taken back in vain."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clusters import joining
from clusters.access import Actor
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Unreachable
from clusters.gateway import Denied, Gateway
from clusters.jobs import Reporter
from clusters.kinds.docker.host_model import Host
from clusters.long_work import LongWork
from tests.clusters.heard import Heard

TOKEN = "SWMTKN-1-canary"
# As Docker 29 answered when the network between two machines was cut.
CUT = "Timeout was reached before node joined. The attempt to join the swarm will continue in the background."


class Engine:
    """An engine that answers what it was told to, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[Call]()

    async def call(self, call: Call) -> Any:
        self.asked.append(call)
        name = "_".join(call.path)
        answer = self.answers.get(name)
        if name == "swarm_join" and "then" in self.answers:
            self.answers["info"] = self.answers["then"]
        if isinstance(answer, asyncio.CancelledError):
            raise answer
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    @property
    def changed(self) -> list[tuple[str, ...]]:
        return [call.path for call in self.asked if call.method == "POST"]


def part(state: str) -> dict[str, Any]:
    return {"Swarm": {"LocalNodeState": state}}


FREE = part("inactive")


def manager(*addresses: str) -> Engine:
    part = {"NodeAddr": "10.0.0.2", "RemoteManagers": [{"Addr": one} for one in addresses]}
    nodes = [{"ID": "n2", "Status": {"State": "ready"}, "Description": {"Hostname": "box"}}]
    return Engine(swarm={"JoinTokens": {"Worker": TOKEN, "Manager": f"{TOKEN}-m"}}, info={"Swarm": part}, nodes=nodes)


async def join(there: Engine, engine: Engine, role: str = "worker") -> tuple[str, Heard]:
    cluster, heard = SimpleNamespace(id=1, name="Swarm"), Heard()
    asked = joining.Asked(cast(Any, cluster), cast(Any, cluster), Host(title="box"), role)
    made = await joining._join(cast(Driver, there), cast(Driver, engine), asked, cast(Reporter, heard))
    return made, heard


async def test_it_joins_by_the_manager_that_is_asked_and_is_seen_there() -> None:
    engine = Engine(info={"Swarm": {"NodeID": "n2"}})
    made, heard = await join(manager("10.0.0.1:2377", "10.0.0.2:2377", "127.0.0.1:2377"), engine, "manager")
    assert made == "box"
    body = next(call for call in engine.asked if call.method == "POST").body
    assert body["RemoteAddrs"] == ["10.0.0.2:2377", "10.0.0.1:2377"]
    assert body["JoinToken"] == f"{TOKEN}-m"
    assert TOKEN not in heard.text


async def test_an_address_that_no_other_machine_reaches_is_said_before_the_other_is_asked_anything() -> None:
    engine = Engine()
    with pytest.raises(Conflict, match="no other machine can reach"):
        await join(manager("127.0.0.1:2377"), engine)
    assert not engine.asked


async def test_one_that_does_not_reach_the_manager_is_told_to_stop_trying() -> None:
    trouble = ClusterError(f"{CUT} ({TOKEN})", detail=f"{CUT} {TOKEN}")
    engine = Engine(swarm_join=trouble, info=FREE, then=part("pending"))
    with pytest.raises(ClusterError) as error:
        await join(manager("10.0.0.2:2377"), engine)
    assert error.value.message == "box does not reach the manager at 10.0.0.2:2377."
    assert "2377" in error.value.hint
    assert TOKEN not in f"{error.value.message} {error.value.hint} {error.value.detail}"
    assert engine.changed == [("swarm", "join"), ("swarm", "leave")]


async def test_one_that_belongs_to_a_swarm_by_now_is_left_in_it() -> None:
    engine = Engine(info=part("active"))
    with pytest.raises(Conflict, match="belongs to a Swarm by now"):
        await join(manager("10.0.0.2:2377"), engine)
    assert engine.changed == []


@pytest.mark.parametrize(
    "trouble",
    [
        Conflict("This node is already part of a swarm."),
        ClusterError("The engine does not take that."),
        Unreachable("The line broke."),  # it got in meanwhile
        ClusterError(CUT),
        asyncio.CancelledError(),
    ],
)
async def test_one_that_is_in_is_not_taken_out_whatever_was_said(trouble: BaseException) -> None:
    engine = Engine(swarm_join=trouble, info=FREE, then=part("active"))
    with pytest.raises(type(trouble)):
        await join(manager("10.0.0.2:2377"), engine)
    assert engine.changed == [("swarm", "join")]


@pytest.mark.parametrize("trouble", [Unreachable("The line broke."), asyncio.CancelledError()])
async def test_one_that_still_tries_when_nobody_waits_any_more_is_told_to_stop(trouble: BaseException) -> None:
    engine = Engine(swarm_join=trouble, info=FREE, then=part("pending"))
    with pytest.raises(type(trouble)):
        await join(manager("10.0.0.2:2377"), engine)
    assert engine.changed == [("swarm", "join"), ("swarm", "leave")]


async def test_what_another_began_is_not_taken_back_by_one_that_was_refused() -> None:
    refused = Conflict("This node is already part of a swarm.")
    engine = Engine(swarm_join=refused, info=FREE, then=part("pending"))
    with pytest.raises(Conflict):
        await join(manager("10.0.0.2:2377"), engine)
    assert engine.changed == [("swarm", "join")]


async def test_a_host_joins_once_at_a_time() -> None:
    engine, begun = Engine(info={"ID": "engine-2", "Name": "box"}), list[LongWork]()

    async def see(*_: Any, **__: Any) -> None:
        return None

    async def begin(actor: Actor, host_id: int, work: LongWork) -> str:
        begun.append(work)
        await asyncio.sleep(0)
        if len(begun) == 1:
            raise Conflict("32 jobs are running already.")
        return "key"

    cluster = SimpleNamespace(id=1, name="Swarm")
    connections = SimpleNamespace(cluster=lambda _: cluster)
    gateway: Any = SimpleNamespace(see=see, begin=begin, driver=lambda *_: engine, connections=connections)
    nobody = cast(Actor, SimpleNamespace(name="ada", address=""))
    with pytest.raises(Conflict, match="32 jobs"):
        await joining.begin(gateway, nobody, 1, 2, "worker")
    answers = await asyncio.gather(
        *(joining.begin(gateway, nobody, 1, host, "worker") for host in (2, 3)), return_exceptions=True
    )
    assert [str(one) for one in answers] == ["key", "box is joining already."]
    assert len(begun) == 2
    joining._joining.clear()


async def test_who_may_not_on_either_of_them_asks_neither_of_them_anything() -> None:
    engine = Engine()

    for refused in (1, 2):

        async def see(actor: Actor, cluster_id: int, *_: Any, refused: int = refused, **__: Any) -> None:
            if cluster_id == refused:
                raise Denied("No.", known=True)

        gateway = SimpleNamespace(see=see, driver=lambda *_: engine)
        with pytest.raises(Denied):
            await joining.begin(cast(Gateway, gateway), cast(Actor, None), 1, 2, "worker")
    assert not engine.asked
