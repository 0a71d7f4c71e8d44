"""Who is a copy of what in one cluster, kept while everything changes: deployment > replica set > pod.

A deployment by itself does not know that its pods crash: the moment they are up again, it calls itself well. So it is
judged with its copies, and again when one of them changed in a way that matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from clusters.kinds.base import Copy
from clusters.live.resource import Resource
from clusters.live.store import Delta, Store

LONGEST_CHAIN = 4  # chains are short; a loop made by a hostile cluster ends here
TOGETHER = 0.1  # seconds: what changes within it is judged once
SLICE = 200  # resources judged before others have their turn: about 4 ms


class Families:
    """Follows the stores of one cluster."""

    def __init__(self, stores: Mapping[str, Store], later: Callable[[float, Callable[[], None]], object]) -> None:
        self._stores = stores
        self._later = later
        self._children: dict[str, dict[str, Store]] = defaultdict(dict)  # owner's uid -> uid and store of what it owns
        self._owner: dict[str, str] = {}
        self._copies: dict[str, Copy] = {}  # by uid, of kinds that are copies of others
        self._changed: dict[str, None] = {}
        self._due = False
        self._copied: set[str] = set()  # the kinds that are copies of others
        self._listed: set[Store] = set()  # those of which everything is known
        for store in stores.values():
            self.follow(store)

    def follow(self, store: Store) -> None:
        """Take in what it tells from now on. Asked twice, it follows once."""
        if store.kind.owner is not None:
            store.subscribe(self._take)
        if store.kind.copies_of:
            self._copied.add(store.kind.copies_of)
            store.copies = self._finder(store.kind.copies_of)
            store.owned = self._owned

    def leave(self, store: Store) -> None:
        """Forget what it told: it is none of this cluster's any longer."""
        for uid in store.resources:
            self._drop(uid)
        self._listed.discard(store)

    def below(self, uid: str, kind_name: str) -> Iterator[Resource]:
        """The resources of that kind at the lower end of the owner chains that begin at this one."""
        for store, child in self._descend(uid, kind_name, LONGEST_CHAIN):
            yield store.resources[child]

    def _owned(self, above: Resource, kind_name: str) -> Sequence[Resource]:
        # A hostile cluster may say that something of another namespace belongs here.
        return [one for one in self.below(above.uid, kind_name) if one.namespace == above.namespace]

    def _finder(self, kind_name: str) -> Callable[[Resource], Sequence[Copy] | None]:
        def copies(above: Resource) -> Sequence[Copy] | None:
            store = self._stores.get(kind_name)
            if store is None or not store.listed or above.namespace in store.hidden:
                return None  # "cannot tell", never "none"
            found = (self._copies.get(child) for _, child in self._descend(above.uid, kind_name, LONGEST_CHAIN))
            # As above: a copy of another namespace does not belong here.
            return [one for one in found if one is not None and one.resource.namespace == above.namespace]

        return copies

    def _descend(self, uid: str, kind_name: str, left: int) -> Iterator[tuple[Store, str]]:
        for child, store in self._children.get(uid, {}).items():
            if store.kind.name == kind_name:
                if child in store.resources:
                    yield store, child
            elif left > 1:
                yield from self._descend(child, kind_name, left - 1)

    def _take(self, store: Store, deltas: Sequence[Delta]) -> None:
        for before, after in deltas:
            if after is not None:
                self._put(store, after)
                if before is None and store.copies is not None:
                    self._mark(after.uid)  # it may have been judged before its copies were known
            elif before is not None and before.uid not in store.resources:
                self._drop(before.uid)
        if store.listed and store not in self._listed:
            # While the list was on its way nobody could tell their copies. Many have the same owner.
            for above in dict.fromkeys(self._owner.get(uid, "") for uid in store.resources):
                if above:
                    self._mark(above)
                    self._mark_above(above)
        (self._listed.add if store.listed else self._listed.discard)(store)

    def _put(self, store: Store, resource: Any) -> None:
        kind, uid = store.kind, resource.uid
        owner = kind.owner(resource) if kind.owner else None
        above = owner[1] if owner else ""
        before = self._owner.get(uid, "")
        if moved := above != before:
            if before:
                self._leave(uid)
            if above:
                self._owner[uid] = above
                self._children[above][uid] = store
        if kind.name in self._copied:
            restarts = kind.workload.restarts(resource) or 0 if kind.workload else 0
            copy = Copy(resource, store.health[uid], restarts)
            moved = self._copies.get(uid) != copy or moved
            self._copies[uid] = copy
        if moved and store.listed:
            self._mark_above(uid)

    def _drop(self, uid: str) -> None:
        self._copies.pop(uid, None)
        self._leave(uid)

    def _leave(self, uid: str) -> None:
        self._mark_above(uid)
        if above := self._owner.pop(uid, ""):
            self._children[above].pop(uid, None)
            if not self._children[above]:
                del self._children[above]

    def _mark_above(self, uid: str) -> None:
        for _ in range(LONGEST_CHAIN):
            if not (uid := self._owner.get(uid, "")):
                return
            self._mark(uid)

    def _mark(self, uid: str) -> None:
        self._changed[uid] = None
        self._soon(TOGETHER)

    def _soon(self, wait: float) -> None:
        if self._changed and not self._due:
            self._due = True
            self._later(wait, self._judge)

    def _judge(self) -> None:
        changed = list(islice(self._changed, SLICE))
        for uid in changed:
            del self._changed[uid]
        for store in self._stores.values():
            if store.copies is not None:
                store.judge_again([uid for uid in changed if uid in store.resources])
        self._due = False
        self._soon(0.0)
