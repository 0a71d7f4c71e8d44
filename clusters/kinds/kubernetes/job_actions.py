"""What can be done to a batch job: run again, suspend, resume, delete."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import Action
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import collection, read_same
from clusters.kinds.kubernetes.deleting import ENDING, deleting
from clusters.kinds.kubernetes.job_model import Job
from clusters.kinds.kubernetes.suspending import suspend_line, suspended, undone_by
from clusters.kinds.permission import CHANGES, Permission

API, NOUN = "batch/v1/jobs", "job"
LONGEST_NAME = 63 - 6  # a job's name becomes a label of its pods; the end is chosen by chance
_OF_THE_OLD = {
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
}


def new_name(base: str) -> str:
    """A name that no other job has."""
    return f"{base[:LONGEST_NAME].rstrip('-.')}-{secrets.token_hex(2)}{secrets.choice('bcdfghj')}"


def made_again(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A new job that does what this one did: all that the cluster wrote into the old one is left out."""
    meta, spec = tree["metadata"], copy.deepcopy(tree["spec"])
    spec.pop("selector", None)
    spec.pop("manualSelector", None)
    spec.pop("suspend", None)
    labels = spec["template"].setdefault("metadata", {}).get("labels") or {}
    spec["template"]["metadata"] = {
        "labels": _without_old(labels),
        "annotations": spec["template"]["metadata"].get("annotations") or {},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": _without_old(meta.get("labels") or {})},
        "spec": spec,
    }


def _without_old(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key not in _OF_THE_OLD}


async def _run_again(driver: Driver, one: Job, values: Values) -> str:
    tree = await read_same(driver, API, one)
    name = new_name(one.name)
    body = made_again(tree, name)
    await driver.call(Call("POST", collection(API, one.namespace), {"fieldManager": "pilothouse"}, body))
    return f"{name} does the same work again"


def _suspended(one: Job) -> str:
    if one.status.active:
        copies = count(one.status.active, "copy", "copies")
        return f"Ends {copies} of {one.name} that work now; it begins anew with them when it is resumed."
    return f"{one.name} does not start any copies until it is resumed."


def _not_suspended(one: Job) -> str:
    if one.finished or one.failed:
        return "It is over."
    return "It is suspended already." if one.spec.suspend else ""


RUN_AGAIN: Action[Job] = Action(
    verb="run-again",
    label="Run again",
    icon="rotate-cw",
    permissions=(Permission("get"), Permission("create", api=API)),
    run=_run_again,
    effect=lambda one: f"Makes a new batch job that does what {one.name} does.",
    stays=lambda one: f"{one.name} stays as it is, with its lines.",
    refuse=lambda one: ENDING if one.metadata.deletion_timestamp else "",
)
SUSPEND: Action[Job] = Action(
    verb="suspend",
    label="Suspend",
    icon="circle-pause",
    permissions=CHANGES,
    run=one_call(suspended(API, True), "{name} is suspended"),
    effect=_suspended,
    refuse=_not_suspended,
    stays=lambda one: "What it has done already stays.",
    undo=undone_by("resume"),
    line=suspend_line(NOUN, True),
)
RESUME: Action[Job] = Action(
    verb="resume",
    label="Resume",
    icon="circle-play",
    permissions=CHANGES,
    run=one_call(suspended(API, False), "{name} goes on"),
    confirm=False,
    effect=lambda one: f"{one.name} starts its copies.",
    refuse=lambda one: "" if one.spec.suspend else "It is not suspended.",
    undo=undone_by("suspend"),
    line=suspend_line(NOUN, False),
)
DELETE: Action[Job] = deleting(
    API,
    NOUN,
    effect=lambda one: f"Deletes {one.name} with its copies and their lines; what works now is ended.",
    stays=lambda one: "What it wrote elsewhere stays, and so do settings, secrets and disks.",
)
