"""A pod that is plainly well is told at a glance, and no other is taken for one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from clusters.drivers.kubernetes import decode
from clusters.kinds.kubernetes.pod_health import WELL, health, judged
from clusters.kinds.kubernetes.pod_model import Pod
from tests.clusters.fake_api import pod

THEN = "2026-01-01T00:00:00Z"
ENDED = {"terminated": {"exitCode": 1, "finishedAt": THEN}}
STATES: Any = st.sampled_from(
    [{"running": {"startedAt": THEN}}, {"waiting": {"reason": "CrashLoopBackOff"}}, ENDED, {}]
)
CONTAINERS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["main", "other"]),
        "ready": st.booleans(),
        "restartCount": st.sampled_from([0, 1, 9]),
        "state": STATES,
        "lastState": st.sampled_from([{}, ENDED]),
    }
)
CONDITIONS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Ready", "ContainersReady", "PodScheduled", "Initialized"]),
        "status": st.sampled_from(["True", "False", "Unknown"]),
        "reason": st.sampled_from(["", "ReadinessGatesNotReady"]),
    }
)
STATUSES = st.fixed_dictionaries(
    {
        "phase": st.sampled_from(["Running", "Running", "Pending", "Failed", "Succeeded", "Unknown"]),
        "reason": st.sampled_from(["", "", "Evicted", "NodeLost"]),
        "conditions": st.none() | st.lists(CONDITIONS, max_size=4),
        "containerStatuses": st.none() | st.lists(CONTAINERS, max_size=2),
        "initContainerStatuses": st.none() | st.lists(CONTAINERS, max_size=1),
    }
)


def read(status: dict[str, Any], deleted: str | None = None) -> Pod:
    tree = pod("web", 1, status=status)
    tree["metadata"]["deletionTimestamp"] = deleted
    found = decode.resource(msgspec.Raw(json.dumps(tree).encode()), Pod)
    assert isinstance(found, Pod)
    return found


@given(STATUSES, st.sampled_from([None, None, THEN]))
def test_what_is_told_at_a_glance_is_what_a_closer_look_says(status: dict[str, Any], deleted: str | None) -> None:
    one = read(status, deleted)
    assert health(one) == judged(one)


def test_a_pod_that_runs_and_is_ready_is_well() -> None:
    running = {"name": "main", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": THEN}}}
    ready = {"type": "Ready", "status": "True"}
    assert health(read({"phase": "Running", "conditions": [ready], "containerStatuses": [running]})) is WELL
