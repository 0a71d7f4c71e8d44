"""What is started and does not stay up is told by the job that started it; what did its work and ended is no fault."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from clusters.compose import stays
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing, Unreachable

DONE = "was deployed: 2 containers created"
Looks = Sequence[dict[str, Any] | None]


def up(started: str = "1", health: str = "") -> dict[str, Any]:
    return {
        "Status": "running",
        "StartedAt": started,
        "ExitCode": 0,
        **({"Health": {"Status": health}} if health else {}),
    }


def ended(code: int, status: str = "exited", started: str = "1") -> dict[str, Any]:
    return {"Status": status, "StartedAt": started, "ExitCode": code}


class Engine:
    """Says at each look how each container is; the last of what it says lasts. None: it does not answer."""

    def __init__(self, **containers: Looks) -> None:
        self.containers, self.looks, self.told = containers, 0, list[str]()
        self.inspected, self.at_once, self.most_at_once = list[str](), 0, 0

    def now(self) -> float:
        return self.looks * stays.EVERY

    async def call(self, call: Call) -> Any:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if call.path == ("containers", "json"):
            self.looks += 1
            if any(self._at(name) is None for name in self.containers):
                raise Unreachable("It does not answer.")
            return [self._listed(name) for name in self.containers]
        name = call.path[1]
        self.inspected.append(name)
        if name == "lost" and self.looks < 9:
            raise Unreachable("It does not answer.")
        if name == "gone":
            raise Missing("There is no such container.")
        return {"Name": f"/{name}", "State": self._at(name)}

    def _listed(self, name: str) -> dict[str, Any]:
        state = self._at(name) or {}
        health = (state.get("Health") or {}).get("Status") or state["ExitCode"]
        labels = {stays.ONE_OFF: str(name == "hand")}
        return {"Id": name, "Names": [f"/{name}"], "Labels": labels, "State": state["Status"], "Status": f"({health})"}

    def _at(self, name: str) -> dict[str, Any] | None:
        said = self.containers[name]
        return said[min(self.looks, len(said)) - 1]

    def say(self, text: str, level: str = "info") -> None:
        self.told.append(text)

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        self.told.append(text)


async def look(engine: Engine, monkeypatch: pytest.MonkeyPatch, **more: Any) -> str:
    monkeypatch.setattr(stays, "SETTLED", 10.0)
    monkeypatch.setattr(stays, "_now", engine.now)
    monkeypatch.setattr(asyncio, "sleep", _at_once)
    try:
        return await stays.check_stays(cast(Driver, engine), "shop", DONE, cast(Any, engine), **more)
    except ClusterError as error:
        return error.message


_real_sleep = asyncio.sleep


async def _at_once(seconds: float) -> None:
    await _real_sleep(0)


@pytest.mark.parametrize(
    ("containers", "words", "seconds"),
    [
        ({"web": [up()], "once": [ended(0)]}, "", 10.5),
        ({"web": [up()], "gone": [up()]}, "", 10.5),
        ({"web": [*[up()] * 6, ended(3)]}, "1 of 1 container does not stay up: web ended with code 3.", 3.5),
        ({"web": [up()], "hand": [ended(1)]}, "", 10.5),
        ({"web": [up(health="starting")] * 60 + [up(health="healthy")]}, "", 30.5),
        (
            {"web": [up(health="starting")] * 4 + [up(health="unhealthy")], "store": [up()]},
            "1 of 2 containers does not stay up: web runs, and its health check fails.",
            2.5,
        ),
        (
            {"b": [ended(1, "restarting")], "a": [ended(1, "restarting")]},
            "2 of 2 containers do not stay up: a ends again and again, with code 1.",
            30.5,
        ),
        (
            {"b": [up(str(at // 6)) for at in range(99)]},
            "1 of 1 container does not stay up: b ends again and again.",
            33.5,  # it first fell after three seconds
        ),
        (
            {"a": [ended(1, "restarting")], "b": [*[up()] * 20, ended(1, "restarting")]},
            "2 of 2 containers do not stay up: a ends again and again, with code 1, and 1 other was started again.",
            30.5,
        ),
        (  # one restart late in a long watch is none of "again and again"
            {
                "db": [up(health="starting")] * 120 + [up(health="healthy")],
                "app": [up()] * 80 + [ended(1, "restarting"), up("2")],
            },
            "",
            60.5,
        ),
        ({"web": [ended(1, "restarting"), up("2"), ended(1, "restarting", "2"), up("3")]}, "", 12.0),
        ({"job": [ended(1, "restarting"), up("2"), ended(0, started="2")]}, "", 1.5),
    ],
)
async def test_it_is_watched_until_it_can_be_told(
    containers: dict[str, Looks], words: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(**containers)
    said = await look(engine, monkeypatch)
    assert said == (f"shop {DONE}, but {words}" if words else "")
    assert engine.now() == pytest.approx(seconds, abs=0.5)
    assert engine.told[-1].startswith("Does it stay up? ")


async def test_what_ran_before_is_not_waited_for_and_its_old_trouble_is_no_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine(web=[up()], store=[up(health="unhealthy")])
    assert await look(engine, monkeypatch, left=["web", "store"]) == ""
    assert engine.looks == 1
    assert engine.told == ["Does it stay up? 2 of 2 containers well"]


async def test_what_nobody_can_tell_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Engine(web=[up(), None])
    assert "whether it stays up cannot be told: It does not answer." in await look(silent, monkeypatch)
    assert (await look(Engine(web=[up(), None, None, up()]), monkeypatch)) == "", "one that is back in time is believed"
    slow = Engine(web=[up(health="starting")])
    words = await look(slow, monkeypatch)
    assert words.startswith("After 5 minutes it is not known whether it stays up: web: its health check has not")


async def test_many_are_asked_a_few_at_a_time_and_what_is_well_only_when_there_is_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many: dict[str, Looks] = {f"web-{number}": [up()] for number in range(50)}
    engine = Engine(**many, once=[ended(0)], late=[*[up()] * 30, ended(2)], db=[up(health="starting")], lost=[up()])
    words = await look(engine, monkeypatch)
    assert words.endswith("1 of 54 containers does not stay up: late ended with code 2.")
    assert engine.most_at_once == stays.AT_ONCE
    asked = Counter(engine.inspected)
    assert (asked["once"], asked["db"]) == (1, engine.looks)
    assert asked["web-1"] == asked["late"] - 1 == 21, "for ten seconds, and no longer"


async def test_one_that_is_not_answered_for_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(web=[up()], lost=[up()])
    assert await look(engine, monkeypatch) == ""
    assert any("lost: the engine does not say how it is" in said for said in engine.told)
    assert engine.told[-1] == "Does it stay up? 2 of 2 containers well"


async def test_who_cancels_ends_the_watching_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(web=[up()])
    monkeypatch.setattr(stays, "SETTLED", 1e9)
    watching = asyncio.create_task(stays.check_stays(cast(Driver, engine), "shop", DONE, cast(Any, engine)))
    await asyncio.sleep(0.05)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    assert engine.told[-1] == "Stopped watching. What was started goes on; whether it stays up was not waited for."
