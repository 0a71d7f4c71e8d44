"""Batch job: an app that does one thing and ends; tried again when it fails, until it is given up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from clusters.kinds.base import Column, Copy, Health, Kind, Level
from clusters.kinds.columns import AGE, CPU, MEMORY, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.formats import count, span
from clusters.kinds.kubernetes import job_actions as actions
from clusters.kinds.kubernetes.base import condition, understood
from clusters.kinds.kubernetes.copies import judged_with
from clusters.kinds.kubernetes.job_model import Job
from clusters.kinds.kubernetes.layered import keeps_pods
from clusters.kinds.kubernetes.owners import owner
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.workload import Facts, overview_panel, ready_column
from clusters.kinds.panels import LAYERS, LOGS, TERMINAL
from clusters.kinds.workload import Workload

LONG = 24 * 3600.0  # seconds of work without an end or a limit after which it is worth a look
_GIVEN_UP = {
    "DeadlineExceeded": "It took longer than it may.",
    "PodFailurePolicy": "It ended in a way that its rules do not try again.",
    "FailedIndexes": "Some of its parts failed.",
    "MaxFailedIndexesExceeded": "More of its parts failed than may.",
}


def copies(one: Job) -> tuple[int, int, int]:
    """Ready, at work, starting."""
    ready = min(one.status.ready, one.status.active)
    return ready, one.status.active, one.status.active - ready


@understood
def health(one: Job) -> Health:
    """Done, given up, held, or how far it is."""
    status, spec = one.status, one.spec
    failed, suspended = condition(status.conditions, "Failed"), condition(status.conditions, "Suspended")
    if failed and failed.status == "True":
        tries = f"It gave up after {count(status.failed, 'try', 'tries')}."
        words = _GIVEN_UP.get(failed.reason, tries)
        return Health(Level.FAILING, "Failed", words, failed.reason, failed.since)
    if one.finished:
        return Health(Level.STOPPED, "Finished", f"It did its work and ended, after {span(one.lasted)}.")
    if spec.suspend:
        since = suspended.since if suspended else 0.0
        return Health(Level.PAUSED, "Suspended", "It waits until it is resumed.", "spec.suspend", since)
    if status.failed:
        left = max(0, spec.backoff_limit - status.failed + 1)
        words = f"{count(status.failed, 'try', 'tries')} failed; {left} more before it is given up."
        return Health(Level.AT_RISK, "Trying again", words, f"backoffLimit {spec.backoff_limit}")
    if not status.active:
        return Health(Level.CHANGING, "Starting", "Its copies are being made.", since=one.created)
    return _running(one)


def _running(one: Job) -> Health:
    """At work; what nothing ends and is at it for very long may hang."""
    if one.spec.active_deadline_seconds or not one.started:
        return Health(Level.HEALTHY, "Running")
    long = one.started + LONG
    if time.time() < long:
        return Health(Level.HEALTHY, "Running", until=long)
    words = f"It is at work for more than {span(LONG)} and has no time limit: its log says whether it still gets on."
    return Health(Level.AT_RISK, "Runs very long", words, "no activeDeadlineSeconds", one.started)


def with_copies(one: Job, alone: Health, pods: Sequence[Copy]) -> Health:
    """A copy that cannot start keeps it from its end."""
    if one.finished or one.failed or one.spec.suspend:
        return alone
    return judged_with(one, alone, pods, one.spec.parallelism)


def _facts(one: Job) -> Facts:
    spec, status = one.spec, one.status
    wanted = spec.completions
    done = f"{status.succeeded} of {wanted}" if wanted is not None else str(status.succeeded)
    return [
        ("Done", done),
        ("At work now", f"{status.active} of at most {spec.parallelism}"),
        ("Failed tries", f"{status.failed}; given up after {spec.backoff_limit + 1}"),
        *((("Time it may take", span(spec.active_deadline_seconds)),) if spec.active_deadline_seconds else ()),
        *((("Took", span(one.lasted)),) if one.lasted else ()),
        (
            "When it is over",
            "it stays until somebody deletes it"
            if spec.ttl_seconds_after_finished is None
            else f"it is removed after {span(spec.ttl_seconds_after_finished)}",
        ),
    ]


JOB: Kind[Job] = Kind(
    model=Job,
    api=actions.API,
    name="job",
    label="Batch job",
    plural="Batch jobs",
    icon="list-checks",
    group="Workloads",
    platform="kubernetes",
    words="An app that does one thing and ends: a migration, a report, an import.",
    health=health,
    always=True,
    columns=(
        name_column(lambda one: one.spec.template.image, "minmax(180px, 2.3fr)"),
        STATUS,
        NAMESPACE,
        ready_column(copies, "Copies at work."),
        Column(
            key="done",
            label="Done",
            value=lambda one: f"{one.status.succeeded} of {one.spec.completions or one.spec.parallelism}",
            sort=lambda one: one.status.succeeded,
            width="84px",
            end=True,
            words="Copies that did their work and ended.",
        ),
        Column(
            key="failed",
            label="Failed",
            cell="count_bad",
            value=lambda one: one.status.failed,
            sort=lambda one: one.status.failed,
            width="74px",
            end=True,
            words="Tries that failed.",
        ),
        Column(
            key="took",
            label="Took",
            value=lambda one: span(one.lasted) if one.lasted else None,
            sort=lambda one: one.lasted,
            width="74px",
            end=True,
        ),
        replace(CPU, hidden=True),
        replace(MEMORY, hidden=True),
        AGE,
    ),
    panels=(overview_panel(_facts), LAYERS, LOGS, TERMINAL, CONDITIONS, EVENTS, YAML),
    actions=(actions.RUN_AGAIN, actions.SUSPEND, actions.RESUME, actions.DELETE),
    search=lambda one: f"{one.spec.template.image}\0{labels_text(one)}",
    owner=owner,
    copies_of="pod",
    layers=keeps_pods("job"),
    with_copies=with_copies,
    workload=Workload(
        image=lambda one: one.spec.template.image,
        copies=copies,
        restarts=lambda one: None,
        counts=lambda one: one.controller is None,
    ),
)
