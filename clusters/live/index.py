"""What lists know of the rows of one store, worked out once for all views of them and kept while the store changes.

Opening a list, typing a search or choosing a filter then costs a scan, and no sorting: every sort column in use has a
master order here. Long work (a first look at 10,000 rows, a first list of them) is done in slices between which the
event loop is free; see docs/engine.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import filterfalse, islice
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

from sortedcontainers import SortedList

from clusters.live.cluster import ClusterInfo
from clusters.live.row import Row
from clusters.live.store import Delta, Store
from clusters.live.table import Table

SLICE = 500  # rows worked out before others have their turn: about 2 ms
READ_AFTER = 1.0  # seconds: first comes what somebody waits for
_NONE: Mapping[str, str] = {}  # one for all that have no labels: an empty one of each would be 6 MB of 100,000 rows


@dataclass(slots=True)
class Entry(Row):
    """A row as lists know it. It never changes: when its resource does, another one takes its place."""

    uid: str = ""
    facets: tuple[str, ...] = ()  # its values in the columns that can be filtered by
    text: str = ""  # what the search box looks through, once ``read`` said it
    labels: Mapping[str, str] = field(init=False, repr=False, compare=False)  # those of its resource, as ``text``

    def read(self) -> None:
        """Know what is searched in. The labels are held here, too: going to 100,000 resources for them takes 20 ms."""
        more = self.kind.search(self.resource) if self.kind.search else ""
        self.text = f"{self.resource.name}\0{self.resource.namespace}\0{more}".casefold()
        self.labels = self.resource.labels or _NONE


Change: TypeAlias = tuple[Entry | None, Entry | None]  # before, after; None: was not there, is not there
Move: TypeAlias = tuple[Entry | None, Entry | None, str | None, str | None]  # and its sort key before and after
Listener: TypeAlias = Callable[[Sequence[Move]], None]


class Index:
    """The rows of one store that belong to one table."""

    def __init__(self, store: Store, cluster: ClusterInfo, table: Table) -> None:
        self.store = store
        self.cluster = cluster
        self.table = table
        self.entries: dict[str, Entry] = {}  # by uid
        self.facets: tuple[Counter[str], ...] = tuple(Counter() for column in table.columns if column.facet)
        self._read_facets = [column.facet for column in table.columns if column.facet]
        self._orders: dict[str, Order] = {}
        self._behind: dict[str, None] = dict.fromkeys(store.resources)  # uids to look at, again or for the first time
        self._leave = store.subscribe(self._take)
        self._unread: list[Entry] | None = None  # rows whose texts are still to be read; None: not begun
        self._reading: asyncio.Task[None] | None = None

    @property
    def listed(self) -> bool:
        """Is everything known that the store was told?"""
        return self.store.listed and not self._behind

    @property
    def outlived(self) -> bool:
        """Did the store forget its rows, because nobody looked?"""
        return bool(self.entries) and not self.store.resources

    def order(self, sort: str) -> Order:
        """The master order by that column; kept until ``let_go``."""
        if sort not in self._orders:
            self._orders[sort] = Order(self, sort)
        return self._orders[sort]

    def let_go(self, sort: str) -> None:
        """Nobody looks through that order any longer. The one that the list opens with is kept."""
        if sort != self.table.sort and sort in self._orders and not self._orders[sort].listeners:
            del self._orders[sort]

    def close(self) -> None:
        """Nobody asks for these rows any longer."""
        self._leave()
        self._behind.clear()
        if self._reading:
            self._reading.cancel()

    def catch_up(self, most: int | None = None) -> bool:
        """Look at what is behind, all of it or so many rows. True when nothing is left."""
        uids = list(islice(self._behind, most))
        for uid in uids:
            del self._behind[uid]
        if uids:
            self._look_at(uids)
        return not self._behind

    def read_ahead(self) -> None:
        """Once, when the first list has been shown: read what a search will look through, before anybody searches."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_later(), name=f"read {self.store.kind.name} for searches")

    async def _read_later(self) -> None:
        await asyncio.sleep(READ_AFTER)
        while not self.listed:  # noqa: ASYNC110 -- a long list is there only after seconds
            await asyncio.sleep(READ_AFTER)
        while not self.read_texts(SLICE):  # noqa: ASYNC110
            await asyncio.sleep(0)

    def read_texts(self, most: int | None = None) -> bool:
        """Before the first search: what it will look through, all of it or of so many rows. True when nothing is left.

        From then on the texts of rows that come are read with them.
        """
        if self._unread is None:
            self._unread = list(self.entries.values())
        for _ in range(min(most or len(self._unread), len(self._unread))):
            self._unread.pop().read()
        return not self._unread

    def _take(self, store: Store, deltas: Sequence[Delta]) -> None:
        uids = dict.fromkeys((after or before).uid for before, after in deltas)  # type: ignore[union-attr]
        if len(uids) <= SLICE:
            self._look_at(uids)
        else:
            self._behind |= uids
            self._go_on()

    def _go_on(self) -> None:
        if not self.catch_up(SLICE):
            asyncio.get_running_loop().call_soon(self._go_on)

    def _look_at(self, uids: Iterable[str]) -> None:
        """Compare with what the store knows now: one batch may name the same resource twice."""
        resources = self.store.resources
        fresh = self._entries([resources[uid] for uid in uids if uid in resources])
        changes: list[Change] = []
        for uid in uids:
            before, after = self.entries.pop(uid, None), fresh.get(uid)
            if after is not None:
                self.entries[uid] = after
            if before is not None or after is not None:
                changes.append((before, after))
        recount(self.facets, changes)
        for order in self._orders.values():
            order.apply(changes)

    def _entries(self, resources: Iterable[Any]) -> dict[str, Entry]:
        """Column by column, not row by row: of many at once each costs half as much."""
        cluster, kind, health, copies = self.cluster, self.store.kind, self.store.health, self.store.copies
        entries = [Entry(cluster, kind, one, health[one.uid], copies, one.uid) for one in resources]
        if self.table.counts is not None:
            entries = [entry for entry in entries if self.table.counts(entry)]
        columns = [list(map(facet, entries)) for facet in self._read_facets]
        for entry, facets in zip(entries, zip(*columns, strict=True), strict=bool(columns)):
            entry.facets = facets
        if self._unread is not None:
            for entry in entries:
                entry.read()
        return {entry.uid: entry for entry in entries}


