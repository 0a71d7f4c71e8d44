"""Pods that do not run yet: why not, in words, and for how long that is no trouble."""

from __future__ import annotations

import pytest

from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.placing import placing_words
from clusters.kinds.kubernetes.pod import POD
from tests.clusters.pods import ago, made, not_ready, status_of, waiting


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('failed to pull "x": manifest unknown', "no such image or tag"),
        ("docker.io/x:1: not found", "no such image or tag"),
        ("401 Unauthorized", "does not let the cluster in"),
        ("pull access denied", "does not let the cluster in"),
        ("toomanyrequests: rate limit", "given out enough"),
        ("dial tcp: i/o timeout", "cannot reach the registry"),
        ("lookup registry: no such host", "cannot reach the registry"),
        ("x509: certificate signed by unknown authority", "do not trust its registry: its certificate was issued"),
        ("unexpected status from HEAD request to https://r/v2/: 500 Internal Server Error", "a fault of its own"),
        ("no match for platform in manifest", "another kind of processor"),
        ("something quite new", "cannot be fetched"),
    ],
)
def test_an_image_that_cannot_be_fetched_says_why(message: str, words: str) -> None:
    health = waiting("ImagePullBackOff", message)
    assert (health.level, health.word, health.code) == (Level.FAILING, "No image", "ImagePullBackOff")
    assert words in health.reason
    assert "shop/web:1" in health.reason


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("ErrImagePull", "No image"), ("InvalidImageName", "No image"), ("ErrImageNeverPull", "No image"),
        ("ImageInspectError", "No image"), ("CreateContainerConfigError", "Setting missing"),
        ("CreateContainerError", "Cannot start"), ("RunContainerError", "Cannot start"),
        ("PostStartHookError", "Cannot start"), ("SomethingNew", "Waiting"),
    ],
)  # fmt: skip
def test_every_reason_to_wait_has_words_and_keeps_its_term(reason: str, word: str) -> None:
    health = waiting(reason, "the kubelet said so")
    assert (health.level, health.word, health.code) == (Level.FAILING, word, reason)
    assert health.reason


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("0/2 nodes are available: 2 Insufficient cpu.", "No node has enough free cpu"),
        ("0/2 nodes are available: 2 Insufficient memory. preemption: 0/2", "No node has enough free memory"),
        ("1 node(s) had untolerated taint {dedicated: gpu}", "reserved for other work"),
        ("1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }", "not well or closed to new work"),
        ("2 node(s) didn't match Pod's node affinity/selector", "carries the labels"),
        ("2 node(s) didn't match pod anti-affinity rules", "refuse to share"),
        ("node(s) didn't match pod topology spread constraints", "spread"),
        ("1 node(s) had volume node affinity conflict", "Its disk is in another place"),
        ("pod has unbound immediate PersistentVolumeClaims", "not ready"),
        ('persistentvolumeclaim "data" not found', "(data) does not exist"),
        ("node(s) exceed max volume count", "another disk"),
        ("node(s) didn't have free ports", "is taken"),
        (
            "0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {dedicated: gpu}. "
            "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
            "No node fits: 1 node has too little free memory and 2 nodes are reserved for other work.",
        ),
        (
            "0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 2 node(s) were unschedulable.",
            "1 node has too little free cpu, 1 node has too little free memory and 2 nodes are closed to new work.",
        ),
        ("0/2 nodes are available: 1 Insufficient cpu, 1 is odd.", "1 node has too little free cpu and 1 is odd."),
        ("a reason nobody knew", "a reason nobody knew"),
        ("", "No node fits it."),
    ],
)
def test_the_scheduler_is_translated(message: str, words: str) -> None:
    assert words in placing_words(message)


def unplaced(seconds: float, reason: str = "Unschedulable") -> Health:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": reason, "message": "2 Insufficient cpu."}
    conditions = [scheduled | {"lastTransitionTime": ago(seconds)}]
    return POD.health(made({"phase": "Pending", "conditions": conditions, "containerStatuses": None}, {"nodeName": ""}))


def test_what_has_no_place_is_changing_first_and_failing_then() -> None:
    assert unplaced(2).level is Level.CHANGING
    assert (unplaced(60).level, unplaced(60).code) == (Level.FAILING, "Unschedulable")
    assert (unplaced(60, "SchedulingGated").level, unplaced(60, "SchedulingGated").word) == (Level.PAUSED, "Held")


def starting(seconds: float, reason: str = "ContainerCreating") -> Health:
    status = {"phase": "Pending", "containerStatuses": [status_of(waiting={"reason": reason})], "conditions": None}
    return POD.health(made(status, metadata={"creationTimestamp": ago(seconds)}))


def test_one_that_just_starts_is_changing_and_a_large_image_has_its_time() -> None:
    assert starting(5).level is Level.CHANGING
    assert starting(280).level is Level.CHANGING
    assert starting(400).level is Level.AT_RISK


def test_one_that_runs_and_takes_no_work_is_at_risk_after_two_minutes() -> None:
    assert not_ready(20).level is Level.CHANGING
    assert (not_ready(200).level, not_ready(200).word) == (Level.AT_RISK, "Not ready")
    assert "approve" in not_ready(200, reason="ReadinessGatesNotReady").reason


def test_set_up_steps_hold_it_up_and_sidecars_do_not() -> None:
    steps = {
        "initContainers": [
            {"name": "migrate", "image": "m"},
            {"name": "proxy", "image": "p", "restartPolicy": "Always"},
        ]
    }
    at_work = {"phase": "Pending", "initContainerStatuses": [status_of("migrate", running={})], "conditions": None}
    young = {"creationTimestamp": ago(20)}
    assert POD.health(made(at_work, steps, young)).word == "Setting up"
    assert POD.health(made(at_work, steps)).level is Level.AT_RISK
    crash = status_of("migrate", waiting={"reason": "CrashLoopBackOff"}, last={"exitCode": 1})
    failing = POD.health(made(at_work | {"initContainerStatuses": [crash]}, steps, young))
    assert failing.level is Level.FAILING
    assert "set-up step (migrate)" in failing.reason
    done = status_of("migrate", terminated={"exitCode": 0, "reason": "Completed"})
    sidecar = status_of("proxy", running={"startedAt": ago(100)})
    well = made({"initContainerStatuses": [done, sidecar]}, steps)
    assert POD.health(well).level is Level.HEALTHY
    assert (well.ready, len(well.containers)) == (2, 2)


def test_its_own_check_is_named_at_once_and_a_risk_after_a_minute() -> None:
    def held_back(seconds: float) -> Health:
        unready = {
            "type": "Ready",
            "status": "False",
            "reason": "ContainersNotReady",
            "lastTransitionTime": ago(seconds),
        }
        up = status_of(running={"startedAt": ago(seconds)}) | {"ready": False}
        return POD.health(made({"conditions": [unready], "containerStatuses": [up]}))

    assert held_back(2).level is Level.CHANGING
    assert held_back(2).reason == "It runs, and does not take work. Its own check does not let it yet."
    assert (held_back(65).level, held_back(65).word) == (Level.AT_RISK, "Not ready")


def test_the_claim_that_is_waited_for_is_named() -> None:
    message = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert placing_words(message) == "The disk it needs is not ready."
    assert placing_words(message, ["data"]) == "A disk it needs is not ready: claim data says why."
