"""A deployment, judged: its rollout told as it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from clusters.kinds.base import Copy, Health, Level
from clusters.kinds.kubernetes.deployment import DEPLOYMENT, copies
from clusters.kinds.kubernetes.deployment_health import with_copies
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.kubernetes.roll_back import _target

RECORDED = Path(__file__).parents[1] / "recorded" / "kubernetes"


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(type_: str, status: str, reason: str = "", since: float = 600, message: str = "") -> dict[str, Any]:
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(since)}


COMPLETE = condition("Progressing", "True", "NewReplicaSetAvailable")
UPDATING = condition("Progressing", "True", "ReplicaSetUpdated", since=5)
SERVES = condition("Available", "True", "MinimumReplicasAvailable")


def made(
    ready: int = 4, updated: int = 4, total: int = 4, wanted: int = 4, conditions: Any = (COMPLETE, SERVES),
    changed: float = 600, spec: dict[str, Any] | None = None, **metadata: Any,
) -> Deployment:  # fmt: skip
    tree = {
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "d1", "generation": 3, "managedFields": [{"time": ago(changed)}]
        } | metadata,
        "spec": {"replicas": wanted, "template": {"spec": {"containers": [{"name": "web", "image": "shop/web:2"}]}}}
        | (spec or {}),
        "status": {
            "observedGeneration": 3, "replicas": total, "updatedReplicas": updated, "readyReplicas": ready,
            "availableReplicas": ready, "conditions": list(conditions),
        },
    }  # fmt: skip
    return msgspec.convert(tree, Deployment)


def judged(*counts: int, **more: Any) -> Health:
    return DEPLOYMENT.health(made(*counts, **more))


def down(since: float) -> dict[str, Any]:
    return condition("Available", "False", "MinimumReplicasUnavailable", since=since)


def test_all_copies_serve() -> None:
    assert judged() == Health(Level.HEALTHY, "Running")


def test_a_rollout_says_how_many_new_copies_are_ready() -> None:
    health = judged(4, 2, 5, conditions=[UPDATING, SERVES])
    assert (health.level, health.word) == (Level.CHANGING, "Updating")
    assert health.reason == "1 of 4 new copies are ready."
    assert judged(4, 4, 6, conditions=[UPDATING, SERVES]).reason == "2 of 4 new copies are ready."
    assert judged(5, 4, 5, conditions=[UPDATING, SERVES]).reason == "1 old copy still to end."


def test_the_last_step_of_a_rollout_is_no_fault() -> None:
    assert judged(3, 4, 4, conditions=[UPDATING, SERVES]).level is Level.CHANGING


def test_one_that_grows_or_is_new_starts_copies_and_replaces_none() -> None:
    grows = judged(2, 20, 20, 20, conditions=[UPDATING, SERVES])
    assert (grows.level, grows.word, grows.reason) == (Level.CHANGING, "Starting", "2 of 20 copies serve.")


def test_a_change_that_nobody_has_noticed_yet_is_said() -> None:
    assert judged(generation=4).reason == "Its change was not seen yet."


def test_a_rollout_that_was_given_up_says_what_still_serves() -> None:
    stuck = condition("Progressing", "False", "ProgressDeadlineExceeded")
    health = judged(4, 1, 5, conditions=[stuck, SERVES])
    assert (health.level, health.word, health.code) == (Level.FAILING, "Stuck", "ProgressDeadlineExceeded")
    assert health.reason == "Its new version is stuck: 0 of 4 new copies are ready. 4 copies still serve."
    assert judged(1, 1, 2, conditions=[stuck, SERVES]).reason.endswith("1 copy still serves.")
    assert judged(0, 1, 1, conditions=[stuck, down(600)]).reason.endswith("Nothing serves.")


def test_down_is_said_first_whatever_else_goes_on() -> None:
    assert (judged(0, conditions=[COMPLETE, down(300)]).level, judged(0, conditions=[COMPLETE, down(300)]).word) == (
        Level.FAILING, "Down")  # fmt: skip
    paused = judged(0, conditions=[COMPLETE, down(300)], spec={"paused": True})
    assert paused.word == "Down"
    assert "paused" in paused.reason
    assert judged(0, 2, 4, conditions=[UPDATING, down(300)]).word == "Down"


def test_fewer_copies_are_no_fault_until_their_time_is_over() -> None:
    assert judged(0, conditions=[COMPLETE, down(5)], changed=5).level is Level.CHANGING
    just_scaled = judged(3, conditions=[COMPLETE, SERVES], changed=3)
    assert (just_scaled.level, just_scaled.word) == (Level.CHANGING, "Starting")
    degraded = judged(3, conditions=[COMPLETE, SERVES])
    assert (degraded.level, degraded.word, degraded.reason) == (Level.AT_RISK, "Degraded", "3 of 4 copies serve.")


def test_copies_that_nobody_hears_of_are_lost_and_not_starting() -> None:
    one = made(3, conditions=[COMPLETE, SERVES], changed=3)
    up = Copy(cast(Any, None), Health(Level.HEALTHY, "Running"))
    lost = Copy(cast(Any, None), Health(Level.UNKNOWN, "Unknown", "Its node node-2 does not answer.", "Unknown"))
    alone = DEPLOYMENT.health(one)
    assert alone.word == "Starting"
    health = with_copies(one, alone, [up, up, up, lost])
    assert (health.level, health.word) == (Level.AT_RISK, "Degraded")
    assert health.reason == "3 of 4 copies serve. Its node node-2 does not answer."
    assert with_copies(one, alone, [lost]).level is Level.FAILING
    assert with_copies(one, alone, [up]) == alone


def test_paused_says_what_waits_and_what_serves() -> None:
    assert judged(spec={"paused": True}).level is Level.PAUSED
    assert "3 of 4" in judged(3, spec={"paused": True}).reason


def test_none_asked_for_is_stopped_and_never_failing() -> None:
    assert judged(0, 0, 0, 0).level is Level.STOPPED
    assert judged(2, 2, 2, 0).word == "Stopping"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('pods "web-1" is forbidden: exceeded quota: small', "used up what it may have"),
        ('pods "web-1" is forbidden: violates PodSecurity "restricted"', "security rules"),
        ('admission webhook "policy.example" denied the request', "A policy of the cluster says no"),
        ('failed calling webhook "policy.example": timeout', "does not answer"),
        ('error looking up service account: serviceaccount "robot" not found', "account it asks for"),
        ("maximum memory usage per Container is 1Gi", "than the namespace allows"),
        ("something new", "refuses to make its copies"),
    ],
)
def test_copies_that_cannot_be_made_say_who_forbids_it(message: str, words: str) -> None:
    failed = condition("ReplicaFailure", "True", "FailedCreate", message=message)
    health = judged(0, 0, 0, conditions=[failed, down(100)])
    assert (health.level, health.word) == (Level.FAILING, "Cannot make copies")
    assert words in health.reason
    assert message in health.reason


def test_pips_tell_ready_wanted_and_starting() -> None:
    assert copies(made()) == (4, 4, 0)
    assert copies(made(2, 3, 4, conditions=[UPDATING, SERVES])) == (2, 4, 2)
    assert copies(made(2)) == (2, 4, 0)


def test_going_back_is_refused_where_there_is_nothing_to_go_back_to() -> None:
    roll_back = DEPLOYMENT.action("roll-back")
    assert roll_back is not None
    assert roll_back.refuse is not None
    assert "first version" in roll_back.refuse(made())
    second = made(annotations={"deployment.kubernetes.io/revision": "2", "long": "x" * 10_000})
    assert roll_back.refuse(second) == ""
    assert second.revision == 2


def test_it_goes_back_to_the_version_that_still_serves_before_one_that_never_did() -> None:
    def version(number: int, ready: int = 0) -> dict[str, Any]:
        about = {"annotations": {"deployment.kubernetes.io/revision": str(number)}}
        return {"metadata": about, "status": {"readyReplicas": ready} if ready else {}}

    def back(*versions: dict[str, Any], wanted: str = "") -> str:
        found = _target(list(versions), made(), wanted)
        return str(found["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    assert back(version(5), version(4), version(3, ready=2), version(1)) == "3"
    assert back(version(5, ready=2), version(4), version(3)) == "4", "where none of them serves, the one before"
    assert back(version(5), version(4), version(3, ready=2), wanted="4") == "4"


def test_each_action_has_its_line_of_kubectl() -> None:
    lines = {
        action.verb: action.line(made(), {"copies": 5, "image": "web:2", "fewest": 1, "most": 8, "share": 80})
        for action in DEPLOYMENT.actions
        if action.line is not None
    }
    assert lines == {
        "scale": "kubectl scale deployment/web -n shop --replicas=5",
        "restart": "kubectl rollout restart deployment/web -n shop",
        "set-image": "kubectl set image deployment/web -n shop web=web:2",
        "roll-back": "kubectl rollout undo deployment/web -n shop",
        "pause": "kubectl rollout pause deployment/web -n shop",
        "resume": "kubectl rollout resume deployment/web -n shop",
        "delete": "kubectl delete deployment/web -n shop",
        "autoscale": "kubectl autoscale deployment/web -n shop --min=1 --max=8 --cpu=80%",
    }


def test_a_recorded_deployment_is_understood() -> None:
    one = msgspec.json.decode((RECORDED / "deployment.json").read_bytes(), type=Deployment)
    assert DEPLOYMENT.health(one).word == "Running"
    assert one.changed > 1.7e9
    for column in DEPLOYMENT.columns:
        column.value(one)
        if column.sort:
            column.sort(one)
