"""The live resources of one kind of one cluster: what it last said, and who wants to hear of changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from clusters.errors import ClusterError, InPart, Unreachable
from clusters.kinds.base import Copy, Health, Kind, Level
from clusters.live.resource import Broken, Changed, Coming, FeedItem, Listed, Remembered, Resource

log = logging.getLogger(__name__)
SLICE = 200  # resources of a long list taken in before others have their turn: about 4 ms
MAX_UID = 300  # characters
PASSING = (Level.FAILING, Level.AT_RISK, Level.UNKNOWN, Level.CHANGING)  # levels that time alone can change

# What was there and what is there now; None on the side where there is nothing.
Delta: TypeAlias = tuple[Resource | None, Resource | None]
Listener: TypeAlias = "Callable[[Store, Sequence[Delta]], None]"


class Store:
    """Latest state per uid. Written by one feed only, on the event loop; listeners run at once, in order."""

    def __init__(self, cluster_id: int, kind: Kind[Any]) -> None:
        self.cluster_id = cluster_id
        self.kind = kind
        self.prefix = f"{cluster_id}~{kind.name}~"  # of the ids of its rows
        self.resources: dict[str, Resource] = {}
        self.health: dict[str, Health] = {}  # by uid; said once per change, for every view, count and finding
        self.apps: dict[str, None] = {}  # uids of those that were asked to run by themselves: few of many pods
        self.listed = False  # False: "cannot tell yet", never "nothing there"
        self.as_of = 0.0  # when what is here was last sure, in epoch seconds; 0.0: it is what the cluster says
        self.trouble: ClusterError | None = None  # why this kind cannot be seen, when the rest can
        self.hidden: frozenset[str] = frozenset()  # the namespaces that the trouble is about; none: all of them
        self.copies: Callable[[Any], Sequence[Copy] | None] | None = None  # of one resource, where the kind has any
        self.owned: Callable[[Any, str], Sequence[Any]] | None = None  # by it, of a kind; where the kind has copies
        self._by_key: dict[str, str] = {}
        self._passing: dict[str, None] = {}  # uids of those that may be judged otherwise later, without a change
        self._ahead: dict[str, tuple[str, Health]] = {}  # judged before a long list is taken in: uid -> version, health
        self._listeners: dict[Listener, None] = {}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every change from now on. Returns how to stop."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None)

    def find(self, key: str) -> Resource | None:
        """The resource of that key (``namespace/name``, or the name alone) or, where there is none, of that uid."""
        return self.resources.get(self._by_key.get(key, key))

    @property
    def is_known(self) -> bool:
        """Does it tell what is not there? Not before the first list, and not while what it has is only remembered."""
        return self.listed and not self.as_of

    def knows(self, namespace: str) -> bool:
        """Does it tell what is not there, in that namespace?"""
        all_told = self.trouble is None or isinstance(self.trouble, InPart)
        return self.is_known and (all_told or (bool(self.hidden) and namespace not in self.hidden))

    def apply(self, item: FeedItem) -> None:
        """Take in what the driver said; tell the listeners what is different now."""
        troubled, first, as_of = (self.trouble, self.hidden), not self.listed, self.as_of
        if not isinstance(item, Coming):  # nobody knows yet whether the list comes to its end
            self.trouble, self.hidden = _trouble(item)
        self.as_of = _sure_until(item, self.as_of)
        deltas: list[Delta] = []
        match item:
            case Listed(resources) | Remembered(resources):
                self.listed = True
                deltas = self._replace(resources)
                self._ahead.clear()
            case Coming(resources):
                deltas = [delta for resource in resources if (delta := self._put(resource))]
            case Changed(upserts, deletes):
                deltas = [delta for resource in upserts if (delta := self._put(resource))]
                deltas += [delta for uid in deletes if (delta := self._drop(uid))]
        if deltas or first != (not self.listed) or troubled != (self.trouble, self.hidden) or as_of != self.as_of:
            self._tell(deltas)

    async def take_in(self, item: Coming | Listed | Remembered) -> None:
        """A long list before its end, in slices, so that nobody waits for it. What has come of the first one is shown
        meanwhile. A later one is judged ahead only: what came, what changed and what is gone is told together."""
        first = not self.listed and not isinstance(item, Remembered)
        if not first if isinstance(item, Coming) else len(item.resources) <= SLICE:
            return
        for start in range(0, len(item.resources), SLICE):
            some = item.resources[start : start + SLICE]
            if first and (new := [one for one in some if self.resources.get(one.uid) is not one]):
                self.apply(Coming(new))
            elif not first:
                self.judge_ahead(some)
            await asyncio.sleep(0)

    def forget(self) -> None:
        """Nobody watches any longer: what is known grows old, so let go of it."""
        self.resources, self.health, self._by_key, self.apps, self._passing = {}, {}, {}, {}, {}
        self.listed, self.trouble, self.hidden = False, None, frozenset()
        self.as_of = 0.0
        self._ahead.clear()

    def look_again(self) -> None:
        """What is not well may be judged otherwise as time passes, without a change: "starting" becomes "stuck"."""
        deltas: list[Delta] = []
        at = time.time()
        for uid in tuple(self._passing):
            before, one = self.health[uid], self.resources[uid]
            due = before.level in PASSING or before.until <= at
            if due and (now := self._judge(one)) != before:
                self._note(uid, now)
                deltas.append((one, one))
        if deltas:
            self._tell(deltas)

    def judge_again(self, uids: Sequence[str]) -> None:
        """Their copies are different now: so may be how they are, and what their rows show."""
        for uid in uids:
            self._note(uid, self._judge(self.resources[uid]))
        if uids:
            self._tell([(self.resources[uid], self.resources[uid]) for uid in uids])

    def _note(self, uid: str, health: Health) -> None:
        self.health[uid] = health
        if health.level in PASSING or health.until:
            self._passing[uid] = None
        else:
            self._passing.pop(uid, None)

    def judge_ahead(self, resources: Sequence[Resource]) -> None:
        """Judge some of a long list that is about to be taken in."""
        for resource in resources:
            before = self.resources.get(resource.uid)
            if before is None or before.version != resource.version:
                self._ahead[resource.uid] = resource.version, self._judge(resource)

    def _judge(self, resource: Resource) -> Health:
        try:
            health = self.kind.health(resource)
            if self.kind.with_copies and self.copies and (copies := self.copies(resource)):
                return self.kind.with_copies(resource, health, copies)
            return health
        except Exception:
            # Hostile or strange data: the row stays visible and says so; the watch goes on.
            log.exception("cannot judge a %s", self.kind.name)
            return Health(Level.UNKNOWN, "Unknown", "Pilothouse does not understand what the cluster says about it.")

    def _replace(self, resources: Sequence[Resource]) -> list[Delta]:
        known, fresh = self.resources, {resource.uid: resource for resource in resources}
        gone = [uid for uid in known if uid not in fresh]
        deltas = [delta for uid in gone if (delta := self._drop(uid))]
        new = [one for uid, one in fresh.items() if known.get(uid) is not one]  # most came before the list's end
        return deltas + [delta for resource in new if (delta := self._put(resource))]

    def _put(self, resource: Resource) -> Delta | None:
        uid, key = resource.uid, self.kind.key(resource)
        before = self.resources.get(uid)
        if before is None and not _can_be_a_row(uid):
            log.warning("skipped a %s without a usable identity", self.kind.name)
            return None
        if before is not None and before.version == resource.version:
            return None
        self.resources[uid] = resource
        version, health = self._ahead.get(uid, ("", None))
        self._note(uid, health if health and version == resource.version else self._judge(resource))
        if self.kind.is_app(resource):
            self.apps[uid] = None
        else:
            self.apps.pop(uid, None)
        if before is not None and (old_key := self.kind.key(before)) != key:
            self._forget_key(old_key, uid)
        self._by_key[key] = uid
        return before, resource

    def _drop(self, uid: str) -> Delta | None:
        before = self.resources.pop(uid, None)
        if before is None:
            return None
        del self.health[uid]
        self.apps.pop(uid, None)
        self._passing.pop(uid, None)
        self._forget_key(self.kind.key(before), uid)
        return before, None

    def _forget_key(self, key: str, uid: str) -> None:
        # Another resource may have taken the name meanwhile (a container made again under its old name).
        if self._by_key.get(key) == uid:
            del self._by_key[key]

    def _tell(self, deltas: Sequence[Delta]) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(self, deltas)
            except Exception:
                # One who cannot take it must not keep it from all the others.
                log.exception("a change of %s was not taken in", self.kind.plural)


def _sure_until(item: FeedItem, as_of: float) -> float:
    """When what is known was last sure, after that was told; 0.0: it still is. A part that cannot be seen is named."""
    match item:
        case Remembered():
            return item.as_of
        case Broken(error) if not item.hidden and not isinstance(error, InPart):
            return as_of or time.time()
        case Broken() | Coming() | Changed(trouble=Unreachable()):
            return as_of
    return 0.0


def _trouble(item: FeedItem) -> tuple[ClusterError | None, frozenset[str]]:
    if isinstance(item, Broken):
        return item.error, item.hidden
    return (item.trouble, item.hidden) if isinstance(item, Changed) else (None, frozenset())


def _can_be_a_row(uid: str) -> bool:
    """Identities become parts of row ids and sort keys; no real one holds control characters or is longer."""
    return 0 < len(uid) <= MAX_UID and uid.isprintable()
