"""The running engine of this process: the clusters, the samplers, and the doors to them for views and topics.

Started by the application's lifespan, on its event loop. Views that touch live data are ``async`` for that reason:
stores are read and written on one loop, without locks.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from clusters import actors, newer_images, owed
from clusters.access import Actor, Scope, sees_kind
from clusters.apply import undo
from clusters.audit import settle_interrupted
from clusters.compose.following import Follower
from clusters.connect.renewing import KeptInRow
from clusters.connect.secrets import Sealed, read_secret
from clusters.connections import seen
from clusters.drivers.base import Platform
from clusters.ending import end
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
from clusters.registries import seen as images_seen
from clusters.triage.finding import Finding
from clusters.triage.live import Triage, counted


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
        actors.narrow = self.gateway.narrowing.of
        self.triage = Triage(self.supervisor)
        self.follower = Follower(self.gateway)
        self.started = False
        self.somebody = True  # has an account; only a Pilothouse without any leads to its set-up page
        self._connecting: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)  # by cluster
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
            asyncio.create_task(self.follower.run(), name="projects from git"),
        ]
        self.triage = Triage(self.supervisor)
        self.triage.start()
        self._leave = [images_seen.on_changed(self._ask_again), self.supervisor.on_turned(self._turned)]
        async for cluster in Cluster.objects.all():
            await self.connect(cluster)

    async def stop(self) -> None:
        """Let go of every cluster."""
        for leave in self._leave:
            leave()
        await end(self._tasks)
        await self.follower.stop()
        await self.triage.stop()
        await self.supervisor.close()
        await owed.stop()
        self.started = False

    async def connect(self, cluster: Cluster) -> None:
        """Connect a cluster, or connect it anew after its settings changed."""
        async with self._connecting[cluster.pk]:  # two at once would each begin one, and one of them never ended
            await self.supervisor.remove(cluster.pk)
            try:
                self.supervisor.add(info(cluster), read_secret(cluster), KeptInRow(cluster.pk))
            except Sealed as error:
                self.supervisor.add_closed(info(cluster), cluster.platform, error)  # type: ignore[arg-type]

    def _ask_again(self, names: set[str]) -> None:
        """A pull, a push or a deletion of ours: what the lists say of the registries is judged again at once."""
        work = newer_images.ask_again(list(self.supervisor.connections.values()), names)
        self._begin(work, "ask the registries again")

    def _turned(self, cluster_id: int, platform: Platform) -> None:
        """An engine became a manager of a Swarm, or is none any longer: it has other kinds."""
        self._begin(self._turn(cluster_id, platform), "turn into another platform")

    async def _turn(self, cluster_id: int, platform: Platform) -> None:
        if await Cluster.objects.filter(pk=cluster_id).aupdate(platform=platform):
            async with self._connecting[cluster_id]:
                self.supervisor.turn(info(await Cluster.objects.aget(pk=cluster_id)), platform)

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(work, name=name))

    async def disconnect(self, cluster_id: int) -> None:
        """Let go of one cluster."""
        async with self._connecting[cluster_id]:
            await self.supervisor.remove(cluster_id)

    async def learn(self, kind_name: str) -> None:
        """Know the list and the columns of a kind that no file of ours describes, before it is shown."""
        if kind_name not in OURS:
            await self.supervisor.learn(kind_name)

    def scope(self, actor: Actor, only: str = "", kinds: Iterable[Kind[Any]] = ()) -> Scope:
        """What of the connected clusters this person may see; with ``only``, of the cluster of that address.

        With ``kinds``: where they see these. What is told of apps needs none (see ``clusters.access.scope``).
        """
        clusters = self.supervisor.connections
        asked = [one for one in clusters if not only or clusters[one].cluster.slug == only]
        return seen(self.supervisor, actor, asked, kinds)

    def whole(self, actor: Actor, scope: Scope) -> list[int]:
        """Those of these clusters that this person sees as a whole, with their machines, and so their usage."""
        return [one for one, namespaces in scope.items() if namespaces is None and self.shows(actor, one, "node")]

    def shows(self, actor: Actor, cluster_id: int, kind_name: str, namespace: str | None = None) -> bool:
        """Does the cluster itself show that kind there to this person, where it is asked as them?"""
        connection = self.supervisor.connections.get(cluster_id)
        if connection is None:
            return False  # it was disconnected a moment ago, and what was found there is still told
        store = connection.stores.get(kind_name)
        return store is None or sees_kind(actor, cluster_id, store.kind, namespace)

    def hidden_kinds(self, actor: Actor) -> dict[int, list[str]]:
        """By cluster, the kinds that it does not show to this person wherever it shows them apps."""
        hidden: dict[int, list[str]] = {}
        for number, limits in actor.limits:
            stores = self.supervisor.connections[number].stores if number in self.supervisor.connections else {}
            kinds = {name: limits.of(store.kind) for name, store in stores.items()}
            hidden[number] = [
                name for name, shown in kinds.items()
                if shown is not None and (limits.namespaces is None or not limits.namespaces <= shown)
            ]  # fmt: skip
        return hidden

    def findings(self, actor: Actor, scope: Scope) -> list[Finding]:
        """What is wrong, as far as this person may see what it is about."""
        return [
            one
            for one in self.triage.findings(scope)
            if not actor.limits or not one.kind or self.shows(actor, one.cluster, one.kind, one.namespace or None)
        ]

    def counts(self, actor: Actor, scope: Scope) -> dict[str, int]:
        """The numbers of the sidebar."""
        numbers = self.triage.counts(scope)
        if not actor.limits:
            return numbers
        mine = dict(numbers, attention=len(self.findings(actor, scope)))
        for store in self.supervisor.stores():
            known = store.listed and store.kind.name in mine  # one that was listed a moment ago is not counted yet
            if store.cluster_id in scope and known and actor.limits_on(store.cluster_id):
                shown = self.gateway.reach(actor, store.cluster_id, [store.kind])
                mine[store.kind.name] += counted(store, shown) - counted(store, scope[store.cluster_id])
        return mine

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
