"""What gets worse by time alone, without any change in the cluster: work without an end, cron jobs that miss their time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Kind, Level
from clusters.kinds.kubernetes.cron_job import CRON_JOB
from clusters.kinds.kubernetes.due import AT_MOST_ELSEWHERE, LATE, late_from, twice_due
from clusters.kinds.kubernetes.job import JOB, LONG
from clusters.live.resource import Listed
from clusters.live.store import Store

READ_AT = time.time()
pytestmark = pytest.mark.usefixtures("still")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).isoformat()


def made(kind: Kind[Any], spec: dict[str, Any], age: float = 9e5, **status: Any) -> Any:
    meta = {"name": "it", "namespace": "shop", "uid": "u", "resourceVersion": "1", "creationTimestamp": ago(age)}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": status}, kind.model)


def every_5_minutes(started: float | None, **spec: Any) -> Any:
    status = {} if started is None else {"lastScheduleTime": ago(started), "lastSuccessfulTime": ago(started - 1)}
    return made(CRON_JOB, {"schedule": "*/5 * * * *", **spec}, **status)


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (every_5_minutes(60), "Scheduled"),
        (every_5_minutes(3600), "Missed its time"),
        (every_5_minutes(None), "Missed its time"),
        (every_5_minutes(3600, suspend=True), "Suspended"),
        (every_5_minutes(3600, startingDeadlineSeconds=5), "Missed its time"),
        (every_5_minutes(3600, startingDeadlineSeconds=60), "Scheduled"),  # it may have been held until now
        (every_5_minutes(3600, schedule="every now and then"), "Scheduled"),
    ],
)
def test_a_cron_job_that_was_due_twice_and_did_not_start_missed_its_time(one: Any, word: str) -> None:
    assert CRON_JOB.health(one).word == word


@pytest.mark.parametrize(
    ("resumed", "deadline", "word"),
    [
        (60, None, "Scheduled"),
        (60, 5, "Scheduled"),
        (60, 600, "Scheduled"),
        (3600, None, "Missed its time"),
        (3600, 600, "Missed its time"),  # it was not held, so that is no excuse
    ],
)
def test_what_it_was_suspended_for_it_did_not_miss(resumed: float, deadline: int | None, word: str) -> None:
    one = every_5_minutes(7200, startingDeadlineSeconds=deadline)
    writers = [
        {"manager": "kubectl-create", "time": ago(9e5), "fieldsV1": {"f:spec": {"f:schedule": {}}}},
        {"manager": "kubectl-patch", "time": ago(resumed), "fieldsV1": {"f:spec": {"f:suspend": {}}}},
        {"manager": "kube-controller-manager", "time": ago(1), "fieldsV1": {"f:status": {"f:lastScheduleTime": {}}}},
    ]
    meta = msgspec.to_builtins(one.metadata) | {"managedFields": writers}
    noted = msgspec.convert(msgspec.to_builtins(one) | {"metadata": meta}, CRON_JOB.model)
    assert CRON_JOB.health(noted).word == word


def test_a_start_deadline_that_is_too_short_is_named() -> None:
    health = CRON_JOB.health(every_5_minutes(3600, startingDeadlineSeconds=5))
    assert health.level is Level.AT_RISK
    assert "no later than 5 s" in health.reason


@pytest.mark.parametrize(
    ("schedule", "zone", "first", "second"),
    [
        ("*/5 * * * *", "", "12:05", "12:10"),
        ("0 9 * * *", "Europe/Berlin", "08:00", "08:00"),
        ("@hourly", "", "13:00", "14:00"),
        ("30 12 ? * MON-FRI", "", "12:30", "12:30"),
    ],
)
def test_when_it_is_due_is_reckoned_as_cron_does(schedule: str, zone: str, first: str, second: str) -> None:
    due = twice_due(schedule, zone, NOON)
    assert due is not None
    assert tuple(datetime.fromtimestamp(one, UTC).strftime("%H:%M") for one in due) == (first, second)


@pytest.mark.parametrize("schedule", ["", "@every 5m", "61 * * * *", "0 0 30 2 *", "* * * *"])
def test_what_cannot_be_reckoned_is_never_late(schedule: str) -> None:
    assert late_from(schedule, "", NOON) == 0.0
    assert late_from("*/5 * * * *", "Nowhere/At-all", NOON) == 0.0


def test_a_cluster_whose_hours_are_not_known_is_given_those_of_the_whole_earth() -> None:
    due = twice_due("*/5 9-17 * * *", "", NOON)
    assert due is not None
    assert late_from("*/5 9-17 * * *", "", NOON) == due[1] + AT_MOST_ELSEWHERE
    assert late_from("*/5 9-17 * * *", "UTC", NOON) == due[1] + LATE
    on_mondays = twice_due("*/30 * * * 1", "", NOON)
    assert on_mondays is not None
    assert late_from("*/30 * * * 1", "", NOON) == on_mondays[1] + AT_MOST_ELSEWHERE


@pytest.mark.parametrize(
    ("spec", "began", "level", "word"),
    [
        ({}, 60, Level.HEALTHY, "Running"),
        ({}, LONG + 60, Level.AT_RISK, "Runs very long"),
        ({"activeDeadlineSeconds": 999_999}, LONG + 60, Level.HEALTHY, "Running"),
    ],
)
def test_work_that_nothing_ends_is_said_after_a_day(
    spec: dict[str, Any], began: float, level: Level, word: str
) -> None:
    health = JOB.health(made(JOB, spec, active=1, startTime=ago(began)))
    assert (health.level, health.word) == (level, word)


def test_what_is_well_until_a_moment_is_looked_at_again_then(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(1, JOB)
    store.apply(Listed([made(JOB, {}, active=1, startTime=ago(60))]))
    store.look_again()
    assert store.health["u"].word == "Running"
    later = time.time() + LONG
    monkeypatch.setattr(time, "time", lambda: later)
    store.look_again()
    assert store.health["u"].word == "Runs very long"
