"""Cron job: a batch job that is run again and again, by the clock."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.formats import count
from clusters.kinds.join import Join
from clusters.kinds.kubernetes import cron_job_actions as actions
from clusters.kinds.kubernetes.base import understood
from clusters.kinds.kubernetes.cron_job_model import CronJob, Run
from clusters.kinds.kubernetes.due import late_from
from clusters.kinds.kubernetes.job import JOB
from clusters.kinds.kubernetes.layered import keeps_pods
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.schedules import schedule_words
from clusters.kinds.kubernetes.workload import Facts, Rows, overview_panel
from clusters.kinds.panels import LAYERS, LOGS
from clusters.kinds.workload import Workload

SOONEST = 10  # seconds between two looks of the cluster's controller
GRACE = 30.0  # seconds after a start in which its end need not be known


@understood
def health(one: CronJob) -> Health:
    """Whether it is on, at work, and did its work the last time."""
    if one.spec.suspend:
        return Health(Level.PAUSED, "Suspended", "It is switched off: it starts nothing by itself.", "spec.suspend")
    if one.running:
        return _at_work(one)
    since = max(one.started or one.created, one.resumed)  # what it was suspended for it did not miss
    late = late_from(one.spec.schedule, one.spec.time_zone, since)
    if late and late <= time.time() and _misses_count(one):
        return _missed(one, late)
    good = Health(Level.HEALTHY, "Scheduled", until=late)
    if one.last:
        words = f"Its last run failed. {one.last.reason}"
        return good if one.last.good else Health(Level.AT_RISK, "Last run failed", words, one.last.code, one.last.at)
    if not one.started or one.succeeded >= one.started:
        return good
    if time.time() - one.started < GRACE:
        return Health(Level.CHANGING, "Started", "How it went is not known yet.", since=one.started)
    words = "Its last run did not succeed." if one.succeeded else "It has not succeeded yet."
    return Health(Level.AT_RISK, "Last run failed", words, "lastSuccessfulTime", one.started)


def _at_work(one: CronJob) -> Health:
    """One whose runs take long, or fail slowly, is always at work: how the last one ended counts all the same."""
    if one.last is None or one.last.good:
        return Health(Level.HEALTHY, "Running", "", count(one.running, "job"), one.started)
    words = f"It is at work, but the last run that ended failed. {one.last.reason}"
    return Health(Level.AT_RISK, "Last run failed", words, one.last.code, one.last.at)


def _misses_count(one: CronJob) -> bool:
    """Is a time it missed a fault? Where nobody noted whether it was suspended until now, what may not be made up for
    later was perhaps rightly missed."""
    deadline = one.spec.starting_deadline_seconds
    return deadline is None or deadline < SOONEST or one.resumed > 0


def _missed(one: CronJob, late: float) -> Health:
    """It was due twice since it last ran, and nothing started it."""
    deadline = one.spec.starting_deadline_seconds
    words = "It was due twice since it last ran, and was not started: is the cluster's controller of cron jobs at work?"
    if deadline is not None and deadline < SOONEST:
        words = (
            f"It was due twice since it last ran, and was not started: it may start no later than {deadline} s after "
            f"its time, and the cluster looks every {SOONEST} s."
        )
    return Health(Level.AT_RISK, "Missed its time", words, "lastScheduleTime", late)


def join(own: Sequence[CronJob], others: Mapping[str, Sequence[Any]]) -> Sequence[CronJob]:
    """Each cron job with how its last run ended: its own status does not say that one failed."""
    runs: dict[str, list[Any]] = defaultdict(list)
    for job in others.get("job", ()):
        if job.controller and (job.finished or job.failed):
            runs[job.controller.uid].append(job)

    def told(one: CronJob) -> CronJob:
        mine = runs.get(one.uid)
        if not mine:
            return one
        newest = max(mine, key=lambda job: (job.created, job.name))
        state = JOB.health(newest)
        return structs.replace(one, last=Run(newest.finished, state.reason, state.code, state.since))

    return [told(one) for one in own]


_OVERLAP = {
    "Allow": "both run",
    "Forbid": "the next one is left out",
    "Replace": "the one that still runs is ended",
}


def _facts(one: CronJob) -> Facts:
    zone = f" ({one.spec.time_zone})" if one.spec.time_zone else " (the cluster's own time)"
    return [
        ("When", f"{schedule_words(one.spec.schedule)}{zone}"),
        ("As cron writes it", one.spec.schedule),
        ("If one still runs then", _OVERLAP.get(one.spec.concurrency_policy, one.spec.concurrency_policy)),
        ("Image", one.image or "–"),
    ]


def _runs(jobs: Iterable[Any]) -> Rows:
    """Its jobs, the newest first."""
    found = []
    for one in sorted(jobs, key=lambda one: (-one.created, one.name)):
        state = JOB.health(one)
        found.append(
            {
                "kind": "job",
                "key": JOB.key(one),
                "name": one.name,
                "created": one.created,
                "status": [state.level.name.lower(), state.word, state.reason, state.code],
            }
        )
    return found


CRON_JOB: Kind[CronJob] = Kind(
    model=CronJob,
    api=actions.API,
    name="cron-job",
    label="Cron job",
    plural="Cron jobs",
    icon="calendar-clock",
    group="Workloads",
    platform="kubernetes",
    words="A batch job that is run again and again, by the clock.",
    health=health,
    join=Join(kinds=("job",), make=join, without=frozenset({"job"})),
    always=True,
    columns=(
        name_column(lambda one: one.image, "minmax(180px, 2.3fr)"),
        STATUS,
        NAMESPACE,
        Column(
            key="schedule",
            label="When",
            value=lambda one: schedule_words(one.spec.schedule),
            sort=lambda one: one.spec.schedule,
            width="minmax(140px, 1.2fr)",
        ),
        Column(
            key="active",
            label="At work",
            cell="number",
            value=lambda one: one.running or None,
            sort=lambda one: one.running,
            width="80px",
            end=True,
        ),
        Column(
            key="started",
            label="Last run",
            cell="age",
            value=lambda one: one.started or None,
            sort=lambda one: -one.started,
            width="80px",
            end=True,
        ),
        Column(
            key="succeeded",
            label="Last good",
            cell="age",
            value=lambda one: one.succeeded or None,
            sort=lambda one: -one.succeeded,
            width="84px",
            end=True,
            words="How long ago it last did its work.",
        ),
        AGE,
    ),
    panels=(overview_panel(_facts, below="job", rows=_runs), LAYERS, LOGS, EVENTS, YAML),
    actions=(actions.RUN_NOW, actions.SUSPEND, actions.RESUME, actions.DELETE),
    search=lambda one: f"{one.image}\0{one.spec.schedule}\0{labels_text(one)}",
    copies_of="pod",
    layers=keeps_pods("cron-job"),
    workload=Workload(
        image=lambda one: one.image,
        copies=lambda one: (one.running, one.running, 0),
        restarts=lambda one: None,
    ),
)
