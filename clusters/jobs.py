"""Long work: its lines are streamed and kept, it can be left, found again and cancelled, and its end is truthful.

A job ends as done, failed (with the reason), unknown (no answer came), cancelled, or interrupted (Pilothouse itself
was stopped).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from clusters import owed
from clusters.access import Actor
from clusters.ending import whole
from clusters.errors import ClusterError, Conflict, Missing, Unsure
from clusters.job_end import End, State
from clusters.job_lines import Line, keep_lines, kept_lines, line
from clusters.models import Job
from clusters.own_disk import database_fault, fault_of_ours

log = logging.getLogger(__name__)

MAX_LINES = 10_000
MAX_RUNNING = 50
STOPPED = "Pilothouse was stopped before this ended."
FLUSH_SECONDS = 0.2  # lines are written to the database together


@dataclass(frozen=True, slots=True)
class Made:
    """How work ended that made something: the words, and what it is that can be looked at now."""

    words: str
    kind: str
    name: str
    key: str = ""  # among those of its kind, where the name alone may be another's too
    image: str = ""  # the name by which a registry has it now, so that it can be run elsewhere


@dataclass(frozen=True, slots=True)
class News:
    """What happened since a follower last heard. ``state`` other than "running" is the end."""

    lines: Sequence[Line]
    state: State
    reason: str = ""


class Reporter:
    """What the work of a job says while it goes on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.lines: dict[int, Line] = {}
        self.left_out = 0
        self._slots: dict[str, int] = {}
        self._unwritten: set[int] = set()
        self._followers: dict[asyncio.Event, set[int]] = {}

    @property
    def key(self) -> str:
        """Of the job."""
        return self.job.key

    def say(self, text: str, level: str = "info") -> None:
        """Add a line: level info, warning or error."""
        if len(self.lines) >= MAX_LINES:
            self.left_out += 1
            return
        self._put(len(self.lines) + 1, text, level)

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """Overwrite the line of that one thing (a layer, a step); the first time it is added. With numbers: a bar."""
        if slot not in self._slots:
            if len(self.lines) >= MAX_LINES:
                return
            self._slots[slot] = len(self.lines) + 1
        self._put(self._slots[slot], text, "info", done, total)

    def close(self) -> None:
        """Say what was left out: no line comes after that."""
        if self.left_out:
            words = f"{self.left_out:,} more lines are left out: only {MAX_LINES:,} are kept."
            self._put(len(self.lines) + 1, words, "warning")

    def end(self) -> None:
        """Wake everybody who follows."""
        for heard in self._followers:
            heard.set()

    def take_unwritten(self) -> list[Line]:
        """The lines that the database does not have yet; from now on they count as written."""
        numbers, self._unwritten = sorted(self._unwritten), set()
        return [self.lines[number] for number in numbers]

    def put_back(self, lines: Sequence[Line]) -> None:
        """These could not be written: they are tried again with the next ones."""
        self._unwritten.update(line.number for line in lines)

    async def news(self, from_number: int) -> AsyncIterator[News]:
        """What is new, and again whenever there is more, until the end."""
        heard, missing = asyncio.Event(), {number for number in self.lines if number >= from_number}
        self._followers[heard] = missing
        try:
            while True:
                lines = [self.lines[number] for number in sorted(missing)]
                missing.clear()
                heard.clear()
                state = self.job.state
                yield News(lines, state, self.job.reason)  # type: ignore[arg-type]
                if state != "running":
                    return
                if not missing:
                    await heard.wait()
        finally:
            del self._followers[heard]

    def _put(self, number: int, text: str, level: str, done: int | None = None, total: int | None = None) -> None:
        self.lines[number] = line(number, text, level, done, total)
        self._unwritten.add(number)
        for heard, missing in self._followers.items():
            missing.add(number)
            heard.set()


Result = str | Made | None
Work = Callable[[Reporter], Coroutine[Any, Any, Result]]
Ended = Callable[[State, str], Awaitable[None]]
_running: dict[str, tuple[Reporter, asyncio.Task[Result]]] = {}
_unkept: dict[str, tuple[Reporter, End]] = {}  # those that ended, while the database did not take their end
_runners: set[asyncio.Task[None]] = set()


