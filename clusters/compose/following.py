"""Deploys projects from git when their branch has something new: by the clock, when a webhook says so, or now.

It is done as whoever set it up, with the rights of that moment, as a job and a version like any other. A commit is
tried once; what could not even be looked at is looked at again the next time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from clusters import actors, audit
from clusters.access import Actor
from clusters.build.git_fetch import fetch
from clusters.build.git_newest import newest
from clusters.build.uploads import Upload
from clusters.compose import deploy
from clusters.compose.check import check
from clusters.compose.problem import Wrong
from clusters.compose.source import Source, opened
from clusters.compose.text import MOST_BYTES
from clusters.compose.versions import open_version
from clusters.errors import ClusterError, Conflict, Missing, Refused, Unreachable
from clusters.gateway import Denied, Gateway
from clusters.models import ComposeSource, ComposeVersion, Job

PACE = 15.0  # seconds between two looks at what is due
AGAIN, MOST_TRIES = 60.0, 5  # seconds until what could not be looked at is looked at again by itself, and how often
AT_ONCE = 4
log = logging.getLogger(__name__)


class Follower:
    """One of each process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._now: set[int] = set()  # those that are looked at
        self._again: set[int] = set()  # those that were asked for meanwhile
        self._forced: set[int] = set()  # those whose commit is tried again
        self._waits: dict[int, asyncio.TimerHandle] = {}  # those that are looked at again by themselves
        self._tries: dict[int, int] = {}  # how often that was
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """What is due, until cancelled."""
        while True:
            await asyncio.sleep(PACE)
            try:
                for pk in await _due():
                    self.soon(pk)
            except DatabaseError as error:
                log.warning("what is deployed from git cannot be looked up (%s)", error)

    async def stop(self) -> None:
        """Look no more."""
        for wait in self._waits.values():
            wait.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        if pk in self._now:
            self._again.add(pk)
            return
        self._now.add(pk)
        task = asyncio.create_task(self._look_until_done(pk), name=f"git source {pk}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def look(self, pk: int) -> None:
        """Look at it to the end: what came of it is kept."""
        async with self._turn:
            row = await ComposeSource.objects.filter(pk=pk).afirst()
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

    def _later(self, pk: int) -> None:
        """What is in the way may be gone soon: a call of a webhook comes once, and a clock may not be set."""
        tries = self._tries[pk] = self._tries.get(pk, 0) + 1
        if tries <= MOST_TRIES:
            self._waits[pk] = asyncio.get_running_loop().call_later(AGAIN, self.soon, pk)

    async def _looked(self, row: ComposeSource, *, forced: bool) -> None:
        row.checked = timezone.now()
        try:
            await self._deployed(row, forced=forced)
            self._tries.pop(row.pk, None)
        except ClusterError as error:
            row.state, row.words = "failed", f"{error.message} {error.hint}".strip()[:2000]
            if isinstance(error, Conflict | Unreachable):
                self._later(row.pk)
        except Exception:
            log.exception("the git source of %s failed", row.project)
            row.state, row.words = "failed", "This failed because of a fault in Pilothouse. Its log says more."
        kept = ["checked", "commit", "state", "words", "job_id"]
        await ComposeSource.objects.filter(pk=row.pk).aupdate(**{name: getattr(row, name) for name in kept})

    async def _deployed(self, row: ComposeSource, *, forced: bool) -> None:
        actor = await self._actor(row)
        source = await sync_to_async(opened)(row)
        commit = await newest(source.address, source.token, source.ca)
        if commit == row.commit and not forced:
            row.state = row.state if row.state == "failed" else "same"
            return
        text, commit = await _text(source)
        copies = await _copies(row)
        try:
            asked = await check(text, row.project, source.values, copies)
            short = commit[:8]
            how = deploy.How(title=f"Deploy {row.project} from git, commit {short}", note=f"From git, commit {short}")
            key = await deploy.begin(self._gateway, actor, row.cluster_id, asked, how)
        except (Wrong, Denied):
            row.commit = commit  # it will not be better the next time
            raise
        row.commit, row.state, row.words = commit, "deployed", ""
        row.job = await Job.objects.aget(key=key)

    async def _actor(self, row: ComposeSource) -> Actor:
        """Who it is deployed as, with what was granted to them by now. Raises Refused, Denied."""
        actor = await actors.actor_for(row.by_id)
        if actor is None:
            raise Refused(
                "Whoever set this up has no account any more, or it is switched off.", hint="Save it again as yourself."
            )
        need, name = replace(deploy.NEED, acts=False), row.project  # what is refused each minute is recorded once
        try:
            await self._gateway.see(actor, row.cluster_id, name, need, verb="deploy", kind="project", name=name)
        except Refused as error:
            error.message = f"{actor.name}, who set this up, may not deploy it any more: {error.message}"
            raise
        return actor


async def _text(source: Source) -> tuple[str, str]:
    """The file, and the commit that it is of."""
    found = await fetch(source.address, source.token, lambda _: None, source.ca)
    try:
        text = await asyncio.to_thread(Upload("", 0, found.path, entries=found.entries).read, source.file, MOST_BYTES)
    finally:
        found.close()
    if text is None:
        raise Missing(f"There is no file {source.path} in commit {found.commit[:8]}, or it is too long.")
    return text, found.commit


async def _copies(row: ComposeSource) -> Mapping[str, int]:
    """Of the newest version of the person as whom it is deployed.

    Nothing of a version goes on that somebody else may have written: it would be done with the rights of this person.
    For the same reason no values of versions are taken: who scales a text takes over whatever others gave to it.
    """
    mine = ComposeVersion.objects.filter(cluster_id=row.cluster_id, project=row.project, by_id=row.by_id)
    number = await mine.values_list("number", flat=True).afirst()
    return {} if number is None else (await open_version(row.cluster_id, row.project, number)).scale


async def _due() -> list[int]:
    """Those whose time has come, each claimed: of several processes one looks."""
    now, found = timezone.now(), []
    async for row in ComposeSource.objects.filter(minutes__gt=0).only("pk", "checked", "minutes"):
        if row.checked and row.checked + timedelta(minutes=row.minutes) > now:
            continue
        same = ComposeSource.objects.filter(pk=row.pk, checked=row.checked)
        if await same.aupdate(checked=now):
            found.append(row.pk)
    return found
