"""Jobs: lines are streamed and kept, and the end is the truth."""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest
from django.db import DataError, OperationalError

from clusters import jobs, owed
from clusters.access import Actor
from clusters.errors import Conflict, Missing, Unrecorded, Unsure
from clusters.job_end import State
from clusters.job_lines import MAX_COUNT, MAX_TEXT
from clusters.models import Job, JobLine

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = Actor(0, "nobody")


async def ended(key: str) -> Job:
    for _ in range(200):
        job = await Job.objects.aget(key=key)
        if job.state != "running":
            return job
        await asyncio.sleep(0.02)
    raise AssertionError("it never ended")


async def start(work: jobs.Work) -> str:
    return await jobs.start("Pull busybox", "pull", NOBODY, None, work)


async def test_its_lines_are_kept_in_order_and_progress_overwrites_its_own_line() -> None:
    async def work(reporter: jobs.Reporter) -> str:
        reporter.say("begin")
        for percent in range(0, 101, 10):
            reporter.progress("layer", f"{percent} %")
            await asyncio.sleep(0.03)
        reporter.say("end", "warning")
        return "pulled"

    job = await ended(await start(work))
    assert (job.state, job.result) == ("done", {"words": "pulled"})
    lines = [(line.number, line.text, line.level) async for line in JobLine.objects.filter(job=job)]
    assert lines == [(1, "begin", "info"), (2, "100 %", "info"), (3, "end", "warning")]


async def test_who_follows_sees_each_line_and_the_end_and_may_come_late() -> None:
    go = asyncio.Event()

    async def work(reporter: jobs.Reporter) -> None:
        reporter.say("one")
        await go.wait()
        reporter.say("two")

    key = await start(work)
    heard: list[str] = []
    states: list[str] = []

    async def listen() -> None:
        async for news in jobs.follow(key):
            heard.extend(line.text for line in news.lines)
            states.append(news.state)

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    assert heard == ["one"]
    go.set()
    await asyncio.wait_for(listener, 2)
    assert heard == ["one", "two"]
    assert states[-1] == "done"
    late = [news async for news in jobs.follow(key, 2)]
    assert [[line.text for line in news.lines] for news in late] == [["two"]]


async def test_who_is_told_of_the_end_finds_it_kept() -> None:
    async def work(reporter: jobs.Reporter) -> None:
        reporter.say("one")

    async def slow(state: State, reason: str) -> None:
        await asyncio.sleep(0.05)

    key = await jobs.start("Pull busybox", "pull", NOBODY, None, work, slow)
    found = [(news.state, (await Job.objects.aget(key=key)).state) async for news in jobs.follow(key)]
    assert all(told == kept for told, kept in found)
    assert found[-1] == ("done", "done")


async def test_a_failure_says_its_reason_in_words() -> None:
    async def refused(reporter: jobs.Reporter) -> None:
        raise Conflict("The name is taken.", hint="Choose another one.")

    async def broken(reporter: jobs.Reporter) -> None:
        raise KeyError("x")

    job = await ended(await start(refused))
    assert (job.state, job.reason, job.result["hint"]) == ("failed", "The name is taken.", "Choose another one.")

    async def cut(reporter: jobs.Reporter) -> None:
        raise Unsure("No answer came.", hint="Look at it.")

    job = await ended(await start(cut))
    assert (job.state, job.reason, job.result["hint"]) == ("unknown", "No answer came.", "Look at it.")
    job = await ended(await start(broken))
    assert job.state == "failed"
    assert "KeyError" not in job.reason


async def test_a_cancelled_one_says_so() -> None:
    async def work(reporter: jobs.Reporter) -> None:
        await asyncio.sleep(60)

    key = await start(work)
    await asyncio.sleep(0.02)
    assert jobs.cancel(key)
    assert (await ended(key)).state == "cancelled"
    assert not jobs.cancel(key)


async def test_what_ran_when_we_were_stopped_is_interrupted() -> None:
    await Job.objects.acreate(key="a" * 32, title="Build", verb="build")
    assert await jobs.interrupt_running() == 1
    job = await Job.objects.aget(key="a" * 32)
    assert job.state == "interrupted"
    assert "stopped" in job.reason
    assert job.ended is not None


async def test_too_many_lines_are_left_out_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_LINES", 100)

    async def work(reporter: jobs.Reporter) -> None:
        for number in range(250):
            reporter.say(f"line {number} " + "x" * 10_000)

    job = await ended(await start(work))
    lines = [line async for line in JobLine.objects.filter(job=job)]
    assert len(lines) == 101
    assert lines[-1].text.startswith("150 more lines are left out")
    assert len(lines[0].text) == MAX_TEXT


async def test_numbers_that_an_engine_makes_up_are_kept_within_what_can_be_counted() -> None:
    async def work(reporter: jobs.Reporter) -> None:
        reporter.progress("layer", "pulling", done=-5, total=10**30)

    job = await ended(await start(work))
    assert job.state == "done"
    line = await JobLine.objects.aget(job=job)
    assert (line.done, line.total) == (0, MAX_COUNT)


