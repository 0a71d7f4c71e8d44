"""The demonstration's Docker host acts as a real engine does."""

from __future__ import annotations

import contextlib
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.drivers.base import Call
from clusters.drivers.demo.host.world import HostWorld
from clusters.errors import Conflict, Missing, Unsupported

START = 1_800_000_000.0


@pytest.fixture
def host() -> HostWorld:
    return HostWorld(7, START, calm=True)


def ask(world: HostWorld, name: str, verb: str, method: Any = "POST", **query: str) -> Any:
    path = ("containers", world.container(name)["Id"], *([verb] if verb else []))
    return world.answer(Call(method, path, query))


def state(world: HostWorld, name: str) -> dict[str, Any]:
    found: dict[str, Any] = world.container(name)["State"]
    return found


def test_a_stopped_container_stays_stopped_and_starts_again(host: HostWorld) -> None:
    ask(host, "office-wiki-1", "stop")
    host.step(START + 30)
    assert (state(host, "office-wiki-1")["Status"], state(host, "office-wiki-1")["ExitCode"]) == ("exited", 0)
    ask(host, "office-wiki-1", "start")
    assert state(host, "office-wiki-1")["Status"] == "running"


def test_a_paused_container_goes_on_where_it_was(host: HostWorld) -> None:
    began = state(host, "monitor")["StartedAt"]
    ask(host, "monitor", "pause")
    assert state(host, "monitor")["Status"] == "paused"
    with pytest.raises(Conflict):
        ask(host, "monitor", "pause")
    ask(host, "monitor", "unpause")
    assert (state(host, "monitor")["Status"], state(host, "monitor")["StartedAt"]) == ("running", began)


def test_a_running_container_is_removed_by_force_only(host: HostWorld) -> None:
    with pytest.raises(Conflict):
        ask(host, "registry", "", "DELETE")
    ask(host, "registry", "", "DELETE", force="true")
    with pytest.raises(Missing):
        host.container("registry")


def test_a_new_container_needs_its_image(host: HostWorld) -> None:
    call = Call("POST", ("containers", "create"), {"name": "mine"}, {"Image": "registry.example/shop/web:5.11.3"})
    made = host.answer(call)
    assert state(host, made["Id"])["Status"] == "created"
    with pytest.raises(Conflict):
        host.answer(call)
    with pytest.raises(Missing):
        host.answer(Call("POST", ("containers", "create"), {"name": "other"}, {"Image": "nobody/knows:it"}))


def test_a_full_disk_stops_the_database_until_there_is_room(host: HostWorld) -> None:
    host.switch("disk", True)
    host.step(START + 60)
    assert host.container("shop-db-1")["RestartCount"] > 2
    host.switch("disk", False)
    host.step(START + 90)
    assert state(host, "shop-db-1")["Health"]["Status"] == "healthy"


def test_a_hanging_program_is_healed_by_a_restart(host: HostWorld) -> None:
    host.switch("stuck", True)
    host.step(START + 15)
    health = state(host, "shop-search-1")["Health"]
    assert health["Status"] == "unhealthy"
    assert "timed out" in health["Log"][-1]["Output"]
    ask(host, "shop-search-1", "restart")
    host.step(START + 25)
    assert state(host, "shop-search-1")["Health"]["Status"] == "healthy"
    assert not any(fault.on for fault in host.fault_states())


def test_a_container_that_crashes_is_started_again_by_its_policy() -> None:
    world = HostWorld(5, START)
    world.step(START + 200)
    assert world.container("shop-worker-1")["RestartCount"] >= 1
    assert state(world, "shop-worker-1")["Status"] == "running"


def test_what_the_host_has_not_is_refused_in_words(host: HostWorld) -> None:
    with pytest.raises(Unsupported):
        host.answer(Call("POST", ("swarm", "init")))


STEPS = st.lists(
    st.tuples(st.sampled_from(["disk", "stuck", "silence", "restart", "kill", "pause", "start"]), st.integers(1, 40)),
    max_size=14,
)


@settings(max_examples=40)
@given(STEPS)
def test_whatever_was_done_all_runs_again_when_the_faults_are_over_and_it_is_started(
    steps: list[tuple[str, int]],
) -> None:
    world, now = HostWorld(3, START, calm=True), START
    names = sorted(one["Name"][1:] for one in world.all("containers") if one["State"]["Running"])
    for what, number in steps:
        if what in ("disk", "stuck", "silence"):
            world.switch(what, number % 2 == 1)
        else:
            with contextlib.suppress(Conflict):  # it is in no state for that, as the real engine would say
                ask(world, names[number % len(names)], what)
        now += number
        world.step(now)
    for fault in world.fault_states():
        world.switch(fault.key, False)
    world.step(now + 60)
    for name in names:
        ask(world, name, "unpause" if state(world, name)["Paused"] else "start")
    world.step(now + 120)
    for name in names:
        now_is = state(world, name)
        assert (now_is["Status"], now_is.get("Health", {}).get("Status", "healthy")) == ("running", "healthy"), name


def test_a_check_that_passes_was_run_a_moment_ago_however_long_the_container_runs(host: HostWorld) -> None:
    health = ask_json(host, "shop-db-1")["State"]["Health"]
    ends = [datetime.fromisoformat(run["End"].replace("Z", "+00:00")).timestamp() for run in health["Log"]]
    assert len(ends) == 5
    assert 0 <= host.now - ends[-1] <= 5
    assert ends == sorted(ends)
    assert "accepting connections" in health["Log"][-1]["Output"]
    assert health["FailingStreak"] == 0


def test_a_container_that_has_just_started_was_checked_no_more_often_than_there_was_time(host: HostWorld) -> None:
    ask(host, "shop-db-1", "restart")
    host.step(host.now + 9)
    health = ask_json(host, "shop-db-1")["State"]["Health"]
    assert health["Status"] == "healthy"
    assert len(health["Log"]) == 1


def test_what_needs_the_database_says_so_while_it_is_away(host: HostWorld) -> None:
    host.switch("disk", True)
    host.step(host.now + 40)
    api = SimpleNamespace(resource=SimpleNamespace(uid=host.container("shop-api-1")["Id"]))
    while host.container("shop-db-1")["State"]["Status"] == "running":
        host.step(host.now + 1)
    assert host.speaker(api).mood == "no database"  # type: ignore[arg-type]
    host.switch("disk", False)
    host.step(host.now + 60)
    assert host.speaker(api).mood == ""  # type: ignore[arg-type]


def ask_json(world: HostWorld, name: str) -> Any:
    return world.answer(Call("GET", ("containers", name, "json")))
