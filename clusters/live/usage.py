"""Usage of what somebody looks at: rows of lists every few seconds, a Docker page's own every second; kept an hour.

Samples travel beside the rows, never in them: a number that moves all the time must not re-sort or re-send a row.
A deployment's usage is the sum of its copies'.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Usage
from clusters.errors import ClusterError
from clusters.live.frame import Frame
from clusters.live.row import Row

if TYPE_CHECKING:
    from clusters.kinds.base import Kind
    from clusters.live.connection import Connection
    from clusters.live.supervisor import Supervisor

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds
PAGE_EVERY = 1.0  # seconds, for what has a page open: the pace at which an engine itself counts
CLOSE = 300.0  # seconds for which every sample of a page is kept; of older ones one in five seconds
KEPT = 720  # samples per resource: an hour
LIMIT = 5.0  # seconds one cluster may take to answer
FRESH = 4 * EVERY  # seconds a sample counts as now


class Sampler:
    """Samples, remembers, and tells the windows."""

    def __init__(self, supervisor: Supervisor, sampled: Callable[[], None] = lambda: None) -> None:
        self._supervisor = supervisor
        self._sampled = sampled  # told after each round
        self._history: dict[str, deque[Usage]] = {}
        self._looked_at: dict[str, float] = {}  # row id -> when somebody last looked
        self._watched: dict[str, int] = defaultdict(int)  # row ids of open pages, beside those in windows
        self._wake = asyncio.Event()
        self._opened = asyncio.Event()  # a page

    def last(self, row_id: str) -> Usage | None:
        """The newest sample, unless it is too old to be shown as now."""
        history = self._history.get(row_id)
        return history[-1] if history and time.time() - history[-1].at < FRESH else None

    def history(self, row_id: str) -> Sequence[Usage]:
        """The samples of the last hour, oldest first; only of times when somebody looked."""
        horizon = time.time() - KEPT * EVERY
        return tuple(sample for sample in self._history.get(row_id, ()) if sample.at > horizon)

    def look(self, row_id: str) -> None:
        """A page shows this resource from now on."""
        self._watched[row_id] += 1
        self._wake.set()
        self._opened.set()

    def look_away(self, row_id: str) -> None:
        """The page was closed."""
        self._watched[row_id] -= 1
        if self._watched[row_id] <= 0:
            del self._watched[row_id]

    def wake(self) -> None:
        """A new window is looked at: sample it now rather than in five seconds."""
        self._wake.set()

    async def run(self) -> None:
        """Sample for ever; at rest while nobody looks."""
        self._wake, self._opened = asyncio.Event(), asyncio.Event()  # of the loop that we run on
        await asyncio.gather(self._rounds(), self._page_rounds())

    async def _rounds(self) -> None:
        while True:
            self._wake.clear()
            rows = self._rows_looked_at()
            if rows:
                await self._round(rows)
            self._tell()
            try:
                async with asyncio.timeout(EVERY if rows or self._watched else None):
                    await self._wake.wait()
                await asyncio.sleep(0.2)  # a page opens several windows at once: take them together
            except TimeoutError:
                pass

    async def _page_rounds(self) -> None:
        """Once a second, whatever the number of those who look at that page; a cluster that is slow is not hurried."""
        while True:
            began = time.monotonic()
            if not self._watched:
                self._opened.clear()
                await self._opened.wait()
            if rows := self._rows_of_pages():
                await self._round(rows)
            await asyncio.sleep(max(0.1, PAGE_EVERY - (time.monotonic() - began)))

    async def _round(self, rows: Mapping[str, Row]) -> None:
        by_cluster: dict[int, dict[str, Row]] = defaultdict(dict)
        for row_id, row in rows.items():
            self._looked_at[row_id] = time.time()
            by_cluster[row.cluster.id][row_id] = row
        await asyncio.gather(*(self._sample(cluster, of_it) for cluster, of_it in by_cluster.items()))
        self._sampled()
        self._forget_old()

    def _rows_looked_at(self) -> Mapping[str, Row]:
        """Those of lists, and of pages that have no faster round of their own."""
        rows: dict[str, Row] = {}
        for window in self._supervisor.hub.windows():
            if any(column.cell == "usage" for column in window.columns):
                rows.update({row.id: row for row in window.visible()})
        rows.update({row_id: row for row_id in tuple(self._watched) if (row := self._supervisor.row(row_id))})
        fast = self._rows_of_pages()
        return {row_id: row for row_id, row in rows.items() if row_id not in fast}

    def _rows_of_pages(self) -> Mapping[str, Row]:
        rows = {row_id: self._supervisor.row(row_id) for row_id in tuple(self._watched)}
        return {
            row_id: row for row_id, row in rows.items() if row and row.kind.measured and row.kind.platform == "docker"
        }

    async def _sample(self, cluster_id: int, rows: dict[str, Row]) -> None:
        connection = self._supervisor.connections.get(cluster_id)
        if connection is None or connection.contact.error is not None:
            return
        copies = {row_id: _copies(connection, row) for row_id, row in rows.items()}
        measured: dict[str, Usage] = {}
        by_kind: dict[str, dict[str, Any]] = defaultdict(dict)
        for kind_name, resources in copies.values():
            by_kind[kind_name].update({resource.uid: resource for resource in resources})
        for kind_name, by_uid in by_kind.items():
            try:
                kind = connection.stores[kind_name].kind
                async with asyncio.timeout(LIMIT):
                    measured |= await connection.driver.usage(kind, list(by_uid.values()))
            except (TimeoutError, ClusterError) as error:
                log.info("usage of %s on %s: %s", kind_name, connection.cluster.name, error)
            except Exception:
                log.exception("usage of %s on %s failed", kind_name, connection.cluster.name)
        booked = {kind.name: _booked(connection, kind) for kind in {row.kind for row in rows.values()}}
        for row_id, (_, resources) in copies.items():
            samples = [measured[resource.uid] for resource in resources if resource.uid in measured]
            if samples:
                # By our clock: that of a cluster may be hours off, and then nothing of it would count as now.
                sample = replace(total(samples), at=time.time())
                self._keep(row_id, _with_booked(rows[row_id], sample, booked[rows[row_id].kind.name]))
            elif self._is_over(row_id):
                self._keep(row_id, Usage(at=time.time(), cpu=None, memory=None))

    def _is_over(self, row_id: str) -> bool:
        """Was it measured, and is not any longer? That is a sample, too: its last numbers are not shown for ever."""
        history = self._history.get(row_id)
        return history is not None and time.time() - history[-1].at >= FRESH

    def _keep(self, row_id: str, sample: Usage) -> None:
        """All of the last minutes, of older ones as many as a list has."""
        history = self._history.setdefault(row_id, deque(maxlen=KEPT + int(CLOSE / PAGE_EVERY)))
        history.append(sample)
        if len(history) % 60 == 0:
            close, kept = sample.at - CLOSE, list[Usage]()
            for one in history:
                if one.at > close or not kept or one.at - kept[-1].at >= EVERY - 0.5:
                    kept.append(one)
            history.clear()
            history.extend(kept)

    def _tell(self) -> None:
        for window in self._supervisor.hub.windows():
            rows = {row.id: usage_cells(sample) for row in window.visible() if (sample := self.last(row.id))}
            if rows:
                frame = Frame(t="usage", rows=rows)
                for follower in tuple(window.followers):
                    follower.deliver(frame)

    def _forget_old(self) -> None:
        horizon = time.time() - KEPT * EVERY
        for row_id in [row_id for row_id, at in self._looked_at.items() if at < horizon]:
            del self._looked_at[row_id]
            self._history.pop(row_id, None)


def usage_cells(sample: Usage) -> dict[str, list[float | str | None]]:
    """What the ``usage`` cells show: value, limit, unit; what was requested; the part that is nearest to its limit."""
    share, name = sample.nearest
    cpu: list[float | str | None] = [sample.cpu, sample.cpu_limit, "cores"]
    memory: list[float | str | None] = [sample.memory, sample.memory_limit, "bytes"]
    if sample.cpu_request != 0.0 or sample.memory_request != 0.0 or share:
        cpu += [sample.cpu_request, 0.0]
        memory += [sample.memory_request, round(share, 3)]
    if name:
        memory.append(name)
    return {"cpu": cpu, "memory": memory}


def usage_point(sample: Usage) -> list[float | None]:
    """One sample as the charts take it; None is not measured."""
    traffic = (sample.net_in, sample.net_out, sample.disk_read, sample.disk_write)
    return [round(sample.at, 1), sample.cpu, sample.memory, *traffic]


def usage_history(samples: Sequence[Usage]) -> dict[str, Any]:
    """What charts begin with: the points, the limits now, and after how many seconds without a point there is a gap."""
    last = samples[-1] if samples else None
    limits = {"cpu": last.cpu_limit if last else 0.0, "memory": last.memory_limit if last else 0.0}
    return {"points": [usage_point(sample) for sample in samples], "limits": limits, "gap": 2.6 * EVERY}


def total(samples: Sequence[Usage]) -> Usage:
    """The sum over copies. What one copy has no limit for is unlimited for all; what none measured stays unmeasured."""

    def add(name: str) -> float | None:
        values = [value for sample in samples if (value := getattr(sample, name)) is not None]
        return sum(values) if values else None

    def limit(name: str) -> float:
        values = [getattr(sample, name) for sample in samples]
        return sum(values) if all(values) else 0.0

    return Usage(
        at=max(sample.at for sample in samples),
        cpu=add("cpu"),
        memory=add("memory"),
        cpu_limit=limit("cpu_limit"),
        memory_limit=limit("memory_limit"),
        net_in=add("net_in"),
        net_out=add("net_out"),
        disk_read=add("disk_read"),
        disk_write=add("disk_write"),
        cpu_request=sum(sample.cpu_request or 0.0 for sample in samples),
        memory_request=sum(sample.memory_request or 0.0 for sample in samples),
        nearest=max(sample.nearest for sample in samples),
    )


def _copies(connection: Connection, row: Row) -> tuple[str, list[Any]]:
    """The kind and the resources that are measured for a row: itself, its copies, or what it is made of."""
    if row.kind.parts is not None:
        return row.kind.parts(row.resource)
    if not row.kind.copies_of:
        return row.kind.name, [row.resource]
    return row.kind.copies_of, list(copies(connection, row))


def asked(connection: Connection, row: Row) -> Usage | None:
    """What it requested and may use: known also where nothing is measured. None for what says nothing about that."""
    name, resources = _copies(connection, row)
    asks = connection.stores[name].kind.asks
    found = [said for one in resources if (said := asks(one))] if asks else []
    return _with_booked(row, total(found), _booked(connection, row.kind)) if found else None


def measurable(connection: Connection, row: Row) -> bool:
    """Is there anything to measure now: itself, or copies, that are not over?"""
    name, resources = _copies(connection, row)
    asks = connection.stores[name].kind.asks
    return row.kind.measured and (asks is None or any(asks(one) for one in resources))


def _booked(connection: Connection, kind: Kind[Any]) -> Mapping[str, tuple[float, float]] | None:
    """What is requested of each by those that run on it; None where not all of these are seen."""
    if kind.booked is None or connection.cluster.namespaces is not None:
        return None
    name, count = kind.booked
    store = connection.stores[name]
    return count(store.resources.values()) if store.listed else None


def _with_booked(row: Row, sample: Usage, booked: Mapping[str, tuple[float, float]] | None) -> Usage:
    """With what is requested of it by others; None of that is known where not all of these are seen."""
    if row.kind.booked is None:
        return sample
    cores, memory = (None, None) if booked is None else booked.get(row.resource.name, (0.0, 0.0))
    return replace(sample, cpu_request=cores, memory_request=memory)


def copies(connection: Connection, row: Row) -> Iterable[Any]:
    """The resources at the lower end of the owner chain that ends at this row (deployment > replica set > pod)."""
    return connection.families.below(row.resource.uid, row.kind.copies_of)
