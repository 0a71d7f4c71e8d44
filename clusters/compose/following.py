"""Deploys projects from git when their branch has something new: by the clock, when a webhook says so, or now.

It is done as whoever set it up, with the rights of that moment, as a job and a version like any other. A commit is
tried once; what could not even be looked at is looked at again the next time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from clusters import actors, audit, jobs
from clusters.access import Actor, decide
from clusters.build.git_fetch import fetch
from clusters.build.git_newest import newest
from clusters.build.uploads import Upload
from clusters.carrying_out import event_of
from clusters.compose import deploy
from clusters.compose.check import check
from clusters.compose.own_copies import LOST, own_copies
from clusters.compose.problem import Wrong
from clusters.compose.source import Source, opened
from clusters.compose.text import MOST_BYTES
from clusters.compose.turns import Rests, Turns
from clusters.compose.versions import once_secret
from clusters.ending import end
from clusters.errors import ClusterError, Conflict, Refused, Unreachable
from clusters.gateway import Denied, Gateway
from clusters.models import ComposeSource, Job
from clusters.reach import area_in

PACE = 15.0  # seconds between two looks at what is due
MOST_TRIES = 5  # that what could not be looked at is looked at again by itself, each after its rest
log = logging.getLogger(__name__)


class _NotAllowed(Refused):
    """Whoever set it up may not deploy it, or is gone."""


class _NoGood(ClusterError):
    """What is in that commit cannot be deployed."""


class Follower:
    """One of each process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._turns, self._rests = Turns(), Rests()
        self._now: set[int] = set()  # those that are looked at
        self._again: set[int] = set()  # those that were asked for meanwhile
        self._forced: set[int] = set()  # those whose commit is tried again
        self._waits: dict[int, asyncio.TimerHandle] = {}  # those that are looked at again by themselves
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard: set[Callable[[int], None]] = set()

    def on_news(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call it with the number of each that is looked at, was looked at, or whose job ended; returns how to stop."""
        self._heard.add(callback)
        return lambda: self._heard.discard(callback)

    async def run(self) -> None:
        """What is due, until cancelled. At first also what was called for while nobody was here to hear it."""
        first = True
        while True:
            await asyncio.sleep(PACE)
            try:
                for pk in await _due(self._is_left_alone, first=first):
                    self.soon(pk)
                first = False
            except DatabaseError as error:
                log.warning("what is deployed from git cannot be looked up (%s)", error)

    async def stop(self) -> None:
        """Look no more."""
        for wait in self._waits.values():
            wait.cancel()
        await end(self._tasks)

    def rest_of(self, row: ComposeSource) -> int:
        """The minutes until it is looked at again by itself, where that is not as its clock says; else 0."""
        left = self._rests.minutes(row.pk)
        return left if row.pk in self._waits or left > row.minutes > 0 else 0

    def looks_at(self, pk: int) -> bool:
        """Is it looked at right now?"""
        return pk in self._now

    async def ask(self, actor: Actor, row: ComposeSource, *, forced: bool = False) -> None:
        """Look at it because somebody asks for it, which is written down: what is deployed has another name on it."""
        event = audit.Event(
            actor=actor.name,
            address=actor.address,
            cluster=row.cluster.name,
            kind="project",
            namespace=row.project,
            name=row.project,
            verb="look and deploy" if forced else "look at git",
            detail={"url": row.url, "branch": row.branch, "as": row.by.get_username() if row.by else ""},
        )
        await sync_to_async(audit.record)(event)
        self.soon(row.pk, forced=forced)

    def soon(self, pk: int, *, forced: bool = False) -> None:
        """Look at that one, now or right after the look that is on its way. ``forced``: also where nothing is new."""
        if forced:
            self._forced.add(pk)
        if wait := self._waits.pop(pk, None):
            wait.cancel()
        if pk in self._now:
            self._again.add(pk)
            return
        self._now.add(pk)
        self._tell(pk)
        self._begin(self._look_until_done(pk), f"git source {pk}")

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, pk: int) -> None:
        for callback in tuple(self._heard):
            callback(pk)

    async def _tell_the_end(self, pk: int, key: str) -> None:
        async for _ in jobs.follow(key):
            pass
        self._tell(pk)

    async def look(self, pk: int) -> None:
        """Look at it to the end: what came of it is kept."""
        found = ComposeSource.objects.filter(pk=pk)
        if (waiting := await found.afirst()) is None:
            return
        async with self._turns.of(urlsplit(waiting.url).hostname or "", waiting.by_id):
            row = await found.afirst()
            forced = pk in self._forced
            self._forced.discard(pk)
            if row is not None:
                await self._looked(row, forced=forced)

    async def _look_until_done(self, pk: int) -> None:
        try:
            while True:
                self._again.discard(pk)
                await self.look(pk)
                if pk not in self._again:
                    return
        except DatabaseError as error:
            log.warning("what came of the git source %d cannot be kept (%s)", pk, error)
        finally:
            self._now.discard(pk)
            self._tell(pk)

    def _is_left_alone(self, pk: int) -> bool:
        """Does it rest, or is it looked at right now? Then its clock counts for nothing."""
        return pk in self._now or self._rests.minutes(pk) > 0

    def _rest(self, row: ComposeSource, error: ClusterError, *, forced: bool) -> None:
        """What is in the way may be gone soon: a call of a webhook comes once, and a clock may not be set."""
        tries, seconds = self._rests.failed(row.pk)
        if isinstance(error, Conflict | Unreachable) and tries <= MOST_TRIES:
            if forced:
                self._forced.add(row.pk)
            self._waits[row.pk] = asyncio.get_running_loop().call_later(seconds, self.soon, row.pk)

    async def _looked(self, row: ComposeSource, *, forced: bool) -> None:
        row.checked = timezone.now()
        try:
            await self._deployed(row, forced=forced)
            self._rests.well(row.pk)
        except _NoGood as error:
            self._rests.well(row.pk)
            row.state, row.words = "wrong", _words(error)
        except ClusterError as error:
            _fail(row, _words(error))
            if not isinstance(error, _NotAllowed):  # for that no server was asked: it may be allowed again any time
                self._rest(row, error, forced=forced)
        except Exception:
            log.exception("the git source of %s failed", row.project)
            _fail(row, "This failed because of a fault in Pilothouse. Its log says more.")
        kept = ["checked", "commit", "state", "words", "job_id"]
        await _as_read(row).aupdate(**{name: getattr(row, name) for name in kept})

    async def _deployed(self, row: ComposeSource, *, forced: bool) -> None:
        await self._actor(row)
        source = await sync_to_async(opened)(row)
        commit = await newest(source.address, source.token, source.ca)
        if commit == row.commit and not forced and not await _cut_off(row):
            if row.state != "wrong":  # of that commit; what else failed is over
                row.words = "" if row.state == "failed" else row.words
                row.state = "same"
            return
        text, commit = await _text(source)
        actor = await self._actor(row)  # fetching takes its time
        if not await _as_read(row).aexists():
            return  # it was changed or forgotten meanwhile: this is not wanted any more
        if text is None:
            row.commit = commit
            raise _NoGood(f"There is no file {source.path} in commit {commit[:8]}, or it is too long.")
        try:
            secret = await once_secret(row.cluster_id, row.project)
            copies, lost = await own_copies(row)
            asked = await check(text, row.project, source.values, copies, stored=secret)
            short = commit[:8]
            note = f"From git, commit {short}{', with as many copies as the file says' if lost else ''}"
            how = deploy.How(title=f"Deploy {row.project} from git, commit {short}", note=note)
            key = await deploy.begin(self._gateway, actor, row.cluster_id, asked, how)
        except (Wrong, Denied) as error:
            row.commit = commit  # it will not be better the next time
            raise _NoGood(error.message, hint=error.hint) from error
        row.commit, row.state, row.words = commit, "deployed", LOST.format(lost) if lost else ""
        row.job = await Job.objects.aget(key=key)
        self._begin(self._tell_the_end(row.pk, key), f"job of git source {row.pk}")

    async def _actor(self, row: ComposeSource) -> Actor:
        """Who it is deployed as, with what was granted to them by now. Raises _NotAllowed; it is recorded once."""
        actor = await actors.actor_for(row.by_id)
        if actor is None:
            words = "Whoever set this up has no account any more, or it is switched off."
            raise _NotAllowed(words, hint="Save it again as yourself.")
        cluster = self._gateway.connections.cluster(row.cluster_id)
        decision = decide(actor, area_in(cluster, row.project), deploy.NEED)
        if decision.allowed:
            return actor
        words = f"{actor.name}, who set this up, may not deploy it any more: {decision.reason}"
        if not row.words.startswith(words):
            event = event_of(actor, cluster, "project", None, "deploy", namespace=row.project, name=row.project)
            await audit.denied(event, decision.reason)
        raise _NotAllowed(words, hint="Ask an administrator of Pilothouse.")


async def _cut_off(row: ComposeSource) -> bool:
    """Was its last deployment ended by a stop of Pilothouse? Then that commit is still to come."""
    return row.job_id is not None and await Job.objects.filter(pk=row.job_id, state="interrupted").aexists()


def _fail(row: ComposeSource, words: str) -> None:
    """It could not be looked at. What was wrong with its commit is found out anew then, and not forgotten."""
    row.commit = "" if row.state == "wrong" else row.commit
    row.state, row.words = "failed", words


def _words(error: ClusterError) -> str:
    return f"{error.message} {error.hint}".strip()[:2000]


def _as_read(row: ComposeSource) -> QuerySet[ComposeSource]:
    """That row, unless it was kept anew since: what is sealed is never the same twice."""
    return ComposeSource.objects.filter(pk=row.pk, sealed=row.sealed)


async def _text(source: Source) -> tuple[str | None, str]:
    """The file, None where it is not there or too long, and the commit that it is of."""
    found = await fetch(source.address, source.token, lambda _: None, source.ca)
    try:
        text = await asyncio.to_thread(Upload("", 0, found.path, entries=found.entries).read, source.file, MOST_BYTES)
    finally:
        found.close()
    return text, found.commit


async def _due(is_left_alone: Callable[[int], bool], *, first: bool) -> list[int]:
    """Those whose time has come, each taken: of several processes one looks."""
    now, found = timezone.now(), []
    asked = Q(minutes__gt=0)
    if first:
        # A git server calls once, whether we are there or not.
        asked |= ~Q(hook="") | Q(state="") | Q(job__state="interrupted")
    async for row in ComposeSource.objects.filter(asked).only("pk", "checked", "minutes"):
        soon = row.minutes and row.checked and row.checked + timedelta(minutes=row.minutes) > now
        if soon or is_left_alone(row.pk):
            continue
        same = ComposeSource.objects.filter(pk=row.pk, checked=row.checked)
        if await same.aupdate(checked=now):
            found.append(row.pk)
    return found
