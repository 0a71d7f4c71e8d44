"""What needs attention on a Swarm: one entry for each cause, wherever its copies run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from clusters.kinds import KINDS
from clusters.kinds.base import Level
from clusters.live.families import Families
from clusters.live.resource import Listed
from clusters.live.store import Store
from clusters.triage.engine import find
from clusters.triage.finding import Finding
from clusters.triage.symptoms import Heard
from tests.clusters.docker_things import recorded as recorded_of_docker
from tests.clusters.swarm_things import AT, named, read, resources, service, tasks_of


@pytest.fixture(autouse=True)
def _then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: AT)


def found(others: Mapping[str, Sequence[Any]]) -> list[Finding]:
    """What is wrong on the recorded Swarm, with these instead of what was recorded of their kinds."""
    stores = {kind.name: Store(1, kind) for kind in KINDS["swarm"]}
    later: list[Callable[[], None]] = []
    Families(stores, lambda delay, act: later.append(act))
    for kind in KINDS["swarm"]:
        there = others.get(kind.name, resources(kind) if kind.platform == "swarm" else [])
        stores[kind.name].apply(Listed(list(there)))
    while later:
        later.pop()()
    return find([Heard(1, "Swarm", "swarm", "live", stores, AT)], {1: None}, AT)


def _titles(findings: Sequence[Finding]) -> set[str]:
    return {one.title for one in findings}


def test_each_service_that_is_not_well_is_one_entry_with_its_first_action() -> None:
    findings = found({})
    assert _titles(findings) == {
        "sw-broken keeps crashing",
        "sw-nowhere cannot be placed",
        "shop_web cannot get its image",
        "default has one manager only",
    }
    first = {one.title: one.action.verb for one in findings if one.action}
    assert first["shop_web cannot get its image"] == "roll-back", "its update stopped half way"
    assert first["sw-broken keeps crashing"] == "restart"
    assert "sw-nowhere cannot be placed" not in first, "a new start finds no place either"


def test_the_log_of_what_never_started_is_not_offered() -> None:
    """There is nothing in it: neither where no node took it, nor where it could not be started."""
    logs = {one.title: one.logs for one in found({})}
    assert logs["sw-broken keeps crashing"]
    assert logs["sw-nowhere cannot be placed"] == ""
    tasks = tasks_of(service("sw-broken"))
    said = 'starting container failed: exec: "nope": executable file not found in $PATH'
    never = [
        msgspec.structs.replace(one, status=msgspec.structs.replace(one.status, state="rejected", err=said))
        for one in tasks
    ]
    (one,) = [one for one in found({"task": never}) if one.title.startswith("sw-broken")]
    assert (one.title, one.logs) == ("sw-broken cannot start", "")


def test_an_update_that_stopped_half_way_leads_back_also_when_no_copy_is_unwell_any_longer() -> None:
    (one,) = [one for one in found({"task": []}) if one.title.startswith("shop_web")]
    assert (one.title, one.action and one.action.verb) == ("shop_web has an update that stopped half way", "roll-back")


def test_the_container_of_a_task_is_no_entry_of_its_own_where_its_swarm_is_told() -> None:
    task = tasks_of(service("sw-broken"))[0]
    tree = recorded_of_docker("container", "29")
    tree["Config"]["Labels"] = {"com.docker.swarm.task.id": task.uid}
    tree["State"] = {"Status": "running", "Health": {"Status": "unhealthy"}}
    kind = next(kind for kind in KINDS["swarm"] if kind.name == "container")
    container = read(tree, kind.model)
    assert kind.health(container).word == "Unhealthy"
    assert _titles(found({"container": [container]})) == _titles(found({}))
    elsewhere = read({**tree, "Config": {**tree["Config"], "Labels": {"com.docker.swarm.task.id": "x"}}}, kind.model)
    assert len(found({"container": [elsewhere]})) == len(found({})) + 1


def test_an_ended_container_of_a_task_is_no_trouble_of_the_host_that_keeps_it() -> None:
    tree = recorded_of_docker("container", "29")
    tree["State"] = {"Status": "exited", "ExitCode": 3, "FinishedAt": "2026-11-27T15:29:00Z"}
    kind = next(kind for kind in KINDS["docker"] if kind.name == "container")
    tree["Config"]["Labels"] = {}
    assert kind.health(read(tree, kind.model)).level is Level.FAILING
    tree["Config"]["Labels"] = {"com.docker.swarm.task.id": "x"}
    health = kind.health(read(tree, kind.model))
    assert (health.level, health.word) == (Level.STOPPED, "Failed")
    assert health.reason.endswith("Its Swarm has started another one, or ended it.")


def test_a_machine_that_is_lost_explains_what_fails_on_it() -> None:
    (node,) = {task.node for task in tasks_of(service("shop_web")) if task.failed}
    nodes = resources(named("swarm-node"))
    down = [
        msgspec.structs.replace(one, status=msgspec.structs.replace(one.status, state="down"))
        if one.name == node
        else one
        for one in nodes
    ]
    findings = found({"swarm-node": down})
    machine = next(one for one in findings if one.kind == "swarm-node")
    assert (machine.title, machine.key) == (f"{node} does not answer", node)
    assert machine.explains == ("shop_web cannot get its image",)
    assert "shop_web cannot get its image" not in _titles(findings)
