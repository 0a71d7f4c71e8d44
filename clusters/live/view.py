"""A view: the rows of one question over any number of stores and kinds, kept in order while they change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from operator import not_
from typing import Any

from sortedcontainers import SortedList

from clusters.errors import InPart, Unreachable
from clusters.kinds.formats import listed, plain
from clusters.live.index import Entry, Index, Move, Order, count, recount, replace
from clusters.live.query import Query
from clusters.live.table import TABLES
from clusters.permissions import NotPermitted


class View:
    """Shared by everybody who asks the same question with the same rights."""

    def __init__(self, query: Query, indexes: Sequence[Index], dirty: Callable[[View, bool], None]) -> None:
        """``dirty`` is called when rows are different: with True for a change, False for what comes of a long list."""
        self.query = query
        self.table = TABLES[query.table]
        self.moved = True  # rows came, went or changed places since the last flush
        self.touched: set[str] = set()  # rows that changed where they stand
        faceted = [column.key for column in self.table.columns if column.facet]
        self.facets: dict[str, Counter[str]] = {key: Counter() for key in faceted}  # of all but what filters leave out
        self._counters = tuple(self.facets.values())
        self._dirty = dirty
        self._scope = dict(query.scope)
        self._words = query.text.split()
        self._filters = [
            (faceted.index(asked.column), asked.values, asked.without)
            for asked in query.filters
            if asked.column in faceted
        ]
        self.indexes = indexes
        self._by_kind = {(index.store.cluster_id, index.store.kind.name): index for index in indexes}
        keys: list[str] = []
        self._leave: list[Callable[[], object]] = []
        for index in indexes:
            order = index.order(query.sort)
            order.catch_up()
            if query.searches:
                index.read_texts()
            keys += self._scan(order)
            take = partial(self._take, index)
            order.listeners[take] = None
            self._leave.append(partial(order.listeners.pop, take, None))
        self.order: Any = SortedList(keys)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.order)

    @property
    def listed(self) -> bool:
        """Whether all its stores have told what they have, or nothing but why they cannot."""
        return all(index.listed or (index.store.trouble and not index.store.resources) for index in self.indexes)

    @property
    def troubles(self) -> list[str]:
        """Which of its kinds cannot be seen, where and why: said above the rows, so nothing pretends to be empty.

        Rows of a cluster, or of a kind, that fell silent are grey and say since when; that is not said twice.
        """
        found, hidden = [], defaultdict[str, list[str]](list)
        for index in self._asked():
            trouble, kind = index.store.trouble, index.store.kind
            shown = index.store.listed and index.store.resources  # of a list that was cut, nobody knows the rest
            if trouble is None or (shown and isinstance(trouble, Unreachable) and not index.store.hidden):
                continue
            if isinstance(trouble, InPart) and not index.store.resources:
                continue  # there is nothing of which more could be told
            if _could_be_narrowed(index):
                hidden[index.cluster.name].append(plain(kind.plural))
            elif index.store.hidden:
                found += _of_parts(index, self._mine(index))
            else:
                found.append(f"{kind.plural} of {index.cluster.name}: {trouble.message}")
        return found + [
            f"{name}: this cluster's account may not list {listed(kinds)} in all namespaces. "
            "Where it may, choose the namespace."
            for name, kinds in hidden.items()
        ]

    def _mine(self, index: Index) -> list[str]:
        """The namespaces of which nothing can be seen there, as far as they are named to whoever asks."""
        scope = self._scope[index.store.cluster_id]
        return sorted(index.store.hidden if scope is None else index.store.hidden & scope)

    @property
    def narrow(self) -> list[list[str]]:
        """The clusters of which something could be seen if namespaces were chosen: address and name of each."""
        hidden = [index.cluster for index in self._asked() if _could_be_narrowed(index)]
        return [list(one) for one in dict.fromkeys((cluster.slug, cluster.name) for cluster in hidden)]

    def _asked(self) -> list[Index]:
        """Those of the clusters that the filters leave in: nobody asks for trouble of the others."""
        filters = [one for one in self.query.filters if one.column == "cluster"]
        return [
            index for index in self.indexes if all((index.cluster.slug in one.values) != one.without for one in filters)
        ]

    @property
    def old(self) -> list[tuple[int, float]]:
        """(cluster, epoch seconds): whose rows are only as of then, and are asked for again."""
        return [(one.cluster.id, one.store.as_of) for one in self.indexes if one.store.listed and one.store.as_of]

    def slice(self, offset: int, limit: int) -> list[str]:
        """The ids of the rows of one window, in order."""
        if self.query.descending:
            end = max(self.total - offset, 0)
            keys = list(reversed(self.order[max(end - limit, 0) : end]))
        else:
            keys = self.order[offset : offset + limit]
        return [key.rsplit("\0", 1)[1] for key in keys]

    def row(self, row_id: str) -> Entry | None:
        """The row of that id, as it is now."""
        cluster_id, kind, uid = row_id.split("~", 2)
        return self._by_kind[int(cluster_id), kind].entries.get(uid)

    def close(self) -> None:
        """Nobody asks this any longer."""
        for leave in self._leave:
            leave()

    def _scan(self, order: Order) -> list[str]:
        """The keys of the rows of an index that belong here, in order; what they are is counted."""
        index = order.index
        found, left_out = list(index.entries.values()), list[Entry]()

        def keep(wanted: list[bool]) -> None:
            nonlocal found
            if all(wanted):
                return
            left_out.extend(compress(found, map(not_, wanted)))
            found = list(compress(found, wanted))

        if (namespaces := self._scope[index.store.cluster_id]) is not None:
            own_or_namespace = index.store.kind.own_or_namespace
            keep([own_or_namespace(entry.resource) in namespaces for entry in found])
        for word in self._words:
            keep([word in entry.text for entry in found])
        if self.query.labels:
            keep(self.query.labels.each([entry.labels for entry in found]))
        if len(found) == len(index.entries):
            for mine, all_of_them in zip(self._counters, index.facets, strict=True):
                mine.update(all_of_them)
        else:
            count(self._counters, found)
        for at, values, without in self._filters:
            keep([(entry.facets[at] in values) != without for entry in found])
        return order.of(found, left_out)

    def _take(self, index: Index, moves: Sequence[Move]) -> None:
        gone, come, admitted = [], [], []
        for before, after, old, new in moves:
            was, now = self._admitted(before), self._admitted(after)
            admitted.append((was, now))
            old_key = old if was and self._passes(was) else None
            new_key = new if now and self._passes(now) else None
            if old_key != new_key:
                gone += [old_key] if old_key is not None else []
                come += [new_key] if new_key is not None else []
            elif new_key is not None:
                self.touched.add(new_key.rsplit("\0", 1)[1])
        recount(self._counters, admitted)
        self.moved = self.moved or bool(gone or come)
        replace(self.order, gone, come)
        self._dirty(self, index.listed)

    def _admitted(self, entry: Entry | None) -> Entry | None:
        """The row, when rights, search and labels let it in."""
        if entry is None or (self._words and not all(word in entry.text for word in self._words)):
            return None
        if (selector := self.query.labels) and not selector.holds(entry.resource.labels):
            return None
        namespaces = self._scope[entry.cluster.id]
        return entry if namespaces is None or entry.kind.own_or_namespace(entry.resource) in namespaces else None

    def _passes(self, entry: Entry) -> bool:
        """Do the filters let it be shown?"""
        for at, values, without in self._filters:  # noqa: SIM110 -- a generator costs more than all the rest
            if (entry.facets[at] in values) == without:
                return False
        return True


def _of_parts(index: Index, namespaces: Sequence[str]) -> list[str]:
    """What cannot be seen in these namespaces, while the others are shown."""
    trouble, plural = index.store.trouble, index.store.kind.plural
    if trouble is None or not namespaces:
        return []
    if isinstance(trouble, NotPermitted):
        return [f"{index.cluster.name}: its account may not list {plain(plural)} in {listed(namespaces)}."]
    return [f"{plural} of {index.cluster.name} in {listed(namespaces)}: {trouble.message}"]


def _could_be_narrowed(index: Index) -> bool:
    """Is it refused only because all namespaces are asked for?"""
    # What is listed all the same misses only what it is completed from (the classes of ingresses).
    refused = isinstance(index.store.trouble, NotPermitted) and not index.store.listed
    return refused and index.store.kind.namespaced and index.cluster.namespaces is None
