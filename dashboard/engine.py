"""The running engine of this process: the clusters, the samplers, and the doors to them for views and topics.

Started by the application's lifespan, on its event loop. Views that touch live data are ``async`` for that reason:
stores are read and written on one loop, without locks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from clusters import newer_images
from clusters.access import Actor, Scope, scope
from clusters.apply import undo
from clusters.audit import settle_interrupted
from clusters.connect.secrets import Sealed, read_secret
from clusters.drivers.base import Platform
from clusters.gateway import Gateway
from clusters.jobs import interrupt_running
from clusters.kinds.base import Kind
from clusters.live.cluster import ClusterInfo
from clusters.live.row import Row
from clusters.live.supervisor import Supervisor
from clusters.live.table import TABLES
from clusters.live.totals import Totals
from clusters.live.usage import Sampler
from clusters.models import Cluster
from clusters.registries import seen
from clusters.triage.live import Triage


def address(row: Row) -> str:
    """Where a resource's page is."""
    return page_of(row.cluster, row.kind, row.key)


def page_of(cluster: ClusterInfo, kind: Kind[Any], key: str) -> str:
    """Where the page of that kind and key is."""
    return f"/clusters/{cluster.slug}/{kind.name}/{quote(key)}/"


def info(cluster: Cluster) -> ClusterInfo:
    """What the engine must know of a cluster."""
    namespaces = str(cluster.settings.get("namespaces") or "").split()
    return ClusterInfo(
        id=cluster.pk,
        name=cluster.name,
        slug=cluster.slug,
        driver=cluster.driver,
        platform=cluster.platform,
        colour=cluster.colour,
        production=cluster.production,
        read_only=cluster.read_only,
        namespaces=frozenset(namespaces) if namespaces else None,
        settings=cluster.settings,
    )


# The lists that are the same wherever they are looked at.
OURS = frozenset(TABLES)


class Engine:
    """One per process."""

    def __init__(self) -> None:
        self.supervisor = Supervisor(address)
        self.sampler = Sampler(self.supervisor, lambda: _tell(self._sample_listeners))
        self.totals = Totals(self.supervisor, lambda: _tell(self._total_listeners))
        self.gateway = Gateway(self.supervisor)
        self.triage = Triage(self.supervisor)
        self.started = False
        self.somebody = True  # has an account; only a Pilothouse without any leads to its set-up page
        self._tasks: list[asyncio.Task[None]] = []
        self._leave: list[Callable[[], object]] = []
        self._sample_listeners: dict[Callable[[], None], None] = {}
        self._total_listeners: dict[Callable[[], None], None] = {}

    async def start(self) -> None:
        """Connect every cluster that is kept and begin to watch. Asked twice, it starts once."""
        if self.started:
            return
        self.started = True
        self.somebody = await get_user_model().objects.aexists()
        await interrupt_running()
        await sync_to_async(settle_interrupted)()
        self._tasks = [
            asyncio.create_task(self.sampler.run(), name="usage sampler"),
            asyncio.create_task(self.totals.run(), name="totals"),
            asyncio.create_task(undo.run(), name="undo"),
        ]
        self.triage = Triage(self.supervisor)
        self.triage.start()
        self._leave = [seen.on_changed(self._ask_again), self.supervisor.on_turned(self._turned)]
        async for cluster in Cluster.objects.all():
            await self.connect(cluster)

    async def stop(self) -> None:
        """Let go of every cluster."""
        for leave in self._leave:
            leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.triage.stop()
        await self.supervisor.close()
        self.started = False

    async def connect(self, cluster: Cluster) -> None:
        """Connect a cluster, or connect it anew after its settings changed."""
        await self.supervisor.remove(cluster.pk)
        try:
            self.supervisor.add(info(cluster), read_secret(cluster))
        except Sealed as error:
            self.supervisor.add_closed(info(cluster), cluster.platform, error)  # type: ignore[arg-type]

    def _ask_again(self, names: set[str]) -> None:
        """A pull, a push or a deletion of ours: what the lists say of the registries is judged again at once."""
        work = newer_images.ask_again(list(self.supervisor.connections.values()), names)
        self._begin(work, "ask the registries again")

    def _turned(self, cluster_id: int, platform: Platform) -> None:
        """An engine became a manager of a Swarm, or is none any longer: it is connected anew, with other kinds."""
        self._begin(self._connect_as(cluster_id, platform), "connect as another platform")

    async def _connect_as(self, cluster_id: int, platform: Platform) -> None:
        if await Cluster.objects.filter(pk=cluster_id).aupdate(platform=platform):
            await self.connect(await Cluster.objects.aget(pk=cluster_id))

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(work, name=name))

    async def disconnect(self, cluster_id: int) -> None:
        """Let go of one cluster."""
        await self.supervisor.remove(cluster_id)

    async def learn(self, kind_name: str) -> None:
        """Know the list and the columns of a kind that no file of ours describes, before it is shown."""
        if kind_name not in OURS:
            await self.supervisor.learn(kind_name)

    def scope(self, actor: Actor, only: str = "") -> Scope:
        """What of the connected clusters this person may see; with ``only``, of the cluster of that address."""
        clusters = self.supervisor.connections
        return scope(actor, [one for one in clusters if not only or clusters[one].cluster.slug == only])

    def counts(self, seen: Scope) -> dict[str, int]:
        """The numbers of the sidebar."""
        return self.triage.counts(seen)

    def on_attention(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear when the counts of the sidebar may be others. Returns how to stop."""
        return self.triage.subscribe(listener)

    def on_sampled(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear when usage was sampled. Returns how to stop."""
        return _hear(self._sample_listeners, listener)

    def on_totals(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear when the usage of whole clusters was sampled. Returns how to stop."""
        return _hear(self._total_listeners, listener)


def _hear(listeners: dict[Callable[[], None], None], listener: Callable[[], None]) -> Callable[[], None]:
    listeners[listener] = None
    return lambda: listeners.pop(listener, None)


def _tell(listeners: dict[Callable[[], None], None]) -> None:
    for listener in tuple(listeners):
        listener()


engine = Engine()
