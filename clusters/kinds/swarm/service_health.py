"""How a service is: what does not come up is said first, with the reason of the copies that failed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.kinds.base import Copy, Health, Level
from clusters.kinds.formats import count
from clusters.kinds.swarm import task_health, task_words
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.task_model import Task

RECENT = 180.0  # seconds in which a failure counts
SETTLED = 30.0  # seconds that a copy must be up after a failure in its slot before anybody believes it
LOOP = 2  # failures in one slot from which on it is more than bad luck
HALTED = ("Update paused", "Rollback paused")
PATIENCE = 300.0  # seconds that a copy may need for its image

UPDATE_WORDS = {
    "updating": "Copies are replaced by new ones.",
    "paused": "Its update stopped, because a new copy failed. No more copies are replaced.",
    "completed": "Every copy is new.",
    "rollback_started": "Its copies go back to what they were before.",
    "rollback_paused": "Going back stopped as well, because a copy failed.",
    "rollback_completed": "It is back to what it was before its last update.",
}


def health(one: Service) -> Health:
    """By its own word alone; its copies say more (``with_copies``)."""
    state, began = one.update_state, one.update_began
    held = Level.AT_RISK if one.running or not one.desired else Level.FAILING
    if one.is_job:
        return _job(one)
    if state == "paused":
        return Health(held, "Update paused", UPDATE_WORDS[state], state, began)
    if state == "rollback_paused":
        return Health(held, "Rollback paused", UPDATE_WORDS[state], state, began)
    if not one.desired:
        none = "No copies were asked for." if one.replicas is not None else "No node fits it."
        return Health(Level.STOPPED, "Stopped", none)
    if state in ("updating", "rollback_started"):
        word = "Updating" if state == "updating" else "Rolling back"
        return Health(Level.CHANGING, word, _few(one), state, began)
    if one.running < one.desired:
        return Health(Level.CHANGING, "Starting", _few(one), since=one.changed)
    return Health(Level.HEALTHY, "Running", "", f"{one.running} of {one.desired}")


def with_copies(one: Service, alone: Health, copies: Sequence[Copy]) -> Health:
    """What its copies say weighs more: one that fails again and again is up now and then, and then all looks well."""
    tasks: list[Task] = [copy.resource for copy in copies]
    ended = _ended_for_good(one, tasks)
    if not one.desired and not one.is_job and not ended:
        return alone
    now = time.time()
    current = [task for task in tasks if task.wanted or one.is_new(task)]  # how another version ended is of no account
    trouble = _trouble(current, now, [task for task in ended if task.failed])
    if trouble is None and alone.word in HALTED:  # why it stopped is as true when the old copies serve on for long
        trouble = _trouble((), now, [task for task in tasks if task.failed and one.is_new(task)])
    if trouble:
        return _failing(one, alone, current, trouble, now)
    if ended and alone.word in ("Starting", "Stopped"):
        return _finished(one, ended)
    if alone.word in ("Updating", "Rolling back"):
        return Health(alone.level, alone.word, f"{progress(one, tasks)}.", alone.code, alone.since)
    slow = [task for task in tasks if task.wanted and not task.running and not task.failed and task.created]
    since = min((task.created for task in slow), default=now)
    if slow and now - since > PATIENCE and alone.level is Level.CHANGING:
        words = f"{_few(one)} {count(len(slow), 'copy is', 'copies are')} being prepared for long."
        return Health(Level.AT_RISK, "Stuck", words, slow[0].status.state, since)
    return alone


def _ended_for_good(one: Service, tasks: Sequence[Task]) -> list[Task]:
    """Of each slot that lacks a copy and in which none is to come: its last task, if that ended by itself."""
    if one.is_job or one.replicas == 0:
        return []
    slots = _by_slot(tasks).values()
    empty = [of_slot for of_slot in slots if not any(task.wanted for task in of_slot)]
    # Of a service with one copy on each node, the Swarm counts only those copies that are to run.
    each = one.replicas is None and not one.desired
    lacking = len(empty) if each else max(0, one.desired - (len(slots) - len(empty)))
    last = [max(of_slot, key=lambda task: (task.created, task.at, task.uid)) for of_slot in empty]
    last.sort(key=lambda task: (-task.at, task.uid))
    return [task for task in last[:lacking] if task.failed or task.status.state == "complete"]


def _finished(one: Service, ended: Sequence[Task]) -> Health:
    since, words = ended[0].at, count(len(ended), "copy", "copies")
    if one.running:
        return Health(Level.HEALTHY, "Running", f"{words} did the work and ended.", since=since)
    return Health(Level.STOPPED, "Finished", "It did its work and ended.", "complete", since)


def progress(one: Service, tasks: Sequence[Task]) -> str:
    """ "2 of 5 copies are new"."""
    new = sum(task.wanted and task.running and one.is_new(task) for task in tasks)
    return f"{new} of {count(one.desired, 'copy is', 'copies are')} new"


def _few(one: Service) -> str:
    return f"{one.running} of {count(one.desired, 'copy', 'copies')} {'run' if one.desired != 1 else 'runs'}."


def _job(one: Service) -> Health:
    job = one.spec.mode.replicated_job
    total = (job.total_completions or 1) if job else 0
    if one.completed and one.completed >= total and not one.running:
        return Health(Level.STOPPED, "Finished", "It did its work and ended.", f"{one.completed} completed")
    if one.running or one.desired:
        return Health(Level.CHANGING, "Running", f"{count(one.completed, 'run')} of it ended well so far.")
    return Health(Level.STOPPED, "Waiting", "Nothing of it runs.")


@dataclass(frozen=True, slots=True)
class _Trouble:
    why: Task  # stands for all: the newest of those with the most frequent reason
    again: bool  # did copies run, and fail again and again?
    slots: int
    since: float


def _by_slot(tasks: Sequence[Task]) -> dict[object, list[Task]]:
    slots: dict[object, list[Task]] = defaultdict(list)
    for task in tasks:
        slots[_slot(task)].append(task)
    return slots


def _slot(task: Task) -> object:
    """Where one copy is kept, task after task: a number, or the node where each has one."""
    return task.slot or task.node_id or task.uid


def _trouble(tasks: Sequence[Task], now: float, ended: Sequence[Task]) -> _Trouble | None:
    """Slots whose copies do not come up, or do not stay up, or are not started again after the one that ``ended``."""
    bad = {slot: found for slot, of_slot in _by_slot(tasks).items() if (found := _bad(of_slot, now))}
    bad |= {_slot(task): [task] for task in ended}
    if not bad:
        return None
    every = [task for found in bad.values() for task in found]
    often = Counter(_why(task) for task in every)
    alike = [task for task in every if _why(task) == often.most_common(1)[0][0]]
    again = [task for task in alike if task not in ended]
    ran = sum(task.status.state == "failed" and task_words.why(task)[0] == task_words.FAILED for task in again)
    return _Trouble(
        why=max(alike, key=lambda task: (task.at, task.uid)),
        again=ran >= LOOP,
        slots=len(bad),
        since=min((task.at for task in every if task.at), default=0.0),
    )


def _why(task: Task) -> tuple[str, str]:
    return task_words.why(task) if task.failed else (task_words.NO_PLACE, "")


def _bad(of_slot: Sequence[Task], now: float) -> list[Task]:
    """Of the tasks that one slot has had: those that show that it does not come up; none when it is well."""
    there = [task for task in of_slot if task.wanted]
    if not there:
        return []  # one copy less was asked for
    unplaced = [task for task in there if task_health.health(task).level is Level.FAILING and not task.failed]
    if unplaced:
        return unplaced
    failed = [task for task in of_slot if task.failed and now - task.at < RECENT]
    settled = any(task.running and now - task.at >= SETTLED for task in there)
    if settled or not failed:
        return []
    never_ran = all(task_words.why(task)[0] != task_words.FAILED for task in failed)
    return failed if len(failed) >= LOOP or never_ran else []


def _failing(one: Service, alone: Health, tasks: Sequence[Task], trouble: _Trouble, now: float) -> Health:
    shown = task_health.health(trouble.why)
    reason = shown.reason or shown.word
    up = sum(task.wanted and task.running and _stays(task, tasks, now) for task in tasks)
    level = Level.AT_RISK if up else Level.FAILING
    wanted = one.desired or trouble.slots
    share = f"{up} of {count(wanted, 'copy', 'copies')} {'runs' if wanted == 1 else 'run'}."
    term = shown.code or alone.code
    if alone.word in HALTED:
        return Health(level, alone.word, f"{alone.reason} {share} {reason}.", term, alone.since or trouble.since)
    if alone.word == "Rolling back" and not one.is_new(trouble.why):
        words = f"Its new version failed: copies go back to what they were before. {share} {reason}."
        return Health(level, alone.word, words, term, alone.since)
    if alone.word in ("Updating", "Rolling back") and up:
        words = f"Its new version does not come up. {share} {reason}."
        return Health(level, "Stuck", words, term, trouble.since)
    if not up:
        word = "Crashing" if trouble.again else shown.word
        return Health(level, word, f"{share} {reason}.", term, trouble.since)
    return Health(level, "Degraded", f"{share} {reason}.", term, trouble.since)


def _stays(task: Task, tasks: Sequence[Task], now: float) -> bool:
    """Is it up, and not only until it fails the next time?"""
    slot = _slot(task)
    before = any(
        other.failed and _slot(other) == slot and now - other.at < RECENT and other.created <= task.created
        for other in tasks
        if other.spec == task.spec  # how another version failed there says nothing of this one
    )
    return not before or now - task.at >= SETTLED