async def start(
    title: str,
    verb: str,
    actor: Actor,
    cluster_id: int | None,
    work: Work,
    ended: Ended | None = None,
    about: Made | None = None,
) -> str:
    """Begin it and return its key at once. ``work`` returns words for the end, or raises what went wrong.

    ``ended`` hears the state and the reason, whatever the end is. ``about``: where its page leads to, until it made
    something else.
    """
    try:
        job = await _written(title, verb, actor, cluster_id, about)
    except ClusterError as error:
        if ended:
            await ended("failed", error.message)
        raise
    reporter = Reporter(job)
    # Without the request's context: its database thread ends with it.
    task = asyncio.create_task(work(reporter), name=f"job {job.key}", context=contextvars.Context())
    _running[job.key] = (reporter, task)
    runner = asyncio.create_task(_run(reporter, task, ended), context=contextvars.Context())
    _runners.add(runner)
    runner.add_done_callback(_runners.discard)
    return job.key


def cancel(key: str) -> bool:
    """Ask a running job to stop; its end says "cancelled". False when it is not running here."""
    running = _running.get(key)
    return running is not None and running[1].cancel()


async def follow(key: str, from_number: int = 1) -> AsyncIterator[News]:
    """The lines from that number on, then every change, until the job has ended. Raises Missing."""
    if here := _running.get(key) or _unkept.get(key):
        async for news in here[0].news(from_number):
            yield news
        return
    job = await Job.objects.filter(key=key).afirst()
    if job is None:
        raise Missing("There is no such job.")
    yield News(await kept_lines(job, from_number), job.state, job.reason)  # type: ignore[arg-type]


def as_known(job: Job) -> Job:
    """The row as it should be: also with an end that the database could not take yet."""
    if unkept := _unkept.get(job.key):
        unkept[1].apply_to(job)
    return job


async def interrupt_running() -> int:
    """When we start: what the database says is running is not, for nobody runs it any more. Returns how many."""
    lost = Job.objects.filter(state="running").exclude(key__in=_running)
    return await lost.aupdate(state="interrupted", ended=timezone.now(), reason=STOPPED)


async def _written(title: str, verb: str, actor: Actor, cluster_id: int | None, about: Made | None) -> Job:
    """A row for it. Raises Conflict, or Unrecorded: it does not begin then."""
    if len(_running) >= MAX_RUNNING:
        raise Conflict(f"{MAX_RUNNING} jobs are running already.", hint="Wait until one has ended, or cancel one.")
    try:
        return await Job.objects.acreate(
            key=secrets.token_hex(16),
            title=title[:200],
            verb=verb[:40],
            cluster_id=cluster_id,
            actor_id=actor.user_id or None,
            result=asdict(about) if about else {},
        )
    except DatabaseError as error:
        raise database_fault(error) from error


async def _run(reporter: Reporter, work: asyncio.Task[Result], ended: Ended | None) -> None:
    job = reporter.job
    writer = asyncio.create_task(_write_while_running(reporter))
    end = await _outcome(reporter, work)
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    reporter.close()

    async def keep() -> None:
        await _write(reporter)
        await end.keep(job)
        forget()

    def forget() -> None:
        _unkept.pop(job.key, None)

    try:
        if ended:
            await ended(end.state, end.reason)
        if not await owed.write(f"the end of job {job.key}", keep, lost=forget):
            _unkept[job.key] = reporter, end
    finally:
        end.apply_to(job)  # told when it is kept: whoever hears of it reads the end in the database
        reporter.end()
        _running.pop(job.key, None)


async def _outcome(reporter: Reporter, work: asyncio.Task[Result]) -> End:
    try:
        made = await work
    except asyncio.CancelledError:
        if work.cancelled():
            return End("cancelled")
        work.cancel()  # it is not the work that was cancelled, but we: the server stops
        return End("interrupted", STOPPED)
    except ClusterError as error:
        state: State = "unknown" if isinstance(error, Unsure) else "failed"
        return End(state, error.message, {"hint": error.hint, "detail": error.detail, "job": error.job})
    except Exception as error:
        log.exception("job %s failed", reporter.job.key)
        if ours := fault_of_ours(error):
            return End("failed", ours.message, {"hint": ours.hint, "detail": ours.detail})
        return End("failed", "This failed because of a fault in Pilothouse. Its log says more.")
    return End("done", result=asdict(made) if isinstance(made, Made) else {"words": made or ""})


async def _write_while_running(reporter: Reporter) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await whole(_write(reporter))
        except DatabaseError as error:
            log.warning("lines of job %s cannot be kept now (%s); they are tried again", reporter.job.key, error)


async def _write(reporter: Reporter) -> None:
    lines = reporter.take_unwritten()
    try:
        await keep_lines(reporter.job, lines)
    except DatabaseError:
        reporter.put_back(lines)
        raise