class Order:
    """All rows of an index by one column.

    Each has ONE sort key, a string that ends in the row's id: a move costs microseconds with 100,000 rows, where
    sorting tuples anew would cost hundreds of milliseconds.
    """

    def __init__(self, index: Index, sort: str) -> None:
        self.index = index
        self.keys: dict[str, str] = {}  # by uid
        self.listeners: dict[Listener, None] = {}  # the views through this order
        self._sorted: Any = None  # a SortedList of all keys, once all are known
        column = index.table.column(sort)
        self._sort: Callable[[Row], str | float] = column.sort if column and column.sort else lambda row: ""
        self._behind: list[Entry] | None = None  # rows whose keys are still to be made; None: not begun

    def catch_up(self, most: int | None = None) -> bool:
        """Make the keys that are missing, all of them or so many. True when nothing is left."""
        if not self.index.catch_up(most):
            return False
        if self._behind is None:
            self._behind = list(self.index.entries.values())
        while self._behind:
            some = self._behind[-(most or SLICE) :]
            del self._behind[-len(some) :]
            now = self.index.entries
            keys = {one.uid: self._key(one) for one in some if now.get(one.uid) is one}
            self.keys.update(sorted(keys.items(), key=itemgetter(1)))  # sorted runs: the last step only merges them
            if most:
                return False
        if self._sorted is None:
            self._sorted = SortedList(self.keys.values())
        return True

    def of(self, entries: Sequence[Entry], left_out: Sequence[Entry]) -> list[str]:
        """The keys of some of its rows, in order. ``left_out`` are all others: looked for are whichever are fewer."""
        if not left_out:
            return list(self._sorted)
        most = len(entries) > len(left_out)
        few = set(map(self.keys.__getitem__, map(attrgetter("uid"), left_out if most else entries)))
        if most:
            return list(filterfalse(few.__contains__, self._sorted))
        if len(few) * 20 < len(self.keys):
            return sorted(few)
        return list(filter(few.__contains__, self._sorted))

    def apply(self, changes: Sequence[Change]) -> None:
        """Take changes of the index in, and tell the views."""
        if self._behind is None:
            return
        moves: list[Move] = []
        gone, come = [], []
        for before, after in changes:
            uid = (after or before).uid  # type: ignore[union-attr]
            old = self.keys.pop(uid, None)
            new = None if after is None else self._key(after)
            if new is not None:
                self.keys[uid] = new
            if old != new:
                gone += [old] if old is not None else []
                come += [new] if new is not None else []
            moves.append((before, after, old, new))
        if self._sorted is not None:
            replace(self._sorted, gone, come)
        for listener in tuple(self.listeners):
            listener(moves)

    def _key(self, entry: Entry) -> str:
        value = self._sort(entry)
        place = value.casefold().replace("\0", " ") if isinstance(value, str) else _number(value)
        return f"{place}\0{entry.resource.name}\0{self.index.store.prefix}{entry.uid}"


def replace(order: Any, gone: Sequence[str], come: Sequence[str]) -> None:
    """Take keys out of a SortedList, and others in."""
    for key in gone:
        order.remove(key)
    order.update(come)


def recount(counters: Sequence[Counter[str]], changes: Iterable[Change]) -> None:
    """Count what is there now in, and what was there before out; most changes are of something else."""
    different = [
        (before, after) for before, after in changes if before is None or after is None or before.facets != after.facets
    ]
    if different:
        discount(counters, [before for before, _ in different if before is not None])
        count(counters, [after for _, after in different if after is not None])


def count(counters: Sequence[Counter[str]], entries: Iterable[Entry]) -> None:
    """Count the facets of rows in."""
    for counter, values in zip(counters, _columns(entries), strict=False):
        counter.update(values)


def discount(counters: Sequence[Counter[str]], entries: Iterable[Entry]) -> None:
    """Count them out. What nothing has any longer is no choice."""
    for counter, values in zip(counters, _columns(entries), strict=False):
        for value, times in Counter(values).items():
            counter[value] -= times
            if not counter[value]:
                del counter[value]


def _columns(entries: Iterable[Entry]) -> Iterable[tuple[str, ...]]:
    return zip(*[entry.facets for entry in entries], strict=True)


@lru_cache(maxsize=4096)  # most numbers of a column are a few different ones
def _number(value: float) -> str:
    """A string that sorts as the number does: padded, and moved so that negative ones sort before zero."""
    return f"{value + 1e15:026.6f}"
