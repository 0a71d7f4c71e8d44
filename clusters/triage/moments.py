"""Keeps what happened in our database, past the clusters' own memory: in batches, bounded, and never in the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Q, QuerySet

from clusters.access import Scope
from clusters.live.resource import Resource
from clusters.models import Cluster, Moment
from clusters.triage.changes import Happened

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two batches
MOST_WAITING = 2000  # moments not written yet; the oldest go first when the database cannot keep up
KEEP_FOR = timedelta(days=30)
KEEP_ROWS = 50_000
TIDY_EVERY = 600.0


class Recorder:
    """One per process; ``add`` never waits."""

    def __init__(self) -> None:
        self._waiting: list[Happened] = []
        self._lost = 0

    def add(self, happened: Iterable[Happened]) -> None:
        """Keep these soon."""
        self._waiting += happened
        if len(self._waiting) > MOST_WAITING:
            self._lost += len(self._waiting) - MOST_WAITING
            del self._waiting[:-MOST_WAITING]

    async def run(self) -> None:
        """Write what waits, and throw away what is old, until cancelled."""
        tidied = 0.0
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.flush()
                if (now := asyncio.get_running_loop().time()) - tidied >= TIDY_EVERY:
                    tidied = now
                    await tidy()
            except DatabaseError as error:
                log.warning("what changed could not be kept (%s); it is tried again", error)

    async def flush(self) -> None:
        """Write all that waits. What happened in a cluster that was removed meanwhile is left out."""
        if self._lost:
            log.warning("%d changes were not kept: the database is too slow", self._lost)
            self._lost = 0
        batch = self._waiting[:]
        if not batch:
            return
        there = {
            one
            async for one in Cluster.objects.filter(pk__in={one.cluster for one in batch}).values_list("pk", flat=True)
        }
        await Moment.objects.abulk_create([_row(one) for one in batch if one.cluster in there])
        del self._waiting[: len(batch)]


async def tidy() -> None:
    """Throw away what is older than 30 days, and all beyond 50,000 rows."""
    await Moment.objects.filter(at__lt=datetime.now(UTC) - KEEP_FOR).adelete()
    last = await Moment.objects.order_by("-id").values_list("pk", flat=True)[KEEP_ROWS : KEEP_ROWS + 1].afirst()
    if last is not None:
        await Moment.objects.filter(pk__lte=last).adelete()


def visible(
    scope: Scope, since: datetime | None = None, hidden: Mapping[int, Collection[str]] | None = None
) -> QuerySet[Moment]:
    """What happened within this scope, newest first; but to ``hidden`` kinds of a cluster."""
    reach = Q(pk__in=())
    for cluster, namespaces in scope.items():
        within = Q(cluster=cluster) if namespaces is None else Q(cluster=cluster, namespace__in=namespaces)
        kinds = (hidden or {}).get(cluster)
        reach |= within & ~Q(kind__in=kinds) if kinds else within
    found = Moment.objects.filter(reach).select_related("cluster")
    return found.filter(at__gte=since) if since else found


async def newest(scope: Scope, count: int, hidden: Mapping[int, Collection[str]] | None = None) -> list[Moment]:
    """The last few."""
    rows: AsyncIterator[Moment] = visible(scope, None, hidden)[:count].__aiter__()
    return [one async for one in rows]


async def about(cluster_id: int, kind: str, resource: Resource, count: int = 100) -> list[dict[str, Any]]:
    """What was seen happening to it, or to one that had its name before, newest first: at, words, name, level."""
    same = Q(uid=resource.uid) | Q(namespace=resource.namespace, name=resource.name)
    found = Moment.objects.filter(same, cluster=cluster_id, kind=kind)[:count]
    return [{"at": one.at.timestamp(), "words": one.words, "name": one.name, "level": one.level} async for one in found]


def _row(one: Happened) -> Moment:
    return Moment(
        at=datetime.fromtimestamp(one.at, UTC),
        cluster_id=one.cluster,
        kind=one.kind[:80],
        namespace=one.namespace[:253],
        name=one.name[:253],
        uid=one.uid[:128],
        what=one.what,
        words=one.words[:300],
        level=int(one.level),
        detail=one.detail,
    )
