"""Stateful sets, daemon sets, batch jobs and cron jobs, judged; and when cron's way to write is put into words."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Copy, Health, Kind, Level
from clusters.kinds.kubernetes.cron_job import CRON_JOB
from clusters.kinds.kubernetes.daemon_set import DAEMON_SET
from clusters.kinds.kubernetes.job import JOB
from clusters.kinds.kubernetes.job_actions import made_again, new_name
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.schedules import schedule_words
from clusters.kinds.kubernetes.stateful_set import STATEFUL_SET


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def made(kind: Kind[Any], spec: dict[str, Any], status: dict[str, Any], **metadata: Any) -> Any:
    meta = {"name": "it", "namespace": "shop", "uid": "u1", "generation": 1, "creationTimestamp": ago(900)}
    return msgspec.convert({"metadata": meta | metadata, "spec": spec, "status": status}, kind.model)


def judged(kind: Kind[Any], spec: dict[str, Any], status: dict[str, Any], **metadata: Any) -> Health:
    return kind.health(made(kind, spec, {"observedGeneration": 1} | status, **metadata))


def holds(type_: str, reason: str = "") -> list[dict[str, Any]]:
    return [{"type": type_, "status": "True", "reason": reason, "lastTransitionTime": ago(60)}]


CRASHING = Copy(
    msgspec.convert({"metadata": {"uid": "p"}, "status": {"phase": "Running"}}, Pod),
    Health(Level.FAILING, "Crashing", "It stops again and again.", "CrashLoopBackOff"),
)


@pytest.mark.parametrize(
    ("spec", "status", "level", "word"),
    [
        ({"replicas": 3}, {"replicas": 3, "readyReplicas": 3}, Level.HEALTHY, "Running"),
        ({"replicas": 3}, {"replicas": 2, "readyReplicas": 1}, Level.AT_RISK, "Degraded"),
        ({"replicas": 3}, {"replicas": 1}, Level.FAILING, "Down"),
        ({"replicas": 0}, {}, Level.STOPPED, "Stopped"),
        (
            {"replicas": 3},
            {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
            Level.CHANGING,
            "Updating",
        ),
        (
            {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
            {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
            Level.HEALTHY,
            "Running",
        ),
    ],
)
def test_a_stateful_set_is_as_its_copies_are(spec: Any, status: Any, level: Level, word: str) -> None:
    health = judged(STATEFUL_SET, spec, status)
    assert (health.level, health.word) == (level, word)


def test_a_copy_that_does_not_get_ready_holds_up_those_after_it() -> None:
    one = made(STATEFUL_SET, {"replicas": 3}, {"observedGeneration": 1, "replicas": 1})
    assert STATEFUL_SET.with_copies is not None
    health = STATEFUL_SET.with_copies(one, Health(Level.CHANGING, "Starting"), [CRASHING])
    assert health.level is Level.FAILING
    assert health.reason.endswith("2 copies wait for it: they start one after the other.")


def test_deleting_a_stateful_set_says_what_becomes_of_its_disks() -> None:
    spec = {"replicas": 2, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    delete = STATEFUL_SET.action("delete")
    assert delete is not None
    assert delete.stays is not None
    kept = made(STATEFUL_SET, spec, {})
    assert delete.effect(kept) == "Deletes it with its 2 copies."
    assert delete.stays(kept).startswith("Its disks (claims) stay")
    lost = made(STATEFUL_SET, spec | {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}, {})
    assert delete.effect(lost) == "Deletes it with its 2 copies and their disks, with all data."


def test_scaling_a_stateful_set_says_when_disks_go_with_the_copies() -> None:
    spec = {"replicas": 2, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    scale = STATEFUL_SET.action("scale")
    assert scale is not None
    assert scale.stays is not None
    assert scale.stays(made(STATEFUL_SET, spec, {})).endswith("and the disks of the copies that end.")
    lost = made(STATEFUL_SET, spec | {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}, {})
    assert scale.stays(lost).startswith("The disks of copies that end are deleted with them, with all data.")


@pytest.mark.parametrize(
    ("status", "level", "word"),
    [
        ({"desiredNumberScheduled": 3, "numberReady": 3, "updatedNumberScheduled": 3}, Level.HEALTHY, "Running"),
        ({"desiredNumberScheduled": 3, "numberReady": 2, "updatedNumberScheduled": 3}, Level.AT_RISK, "Degraded"),
        ({"desiredNumberScheduled": 3, "numberReady": 0, "updatedNumberScheduled": 3}, Level.FAILING, "Down"),
        ({"desiredNumberScheduled": 3, "numberReady": 3, "updatedNumberScheduled": 1}, Level.CHANGING, "Updating"),
        ({}, Level.STOPPED, "Nowhere"),
    ],
)
def test_a_daemon_set_runs_wherever_it_should_or_not(status: Any, level: Level, word: str) -> None:
    health = judged(DAEMON_SET, {}, status)
    assert (health.level, health.word) == (level, word)


@pytest.mark.parametrize(
    ("spec", "status", "level", "reason"),
    [
        ({}, {"active": 1, "ready": 1}, Level.HEALTHY, ""),
        ({}, {}, Level.CHANGING, "Its copies are being made."),
        ({"suspend": True}, {}, Level.PAUSED, "It waits until it is resumed."),
        (
            {"backoffLimit": 2},
            {"active": 1, "failed": 1},
            Level.AT_RISK,
            "1 try failed; 2 more before it is given up.",
        ),
        (
            {},
            {"failed": 3, "conditions": holds("Failed", "BackoffLimitExceeded")},
            Level.FAILING,
            "It gave up after 3 tries.",
        ),
        ({}, {"conditions": holds("Failed", "DeadlineExceeded")}, Level.FAILING, "It took longer than it may."),
        (
            {},
            {"conditions": holds("Complete"), "startTime": ago(70), "completionTime": ago(10)},
            Level.STOPPED,
            "It did its work and ended, after 1 min.",
        ),
    ],
)
def test_a_batch_job_says_how_far_it_is(spec: Any, status: Any, level: Level, reason: str) -> None:
    health = judged(JOB, spec, status)
    assert (health.level, health.reason) == (level, reason)


def test_a_copy_that_cannot_start_is_said_of_its_job_unless_that_is_over() -> None:
    assert JOB.with_copies is not None
    alone = Health(Level.CHANGING, "Starting")
    assert JOB.with_copies(made(JOB, {}, {"active": 1}), alone, [CRASHING]).level is Level.FAILING
    assert JOB.with_copies(made(JOB, {}, {"conditions": holds("Complete")}), alone, [CRASHING]) == alone


def test_a_job_is_made_again_without_what_the_cluster_wrote_into_it() -> None:
    old: dict[str, Any] = {
        "metadata": {"name": "it", "uid": "u1", "labels": {"app": "it", "job-name": "it"}, "resourceVersion": "5"},
        "spec": {
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u1"}},
            "suspend": True,
            "template": {"metadata": {"labels": {"app": "it", "controller-uid": "u1"}}, "spec": {"containers": []}},
        },
    }
    new = made_again(old, "it-2")
    assert new["metadata"] == {"name": "it-2", "labels": {"app": "it"}}
    assert new["spec"] == {
        "template": {"metadata": {"labels": {"app": "it"}, "annotations": {}}, "spec": {"containers": []}}
    }
    assert "selector" in old["spec"]


def test_the_name_of_a_new_job_fits_into_a_label() -> None:
    assert len(new_name("a" * 70)) <= 63
    assert new_name("report") != new_name("report")


@pytest.mark.parametrize(
    ("status", "spec", "word"),
    [
        ({}, {}, "Scheduled"),
        ({}, {"suspend": True}, "Suspended"),
        ({"active": [{"name": "a"}], "lastScheduleTime": 90}, {}, "Running"),
        ({"lastScheduleTime": 90, "lastSuccessfulTime": 60}, {}, "Scheduled"),
        ({"lastScheduleTime": 90, "lastSuccessfulTime": 9000}, {}, "Last run failed"),
        ({"lastScheduleTime": 90}, {}, "Last run failed"),
        ({"lastScheduleTime": 2}, {}, "Started"),
    ],
)
def test_a_cron_job_did_its_work_the_last_time_or_not(status: Any, spec: Any, word: str) -> None:
    now = {key: ago(value) if isinstance(value, int) else value for key, value in status.items()}
    assert judged(CRON_JOB, spec, now).word == word


def test_a_cron_job_knows_from_its_jobs_how_the_last_one_ended() -> None:
    def run(name: str, age: float, **status: Any) -> Any:
        owner = {"kind": "CronJob", "name": "it", "uid": "u1", "controller": True}
        return made(JOB, {}, status, name=name, uid=name, ownerReferences=[owner], creationTimestamp=ago(age))

    good = {"conditions": holds("Complete"), "startTime": ago(70), "completionTime": ago(60)}
    bad = {"failed": 1, "conditions": holds("Failed", "BackoffLimitExceeded")}
    cron = made(CRON_JOB, {}, {"lastScheduleTime": ago(5)})
    assert CRON_JOB.join
    failed = CRON_JOB.join.make([cron], {"job": [run("a", 300, **good), run("b", 5, **bad), run("c", 1, active=1)]})[0]
    health = CRON_JOB.health(failed)
    assert (health.word, health.reason) == ("Last run failed", "Its last run failed. It gave up after 1 try.")
    well = CRON_JOB.join.make([cron], {"job": [run("a", 300, **bad), run("b", 5, **good)]})[0]
    assert CRON_JOB.health(well).word == "Scheduled"
    assert well.version != failed.version != cron.version
    busy = made(CRON_JOB, {}, {"lastScheduleTime": ago(5), "active": [{"name": "c"}, {"name": "d"}]})
    slow = CRON_JOB.health(CRON_JOB.join.make([busy], {"job": [run("b", 60, **bad), run("d", 1, active=1)]})[0])
    assert (slow.level, slow.word) == (Level.AT_RISK, "Last run failed")
    assert slow.reason == "It is at work, but the last run that ended failed. It gave up after 1 try."
    assert CRON_JOB.health(CRON_JOB.join.make([busy], {"job": [run("a", 300, **good)]})[0]).word == "Running"


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("30 2 * * *", "every day at 02:30"),
        ("*/5 * * * *", "every 5 minutes"),
        ("* * * * *", "every minute"),
        ("15 * * * *", "every hour at :15"),
        ("0 */6 * * *", "every 6 hours at :00"),
        ("0 9 * * 1-5", "on weekdays at 09:00"),
        ("0 4 * * sun", "every Sunday at 04:00"),
        ("0 0 1 * *", "on day 1 of every month at 00:00"),
        ("@daily", "every day at 00:00"),
        ("1,2 3 * * *", "1,2 3 * * *"),
        ("* * 1 2 3", "* * 1 2 3"),
        ("nonsense", "nonsense"),
    ],
)
def test_when_is_said_in_words_where_that_is_simple(schedule: str, words: str) -> None:
    assert schedule_words(schedule) == words
