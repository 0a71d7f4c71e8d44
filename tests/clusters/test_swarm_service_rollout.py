"""A service is watched until it is well, or until it is known why it is not; what failed before is of no account."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing, Refused, Unreachable
from clusters.jobs import Reporter
from clusters.kinds import asked_again
from clusters.kinds.swarm import service_rollout
from clusters.kinds.swarm.base import TRIES
from clusters.kinds.swarm.service_create import create_service, read_new
from clusters.kinds.swarm.service_rollout import NotUpYet, NotWell, Stand, until_all_well, until_well
from clusters.stacks.copies import services_of
from clusters.stacks.deploy import _until_all_well
from tests.clusters.heard import Heard

GOOD, BAD = ({"ContainerSpec": {"Image": "busybox", "Args": [word]}} for word in ("good", "bad"))
NOT_THERE = 'exec: "bad": executable file not found in $PATH: unknown'


class Swarm:
    """A manager that tells of one service and its tasks."""

    def __init__(self, state: str, *tasks: tuple[dict[str, Any], str], running: int = 1, desired: int = 1) -> None:
        self.now, self.tasks = datetime.now(UTC).isoformat(), tasks
        self.service = {
            "ID": "s1",
            "Spec": {"Name": "web", "TaskTemplate": GOOD, "Mode": {"Replicated": {"Replicas": desired}}},
            "UpdateStatus": {"State": state, "StartedAt": self.now},
            "ServiceStatus": {"RunningTasks": running, "DesiredTasks": desired},
        }

    async def call(self, call: Call) -> Any:
        if call.method == "POST":
            return {"ID": "s1"}
        if call.path == ("services",):
            return [self.service] if self.service else []
        return [self.task(number, *one) for number, one in enumerate(self.tasks)] if call.path == ("tasks",) else []

    def task(self, number: int, spec: dict[str, Any], state: str) -> dict[str, Any]:
        status = {"State": state, "Timestamp": self.now, "Err": NOT_THERE if state == "rejected" else ""}
        wanted = "running" if state == "running" else "shutdown"
        return {
            "ID": f"t{number}",
            "ServiceID": "s1",
            "Slot": 1,
            "Spec": spec,
            "Status": status,
            "DesiredState": wanted,
        }


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_rollout, "STAYS", 0.02)
    monkeypatch.setattr(service_rollout, "EVERY", 0.01)
    monkeypatch.setattr(asked_again, "PAUSES", (0.01, 0.01))


async def watch(swarm: Swarm) -> tuple[Stand, Heard]:
    heard = Heard()
    return await until_well(cast(Driver, swarm), "s1", "web", heard), heard


async def test_one_that_went_back_is_well_although_the_version_before_failed() -> None:
    stand, heard = await watch(Swarm("completed", (BAD, "rejected"), (BAD, "rejected"), (GOOD, "running")))
    assert (stand.words, stand.is_well) == ("1 of 1 copy runs.", True)
    assert heard.newest["web"] == "web: 1 of 1 copy runs."


async def test_copies_of_this_version_that_fail_are_the_reason() -> None:
    swarm = Swarm("", (GOOD, "rejected"), (GOOD, "rejected"), (GOOD, "running"), running=0)
    with pytest.raises(NotWell, match="web does not come up"):
        await watch(swarm)


async def test_an_update_that_stopped_is_told_once_with_the_reason_of_its_copies() -> None:
    swarm = Swarm("paused", (GOOD, "rejected"), (GOOD, "rejected"), (GOOD, "running"), running=0)
    with pytest.raises(NotWell) as error:
        await watch(swarm)
    assert error.value.message.count("stopped") == 1
    assert "bad is not in the image" in error.value.message


async def test_one_that_went_back_by_itself_says_why() -> None:
    with pytest.raises(
        NotWell, match=r"it went back by itself to what it was before\. Its command bad is not in the image\.$"
    ):
        await watch(Swarm("rollback_completed", (BAD, "rejected"), (GOOD, "running")))


async def test_one_without_copies_is_done_at_once_and_one_that_was_removed_is_said() -> None:
    stand, _ = await watch(Swarm("", running=0, desired=0))
    assert stand.words.startswith("Stopped.")
    assert not stand.is_well, "nobody may say that it is well"
    gone = Swarm("")
    gone.service = {}
    with pytest.raises(Missing, match="removed meanwhile"):
        await watch(gone)


async def test_a_service_and_a_stack_without_copies_are_not_called_well() -> None:
    swarm = Swarm("", running=0, desired=0)
    made = await create_service(
        cast(Driver, swarm), read_new({"name": "web", "image": "busybox", "copies": 0}), Heard()
    )
    assert made.words == "web is made. Stopped. No copies were asked for."
    ended = await _until_all_well(cast(Driver, swarm), "shop", cast(Reporter, Heard()))
    assert ended.words == "shop was deployed: 1 service, 0 well; web is stopped."
    swarm = Swarm("", (GOOD, "running"))
    ended = await _until_all_well(cast(Driver, swarm), "shop", cast(Reporter, Heard()))
    assert ended.words == "shop was deployed: 1 service, all well."


async def test_several_are_one_question_and_what_is_done_is_not_asked_for_again() -> None:
    swarm, asked = Swarm("", (GOOD, "running")), []
    swarm.service["UpdateStatus"] = {}
    slow = {**swarm.service, "ID": "s2", "ServiceStatus": {"RunningTasks": 0, "DesiredTasks": 1}}

    async def call(call: Call) -> Any:
        if call.path == ("tasks",) and "s3" in call.query["filters"]:
            raise Missing("service s3 not found")
        if call.path != ("services",):
            return await swarm.call(call)
        asked.append(json.loads(call.query["filters"])["id"])
        if asked[-1] == ["s2"]:
            slow["ServiceStatus"] = {"RunningTasks": 0, "DesiredTasks": 0}
        return [swarm.service, slow]

    manager = cast(Driver, SimpleNamespace(call=call))
    ends = await until_all_well(manager, {"s1": "web", "s2": "store", "s3": "gone"}, Heard())
    assert {uid: getattr(end, "words", str(end)) for uid, end in ends.items()} == {
        "s1": "1 of 1 copy runs.",
        "s2": "Stopped. No copies were asked for.",
        "s3": "gone was removed meanwhile.",
    }
    assert (asked[0], asked[1], asked[-1]) == (["s1", "s2", "s3"], ["s1", "s2"], ["s2"])


async def test_a_manager_that_keeps_contradicting_itself_ends_the_watch() -> None:
    swarm, asked = Swarm(""), []

    async def call(call: Call) -> Any:
        asked.append(call.path)
        if call.path == ("tasks",):
            raise Missing("service s1 not found")
        return await swarm.call(call)

    with pytest.raises(Missing, match="s1 not found"):
        await until_all_well(cast(Driver, SimpleNamespace(call=call)), {"s1": "web"}, Heard())
    assert asked.count(("tasks",)) == TRIES


class Silent(Swarm):
    """One that gives no answer to some of the questions, by their number."""

    def __init__(self, *lost: int, error: ClusterError | None = None) -> None:
        super().__init__("", (GOOD, "running"))
        self.asked, self.lost, self.error = 0, lost, error or Unreachable("The engine did not answer in time.")

    async def call(self, call: Call) -> Any:
        self.asked += 1
        if self.asked in self.lost:
            raise self.error
        return await super().call(call)


async def test_one_lost_answer_is_asked_for_again_and_the_job_says_so() -> None:
    heard = Heard()
    ended = await _until_all_well(cast(Driver, Silent(1, 3, 5, 6)), "shop", cast(Reporter, heard))
    assert ended.words == "shop was deployed: 1 service, all well."
    assert heard.things["asked-again"] == [
        "No news: The engine did not answer in time. Asked again in 0 seconds, 1 of 2.",
        "There is news again.",
        "No news: The engine did not answer in time. Asked again in 0 seconds, 1 of 2.",
        "There is news again.",
        "No news: The engine did not answer in time. Asked again in 0 seconds, 1 of 2.",
        "No news: The engine did not answer in time. Asked again in 0 seconds, 2 of 2.",
        "There is news again.",
    ]


async def test_a_swarm_that_stays_silent_or_refuses_ends_the_watch_in_words() -> None:
    silent = Silent(*range(2, 10))
    with pytest.raises(
        ClusterError, match=r"shop was deployed\. Whether its services come up is not known: The engine"
    ):
        await _until_all_well(cast(Driver, silent), "shop", cast(Reporter, Heard()))
    assert silent.asked == 1 + 3, "asked twice more, and then no longer"
    refusing = Silent(2, error=Refused("The engine does not let us do that."))
    with pytest.raises(ClusterError, match="does not let us"):
        await _until_all_well(cast(Driver, refusing), "shop", cast(Reporter, Heard()))
    assert refusing.asked == 2, "a refusal is an answer"


async def test_an_answer_that_nobody_understands_is_said_in_words() -> None:
    garbage = cast(Driver, SimpleNamespace(call=AsyncMock(return_value=[{"ID": {}}])))
    with pytest.raises(ClusterError, match="does not understand"):
        await services_of(garbage, "shop")


async def test_what_takes_too_long_is_told_as_it_stands_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_rollout, "LONGEST", 0.0)
    with pytest.raises(NotUpYet, match=r"web is not up after .*: Updating\. 0 of 2 copies are new\.") as caught:
        await watch(Swarm("updating", running=1, desired=2))
    assert "goes on with it by itself" in caught.value.hint
