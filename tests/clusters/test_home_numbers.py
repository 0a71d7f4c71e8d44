"""The four numbers of Home: each remark follows from what was seen; what is not known is said, and never made up."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.drivers.base import Usage
from clusters.kinds.base import Health, Level
from clusters.triage.numbers import Measured, Number, numbers, share_of
from clusters.triage.restarts import HOUR, RestartLog, Restarts
from clusters.triage.symptoms import Thing

NOW = 1_800_000_000.0
GIB = 1024.0**3
QUIET = Restarts(0, HOUR)


def sample(ago: float, cpu: float, cores: float = 8.0, memory: float = 2.0) -> Usage:
    return Usage(NOW - ago, cpu, memory * GIB, cores, 16.0 * GIB)


def measured(name: str, *history: Usage, why_not: str = "") -> Measured:
    last = history[-1] if history and NOW - history[-1].at <= 30 else None
    return Measured(name, last, history, why_not)


def shown(
    *clusters: Measured, restarts: Restarts = QUIET, apps: Sequence[Thing] = (), silent: int = 0
) -> dict[str, Number]:
    return {one.key: one for one in numbers(apps, silent, restarts, clusters, NOW)}


def app(level: Level, ready: int, wanted: int) -> Thing:
    kind: Any = SimpleNamespace(name="app", workload=SimpleNamespace(copies=lambda one: (ready, wanted, 0)))
    return Thing(1, kind, SimpleNamespace(uid="u"), Health(level, "word"))


def test_usage_is_a_share_of_everything_with_the_amounts_beside_it() -> None:
    found = shown(measured("Shop", sample(5, 2.0)), measured("Host", sample(5, 1.0, cores=4.0, memory=6.0)))
    cpu, memory = found["cpu"], found["memory"]
    assert (cpu.value, cpu.unit, cpu.remark, cpu.note) == ("25", "%", "3.0 of 12 cores", "")
    assert (memory.value, memory.unit, memory.remark) == ("25", "%", "8 GiB of 32 GiB")


def test_without_a_limit_the_amount_is_the_number() -> None:
    cpu = shown(measured("Shop", sample(5, 0.25, cores=0.0)))["cpu"]
    assert (cpu.value, cpu.unit, cpu.remark) == ("0.25", "cores", "")


def test_what_is_not_measured_is_said_and_not_counted_as_nothing() -> None:
    found = shown(measured("Shop", sample(5, 2.0)), measured("Edge", why_not="does not answer"))["cpu"]
    assert (found.value, found.note) == ("25", "1 of 2 clusters measured")
    assert "Edge does not answer." in found.words
    alone = shown(measured("Edge", why_not="tells no usage"))["cpu"]
    assert (alone.value, alone.remark) == ("–", "not measured: Edge tells no usage")
    assert shown(measured("Edge"))["cpu"].remark == "being measured"
    assert shown()["cpu"].remark == "told for whole clusters only"


def test_a_line_has_a_gap_where_nobody_looked() -> None:
    looked = [sample(1000 - step * 10, 2.0) for step in range(10)] + [sample(90 - step * 10, 4.0) for step in range(10)]
    plot = shown(measured("Shop", *looked))["cpu"].plot
    assert plot is not None
    assert [len(run) for run in plot.runs] == [10, 10]
    assert plot.words == "25% to 50% in 16 minutes"
    assert plot.runs[0][0][0] == pytest.approx(0.0, abs=0.01)
    assert plot.runs[1][-1][0] == pytest.approx(1.0, abs=0.02)
    assert max(how_much for run in plot.runs for _, how_much in run) <= 1.0


def test_a_cluster_that_comes_or_goes_makes_no_cliff() -> None:
    long = [sample(300 - step * 10, 4.0) for step in range(30)]
    plot = shown(measured("Shop", *long), measured("Twin", *long[15:]))["cpu"].plot
    assert plot is not None
    assert {how_much for run in plot.runs for _, how_much in run} == {round(1 / 1.08, 4)}


def test_one_sample_is_no_line() -> None:
    assert shown(measured("Shop", sample(5, 2.0)))["cpu"].plot is None


def test_missing_copies_are_counted_with_how_many_apps_miss_them() -> None:
    apps = [app(Level.HEALTHY, 3, 3), app(Level.AT_RISK, 1, 3), app(Level.STOPPED, 0, 0), app(Level.CHANGING, 5, 4)]
    copies = shown(apps=apps)["copies"]
    assert (copies.value, copies.unit, copies.remark) == ("8", "of 10", "2 missing, of 1 app")
    assert shown(apps=apps[:1])["copies"].remark == "all are there"
    assert shown()["copies"].remark == "none was asked for"
    unheard = shown(apps=apps[:1], silent=13)["copies"]
    assert (unheard.unit, unheard.note) == ("of 3", "of 13 apps nothing is heard")


def test_restarts_say_whose_they_are() -> None:
    found = shown(restarts=Restarts(37, HOUR, 3, ("checkout-api", 35), None, (0, 2, 35)))["restarts"]
    assert (found.value, found.remark, found.note, found.level) == ("37", "35 of checkout-api", "", "")
    assert shown(restarts=Restarts(2, HOUR, 1, ("web", 2), None, (2,) * 2))["restarts"].remark == "all of web"
    assert shown(restarts=Restarts(2, HOUR, 2, ("web", 1), None, (1, 1)))["restarts"].remark == "in 2 apps"


def test_what_is_usual_is_said_only_when_it_was_seen() -> None:
    more = shown(restarts=Restarts(37, HOUR, 1, ("web", 37), (0, 3), (1,) * 30))["restarts"]
    assert (more.note, more.level) == ("0 to 3 in the hours before", "at_risk")
    as_ever = shown(restarts=Restarts(3, HOUR, 1, ("web", 3), (0, 3), (1,) * 30))["restarts"]
    assert as_ever.level == ""


def test_who_has_not_watched_for_an_hour_does_not_speak_of_one() -> None:
    assert shown(restarts=Restarts(0, 300.0))["restarts"].remark == "none seen in 5 minutes"
    assert shown(restarts=Restarts(0, 60.0))["restarts"].remark == "none seen yet"  # it has just begun to watch
    assert shown(restarts=Restarts(1, 300.0, 1, ("web", 1), None, (0, 1)))["restarts"].note == "watched for 5 minutes"


def test_the_log_of_restarts_counts_by_hour_and_by_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW - 6 * HOUR)
    log = RestartLog()
    for hours_ago, namespace, name, times in ((5.5, "shop", "web", 4), (2.5, "shop", "web", 1), (0.5, "shop", "web", 9),
                                              (0.4, "data", "db", 2)):  # fmt: skip
        log.note(NOW - hours_ago * HOUR, 1, namespace, name, times)
    everything = log.within({1: None}, NOW)
    assert (everything.count, everything.most, everything.usual) == (11, ("web", 9), (0, 4))
    assert sum(everything.course) == 11
    assert log.within({1: frozenset({"data"})}, NOW).count == 2
    assert log.within({2: None}, NOW).count == 0


def test_nothing_is_called_usual_after_two_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW - 2 * HOUR)
    log = RestartLog()
    log.note(NOW - 10, 1, "shop", "web", 1)
    assert log.within({1: None}, NOW).usual is None


def test_shares_of_clusters_are_of_those_that_are_known() -> None:
    usage = {1: sample(0, 4.0), 2: None, 3: sample(0, 1.0, cores=0.0)}
    assert share_of(usage, "cpu") == {1: 0.5}
