"""The triage of this process: hears every store, judges again at most twice a second, and tells who listens."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from clusters.access import Namespaces, Scope
from clusters.ending import end
from clusters.kinds.base import Level
from clusters.live.connection import Connection
from clusters.live.store import Delta, Store
from clusters.live.supervisor import Supervisor
from clusters.triage import engine
from clusters.triage.changes import Happened, Watcher
from clusters.triage.engine import NewVersion
from clusters.triage.finding import Finding
from clusters.triage.moments import Recorder
from clusters.triage.restarts import RestartLog, Restarts
from clusters.triage.sightings import BLINK, Sightings
from clusters.triage.symptoms import UNWELL, Heard, Thing, top_owner
from clusters.triage.troubles import Troubles

EVERY = 0.5  # seconds between two judgements, when something changes all the time
TICK = 5.0
UNHEARD = ("connecting", "down", "refused")  # states of a cluster of which nobody knows what is wrong there now
MOST_SCOPES = 64  # different rights for which an answer is kept
REMEMBER_VERSIONS = 3600.0


class Triage:
    """One per process, on the event loop of the stores."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.recorder = Recorder()
        self.revision = 0
        self.changes = 0  # how many moments there were: a page that shows them knows that it is old
        self._supervisor = supervisor
        self._watcher = Watcher()
        self._troubles = Troubles()
        self._versions: dict[str, NewVersion] = {}
        self._restarts = RestartLog()
        self._sightings = Sightings()
        self._bad: dict[tuple[int, str], set[str]] = {}
        self._met: set[Store] = set()
        self._stops: dict[int, tuple[Connection, dict[Store, Callable[[], object]]]] = {}
        self._listeners: dict[Callable[[], None], None] = {}
        self._answers: OrderedDict[Any, Any] = OrderedDict()
        self._due: asyncio.TimerHandle | asyncio.Handle | None = None
        self._last = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._stop_hearing: list[Callable[[], object]] = []

    # Running -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow every cluster there is and every one that comes."""
        self._follow_all()
        self._stop_hearing = [
            self._supervisor.on_clusters(self._follow_all),
            self._supervisor.on_state(lambda _: self._mark()),
        ]
        self._tasks = [
            asyncio.create_task(self.recorder.run(), name="moments"),
            asyncio.create_task(self._tick(), name="triage"),
        ]

    async def stop(self) -> None:
        """Stop, and keep what is still to be kept."""
        await end(self._tasks)
        if self._due:
            self._due.cancel()
            self._due = None
        for stop in (*self._stop_hearing, *(stop for _, stops in self._stops.values() for stop in stops.values())):
            stop()
        self._stops.clear()
        await self.recorder.flush()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear when the answers may be others. Returns how to stop."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None)

    # Answers, per rights -------------------------------------------------------------------------------------------

    def findings(self, scope: Scope) -> list[Finding]:
        """What is wrong, as far as somebody may see."""
        before: tuple[int, list[Finding]] | None = self._answers.get(("findings", frozenset(scope.items())))
        found: list[Finding] = self._answer("findings", scope, lambda: self._find(scope, before[1] if before else ()))
        return found

    def levels(self, scope: Scope) -> dict[Level, int]:
        """How many apps are how well."""
        found: dict[Level, int] = self._answer("levels", scope, lambda: engine.counts(self.heard(), scope))
        return found

    def squares(self, scope: Scope) -> tuple[tuple[str, Level], ...]:
        """Every app with how it is: what the hive draws."""
        found: tuple[tuple[str, Level], ...] = self._answer(
            "squares",
            scope,
            lambda: tuple(
                (one.row, one.health.level)
                for cluster in self.heard()
                if cluster.id in scope
                for store in cluster.stores.values()
                for one in engine.apps(store, scope[cluster.id])
            ),
        )
        return found

    def counts(self, scope: Scope) -> dict[str, int]:
        """The numbers of the sidebar: what needs attention, apps, and resources of each kind that is watched."""
        found: dict[str, int] = self._answer("counts", scope, lambda: self._count(scope))
        return found

    def restarts(self, scope: Scope) -> Restarts:
        """How often anything was started again within the last hour, as far as we watched."""
        return self._restarts.within(scope, time.time())

    def heard(self) -> list[Heard]:
        """Every cluster as the triage sees it."""
        return [_heard(one) for one in self._supervisor.connections.values()]

    def _find(self, scope: Scope, before: Sequence[Finding]) -> list[Finding]:
        now, heard = time.time(), self.heard()
        found = engine.find(heard, scope, now, self._sightings.first, self._versions, self._bad)
        self._sightings.note(found, {one.id for one in heard if one.state in UNHEARD}, now)
        shown = [one for one in found if self._sightings.lasts(one, now)]
        if len(shown) < len(found):
            asyncio.get_running_loop().call_later(BLINK, self._mark)
        held = [one for one in before if self._may_come_back(one, {one.id for one in found}, now)]
        return sorted(shown + held, key=engine.urgency)

    def _may_come_back(self, one: Finding, current: set[str], now: float) -> bool:
        """What crashes again and again is up for a moment between two crashes: still the same trouble."""
        if one.id in current or not one.row or not self._sightings.was_there(one.id, now):
            return False
        row = self._supervisor.row(one.row)
        return row is not None and row.health.level == Level.CHANGING

    def _count(self, scope: Scope) -> dict[str, int]:
        numbers = {"attention": len(self.findings(scope)), "workloads": sum(self.levels(scope).values())}
        for store in self._supervisor.stores():
            if store.cluster_id in scope and store.listed:
                here = counted(store, scope[store.cluster_id])
                numbers[store.kind.name] = numbers.get(store.kind.name, 0) + here
        return numbers

    def _answer(self, what: str, scope: Scope, ask: Callable[[], Any]) -> Any:
        key = (what, frozenset(scope.items()))
        kept = self._answers.get(key)
        if kept is None or kept[0] != self.revision:
            kept = self._answers[key] = (self.revision, ask())
            if len(self._answers) > MOST_SCOPES:
                self._answers.popitem(last=False)
        return kept[1]

    # Hearing -----------------------------------------------------------------------------------------------------

    def _follow_all(self) -> None:
        there = self._supervisor.connections
        for cluster_id, (connection, stops) in tuple(self._stops.items()):
            if there.get(cluster_id) is not connection:
                self._leave(stops, set(stops))
                self._watcher.forget(cluster_id)
                del self._stops[cluster_id]
        for cluster_id, connection in there.items():
            self._follow(connection, self._stops.setdefault(cluster_id, (connection, {}))[1])
        self._mark()

    def _follow(self, connection: Connection, stops: dict[Store, Callable[[], object]]) -> None:
        """Hear all that it has now: an engine that begins or leaves a Swarm has other stores than a moment ago."""
        noticed, own = {one.found for one in connection.noticers}, set(connection.stores.values())
        self._leave(stops, stops.keys() - own - noticed)
        for store in (own | noticed) - stops.keys():
            if store in noticed:
                stops[store] = store.subscribe(lambda *_: self._mark())
                continue
            stops[store] = store.subscribe(self._changed)
            if store.listed:
                self._meet(store)

    def _leave(self, stops: dict[Store, Callable[[], object]], gone: Collection[Store]) -> None:
        for store in gone:
            stops.pop(store)()
            self._met.discard(store)
            self._bad.pop((store.cluster_id, store.kind.name), None)

    def _meet(self, store: Store) -> None:
        self._met.add(store)
        self._bad[store.cluster_id, store.kind.name] = {
            uid for uid, health in store.health.items() if health.level in UNWELL
        }
        for uid in store.apps:
            self._watcher.meet(Thing(store.cluster_id, store.kind, store.resources[uid], store.health[uid]))

    def _changed(self, store: Store, deltas: Sequence[Delta]) -> None:
        if store not in self._met:
            if store.listed:
                self._meet(store)
        else:
            now, bad = time.time(), self._bad[store.cluster_id, store.kind.name]
            for before, after in deltas:
                if after is None:
                    if before is not None:
                        bad.discard(before.uid)
                        self._watcher.removed(f"{store.prefix}{before.uid}", now)
                    continue
                self._note(store, before, Thing(store.cluster_id, store.kind, after, store.health[after.uid]), bad, now)
        self._mark()

    def _note(self, store: Store, before: Any, one: Thing, bad: set[str], now: float) -> None:
        (bad.add if one.health.level in UNWELL else bad.discard)(one.resource.uid)
        if before is not None and (workload := store.kind.workload) is not None:
            grown = (workload.restarts(one.resource) or 0) - (workload.restarts(before) or 0)
            if grown > 0 and not store.kind.copies_of:
                top = top_owner(self._stops[store.cluster_id][0].stores, one)
                self._restarts.note(now, store.cluster_id, one.resource.namespace, top.resource.name, grown)
                self._keep(self._watcher.restarted(top, now))
        if one.resource.uid in store.apps:
            self._keep(self._watcher.changed(one, now))

    def _keep(self, happened: Sequence[Happened]) -> None:
        for one in happened:
            if one.what == "new version":
                row = f"{one.cluster}~{one.kind}~{one.uid}"
                self._versions[row] = NewVersion(one.at, one.detail["from"], one.detail["to"])
        self.changes += len(happened)
        self.recorder.add(happened)

    # Telling -----------------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(max(0.02, self._last + EVERY - loop.time()), self._tell)

    def _tell(self) -> None:
        self._due, self._last = None, asyncio.get_running_loop().time()
        self.revision += 1
        unheard = {one.id for one in self.heard() if one.state in UNHEARD}
        if happened := self._troubles.judge(self.findings(self._everything()), time.time(), unheard):
            self._keep(happened)
        for listener in tuple(self._listeners):
            listener()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = time.time()
            self._keep(self._watcher.tick(now))
            if self._sightings.first:
                self._mark()  # what lasted long enough by now is shown, what is over is told
            self._versions = {row: one for row, one in self._versions.items() if now - one.at < REMEMBER_VERSIONS}
            self._sightings.forget({one.id for one in self.findings(self._everything())}, now)

    def _everything(self) -> Scope:
        return dict.fromkeys(self._supervisor.connections)


def counted(store: Store, namespaces: Namespaces) -> int:
    """How many of its resources are in these."""
    if namespaces is None:
        return len(store.resources)
    return sum(store.kind.seen_in(one) in namespaces for one in store.resources.values())


def _heard(connection: Connection) -> Heard:
    contact, about = connection.contact, connection.about
    return Heard(
        id=connection.cluster.id,
        name=connection.cluster.name,
        platform=connection.driver.platform,
        state=contact.state(time.time()),
        stores=connection.stores,
        heard=contact.heard,
        why=contact.error.message if contact.error else "",
        hint=contact.error.hint if contact.error else "",
        about=" · ".join(filter(None, (about.version, about.words))) if about else "",
        noticed=[noticer.found for noticer in connection.noticers],
    )
