"""What can be done to a cron job: run now, suspend, resume, delete."""

from __future__ import annotations

import shlex

from clusters.drivers.base import Call, Driver
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import Action
from clusters.kinds.kubernetes.base import collection, read_same
from clusters.kinds.kubernetes.cron_job_model import CronJob
from clusters.kinds.kubernetes.deleting import ENDING, deleting
from clusters.kinds.kubernetes.job_actions import API as JOBS
from clusters.kinds.kubernetes.job_actions import new_name
from clusters.kinds.kubernetes.suspending import suspend_line, suspended, undone_by
from clusters.kinds.permission import CHANGES, Permission

API, NOUN = "batch/v1/cronjobs", "cronjob"


async def _run_now(driver: Driver, one: CronJob, values: Values) -> str:
    """Make a job of its template, as ``kubectl create job --from`` does it."""
    tree = await read_same(driver, API, one)
    template = tree["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": one.name, "uid": one.uid, "controller": True}
    name = new_name(one.name)
    body = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": meta.get("labels") or {},
            "annotations": {**(meta.get("annotations") or {}), "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [owner],
        },
        "spec": template["spec"],
    }
    await driver.call(Call("POST", collection(JOBS, one.namespace), {"fieldManager": "pilothouse"}, body))
    return f"{name} is started"


def _line_of_now(one: CronJob, values: Values) -> str:
    words = ["kubectl", "create", "job", f"{one.name}-now", f"--from=cronjob/{one.name}", "-n", one.namespace]
    return shlex.join(words)


RUN_NOW: Action[CronJob] = Action(
    verb="run-now",
    label="Run now",
    icon="play",
    permissions=(Permission("get"), Permission("create", api=JOBS)),
    run=_run_now,
    effect=lambda one: f"Starts a batch job of {one.name} now, beside those by the clock.",
    stays=lambda one: "When it is due next does not change.",
    refuse=lambda one: ENDING if one.metadata.deletion_timestamp else "",
    line=_line_of_now,
)
SUSPEND: Action[CronJob] = Action(
    verb="suspend",
    label="Suspend",
    icon="circle-pause",
    permissions=CHANGES,
    run=one_call(suspended(API, True), "{name} is switched off"),
    confirm=False,
    effect=lambda one: f"{one.name} starts nothing by itself any longer; what works now goes on.",
    refuse=lambda one: "It is suspended already." if one.spec.suspend else "",
    undo=undone_by("resume"),
    line=suspend_line(NOUN, True),
)
RESUME: Action[CronJob] = Action(
    verb="resume",
    label="Resume",
    icon="circle-play",
    permissions=CHANGES,
    run=one_call(suspended(API, False), "{name} is switched on"),
    confirm=False,
    effect=lambda one: f"{one.name} runs by the clock again; what it missed may be made up for once.",
    refuse=lambda one: "" if one.spec.suspend else "It is not suspended.",
    undo=undone_by("suspend"),
    line=suspend_line(NOUN, False),
)
DELETE: Action[CronJob] = deleting(
    API,
    NOUN,
    effect=lambda one: f"Deletes {one.name} with its batch jobs, their copies and lines; what works now is ended.",
    stays=lambda one: "What its jobs wrote elsewhere stays, and so do settings, secrets and disks.",
)
