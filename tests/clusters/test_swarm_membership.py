"""What an engine says of the Swarm it belongs to, and where that leads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clusters.drivers.base import Call
from clusters.errors import Conflict, Invalid, Unsupported
from clusters.kinds.base import Level, Look
from clusters.kinds.docker.host import HOST
from clusters.kinds.docker.host_model import Host
from clusters.kinds.docker.host_swarm import swarm_of
from clusters.live import noticer
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.resource import FeedItem, Listed
from clusters.triage.engine import find
from clusters.triage.finding import Finding
from clusters.triage.symptoms import Heard
from tests.clusters.docker_things import recorded, until
from tests.clusters.fakes import FakeDriver, all_shared
from tests.clusters.swarm_things import named, read, resources

WORKS = {"NodeID": "xx4xefmotgetphdvpoqtpwmac", "LocalNodeState": "active", "ControlAvailable": False}


def _said(swarm: dict[str, Any], nodes: list[Any] | None = None) -> Any:
    host = read({**recorded("host", "29"), "Swarm": swarm}, Host)
    cluster: Any = SimpleNamespace(name="Swarm", slug="swarm")
    look = Look(
        cluster_id=1,
        kind=HOST,
        resource=host,
        driver=None,  # type: ignore[arg-type]
        related=None,  # type: ignore[arg-type]
        sees=all_shared,
        elsewhere=lambda kind: [(cluster, node) for node in nodes or ()] if kind == "swarm-node" else [],
    )
    return swarm_of(look)


def test_a_worker_leads_to_its_swarm_where_a_manager_of_it_is_connected() -> None:
    said = _said(WORKS, resources(named("swarm-node")))
    assert (said["words"], said["cluster"].slug, said["node"]) == ("works in", "swarm", WORKS["NodeID"])


def test_a_worker_of_a_swarm_that_is_not_connected_names_the_managers() -> None:
    words = _said({**WORKS, "RemoteManagers": [{"NodeID": "85ji", "Addr": "172.30.0.1:2377"}]})["words"]
    assert words == "works in one; its managers are at 172.30.0.1:2377: connect one of them to see it"


@pytest.mark.parametrize(
    ("swarm", "words"),
    [
        ({"LocalNodeState": "inactive"}, "in none"),
        ({}, "in none"),
        ({"LocalNodeState": "locked"}, "it belongs to one, and is locked: it needs the unlock key to go on"),
        ({"LocalNodeState": "active", "ControlAvailable": True}, "manages one"),
    ],
)
def test_it_says_what_its_part_is(swarm: dict[str, Any], words: str) -> None:
    assert _said(swarm)["words"] == words


@pytest.mark.parametrize(("state", "word"), [("locked", "Locked"), ("error", "Out of its Swarm")])
def test_a_host_whose_part_in_a_swarm_is_locked_or_failed_is_not_well(state: str, word: str) -> None:
    """Its engine manages nothing then, and is taken for a host of its own."""
    swarm = {"LocalNodeState": state, "Error": "x509: certificate has expired"}
    health = HOST.health(read({**recorded("host", "29"), "Swarm": swarm}, Host))
    assert (health.level, health.word, health.reason) == (Level.FAILING, word, swarm["Error"])
    asks = {**swarm, "Error": "Swarm is encrypted and needs to be unlocked before it can be used."}
    told = HOST.health(read({**recorded("host", "29"), "Swarm": asks}, Host)).reason
    assert ("Unlock its Swarm" in told) is (state == "locked"), "what can be done here is said"
    silent = HOST.health(read({**recorded("host", "29"), "Swarm": {**swarm, "Error": ""}}, Host))
    assert silent.reason


class _Told(FakeDriver):
    """An engine that tells of itself alone."""

    def __init__(self, swarm: dict[str, Any]) -> None:
        super().__init__()
        self.swarm = swarm

    async def watch(self, kind: Any, namespaces: Any = None) -> AsyncIterator[FeedItem]:
        host = read({**recorded("host", "29"), "Swarm": self.swarm}, Host)
        yield Listed([host] if kind.name == "host" else [])
        await asyncio.Event().wait()


async def test_a_locked_manager_is_on_home_with_its_key_asked_for_while_nobody_looks_at_hosts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No other manager may be connected that could tell."""
    monkeypatch.setattr(noticer, "SOON", 0.0)

    def findings(line: Connection) -> list[Finding]:
        noticed = [one.found for one in line.noticers]
        return find([Heard(1, "box", "docker", "live", line.stores, noticed=noticed)], {1: None}, 0.0)

    info = ClusterInfo(1, "box", "box", "docker", "docker")
    line = Connection(info, cast(Any, _Told({"LocalNodeState": "locked"})), lambda _: None)
    line.start()
    (one,) = await until(lambda: findings(line), 2.0)
    assert (one.level, one.title.partition(" ")[2], one.action and one.action.verb) == (
        Level.FAILING,
        "is locked",
        "unlock-swarm",
    )
    assert not line.stores["host"].resources, "nobody looks at hosts"
    row = line.row(line.stores["host"], one.row.rpartition("~")[2])
    assert row is not None, "who may do it is asked of its row"
    assert row.health.word == "Locked"
    await line.close()
    well = Connection(info, cast(Any, _Told(WORKS)), lambda _: None)
    well.start()
    await until(lambda: any(one._last for one in well.noticers), 2.0)
    assert findings(well) == []
    await well.close()


async def test_a_locked_manager_is_unlocked_with_its_key_and_a_wrong_one_is_said() -> None:
    """The words of the engine are those of a real one, version 29."""
    locked = read({**recorded("host", "29"), "Swarm": {"LocalNodeState": "locked"}}, Host)
    unlock, sent = HOST.action("unlock-swarm"), list[Call]()
    assert unlock
    assert unlock.refuse
    assert unlock.refuse(locked) == ""
    assert unlock.refuse(read({**recorded("host", "29"), "Swarm": WORKS}, Host)) == "It is not locked."

    class Engine:
        async def call(self, call: Call) -> None:
            sent.append(call)
            if call.body != {"UnlockKey": "SWMKEY-1-right"}:
                raise Invalid("swarm could not be unlocked: invalid key provided")

    engine: Any = Engine()
    assert "is unlocked" in str(await unlock.run(engine, locked, {"unlock_key": " SWMKEY-1-right\n"}))
    with pytest.raises(Invalid, match="not the key of its Swarm") as caught:
        await unlock.run(engine, locked, {"unlock_key": "SWMKEY-1-wrong"})
    assert caught.value.field == "unlock_key", "said beside the field, in the form that stays open"
    assert {(call.method, call.path) for call in sent} == {("POST", ("swarm", "unlock"))}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Removing the last manager erases all current state of the swarm. Use `--force` to", "is the last manager"),
        ("Removing this node leaves 1 managers out of 2. Without a Raft quorum", "only 1 of 2 are left, too few"),
        ("Use `--force` to suppress this message.", "which others may need to decide"),
    ],
)
async def test_a_manager_that_does_not_leave_just_so_is_told_why_and_what_to_do(said: str, words: str) -> None:
    """The words of the engine are those of a real one, version 29."""
    leave = HOST.action("leave-swarm")
    assert leave

    class Engine:
        async def call(self, call: Call) -> None:
            start = "You are attempting to leave the swarm on a node that is participating as a manager."
            raise Unsupported(f"{start} {said}")

    engine: Any = Engine()
    with pytest.raises(Conflict, match=words) as caught:
        await leave.run(engine, read({**recorded("host", "29"), "Swarm": WORKS}, Host), {})
    assert "Demote it first" in caught.value.hint
    assert said in caught.value.detail