async def test_too_many_jobs_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_RUNNING", 1)

    async def work(reporter: jobs.Reporter) -> None:
        await asyncio.sleep(60)

    key = await start(work)
    with pytest.raises(Conflict, match="running already"):
        await start(work)
    jobs.cancel(key)
    await ended(key)


async def test_following_what_never_was_is_said() -> None:
    with pytest.raises(Missing):
        _ = [news async for news in jobs.follow("b" * 32)]


async def test_lines_and_an_end_that_find_no_room_are_told_at_once_and_kept_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes: list[str] = []
    full, gone_on = asyncio.Event(), asyncio.Event()
    full.set()
    real = JobLine.objects.abulk_create

    async def write(*args: Any, **kwargs: Any) -> object:
        if full.is_set():
            raise OperationalError("database or disk is full")
        return await real(*args, **kwargs)

    async def work(reporter: jobs.Reporter) -> str:
        reporter.say("one")
        await gone_on.wait()  # the line was tried meanwhile, in vain
        return "made"

    async def outcome(state: State, reason: str) -> None:
        outcomes.append(state)

    monkeypatch.setattr(owed, "EVERY", 0.02)
    monkeypatch.setattr(jobs, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(JobLine.objects, "abulk_create", write)
    key = await jobs.start("Pull busybox", "pull", NOBODY, None, work, outcome)
    await asyncio.sleep(0.1)
    gone_on.set()
    news = [one async for one in jobs.follow(key)]
    assert news[-1].state == "done"
    told = jobs.as_known(await Job.objects.aget(key=key))
    assert (told.state, told.result["words"]) == ("done", "made")
    assert (await Job.objects.aget(key=key)).state == "running"  # in the database, as yet
    full.clear()
    kept = await ended(key)
    assert (kept.state, kept.result["words"]) == ("done", "made")
    assert [line.text async for line in JobLine.objects.filter(job=kept)] == ["one"]
    assert outcomes == ["done"]


async def test_lines_that_fail_to_be_written_while_the_job_ends_are_written_with_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = asyncio.Event()
    real = JobLine.objects.abulk_create

    async def write(*args: Any, **kwargs: Any) -> object:
        if not begun.is_set():
            begun.set()
            await asyncio.sleep(0.1)  # the job ends meanwhile
            raise OperationalError("database is locked")
        return await real(*args, **kwargs)

    async def work(reporter: jobs.Reporter) -> None:
        reporter.say("one")
        await begun.wait()

    monkeypatch.setattr(jobs, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(JobLine.objects, "abulk_create", write)
    job = await ended(await start(work))
    await asyncio.sleep(0.15)
    assert [line.text async for line in JobLine.objects.filter(job=job)] == ["one"]


async def test_an_end_that_the_database_never_takes_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(reporter: jobs.Reporter) -> None:
        reporter.say("one")

    async def refuse(*args: Any, **kwargs: Any) -> object:
        raise errors.pop(0)

    errors = [OperationalError("database is locked"), DataError("out of range")]
    monkeypatch.setattr(owed, "EVERY", 0.01)
    monkeypatch.setattr(JobLine.objects, "abulk_create", refuse)
    key = await start(work)
    assert [news.state async for news in jobs.follow(key)][-1] == "done"
    while errors:
        await asyncio.sleep(0.01)
    await owed.stop()
    assert key not in jobs._unkept


async def test_an_error_with_what_no_database_takes_is_kept_without_it() -> None:
    async def work(reporter: jobs.Reporter) -> None:
        raise Conflict("The name is \0 taken.", hint="Choose \ud800.", detail="\0")

    job = await ended(await start(work))
    assert (job.reason, job.result["hint"], job.result["detail"]) == ("The name is � taken.", "Choose ?.", "�")


async def test_what_cannot_be_written_down_does_not_begin_and_its_intent_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes: list[tuple[str, str]] = []

    async def refuse(**_: object) -> Job:
        raise OperationalError("database or disk is full")

    async def work(reporter: jobs.Reporter) -> None:
        raise AssertionError("it began")

    async def outcome(state: State, reason: str) -> None:
        outcomes.append((state, reason))

    monkeypatch.setattr(Job.objects, "acreate", refuse)
    with pytest.raises(Unrecorded, match="The disk of Pilothouse is full"):
        await jobs.start("Pull busybox", "pull", NOBODY, None, work, outcome)
    assert outcomes == [("failed", "The disk of Pilothouse is full.")]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), OperationalError("database or disk is full")]
)
async def test_a_full_disk_of_ours_is_no_fault_but_said(error: Exception) -> None:
    async def work(reporter: jobs.Reporter) -> None:
        raise error

    job = await ended(await start(work))
    assert (job.state, job.reason) == ("failed", "The disk of Pilothouse is full.")
    assert "Make room" in job.result["hint"]
