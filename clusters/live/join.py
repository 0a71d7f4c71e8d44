"""Keeps the store of a joined kind: what the driver told of it, completed from the stores of other kinds.

A volume is told by its engine, who mounts it by the containers; a Compose project is nothing but its containers,
networks and volumes. All of it is here already, so nothing is asked and nothing polls. What cannot be listed,
as our account may not or a Swarm has no leader, is left out where the kind can be told without it: the list then says
what could not be seen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clusters.errors import ClusterError, InPart, NotLookedAt, Unreachable
from clusters.kinds.formats import plain
from clusters.kinds.join import Join
from clusters.live.glancer import Glancer
from clusters.live.paced import Paced
from clusters.live.resource import Broken, Listed, Remembered
from clusters.live.store import Delta, Store

log = logging.getLogger(__name__)

PACE = 0.05  # seconds between two rounds
SHARE = 6.0  # a round that took long is followed by a pause of this many times as long


class Joiner:
    """At work between ``start`` and ``stop``. ``told`` is what the driver says of the kind itself."""

    def __init__(
        self, target: Store, join: Join[Any], others: Mapping[str, Store], glancer: Glancer | None = None
    ) -> None:
        self.told = Store(target.cluster_id, target.kind)
        self._target = target
        self._join = join
        self._glancer = glancer
        self._others = {name: others[name] for name in join.kinds if name in others}
        self._leave: list[Callable[[], object]] = []
        self._paced = Paced(self._round, PACE, SHARE)

    def start(self) -> None:
        """Begin, with what is known now."""
        if not self._leave:
            self._leave = [store.subscribe(self._heard) for store in self._sources()]
            self._paced.soon()

    def stop(self) -> None:
        """Nobody looks any longer, and nothing is told of it."""
        self.rest()
        self.told.forget()

    def rest(self) -> None:
        """Nobody looks any longer; what is told of it goes on."""
        if self._glancer is not None:
            self._glancer.leave(self)
        for leave in self._leave:
            leave()
        self._leave = []
        self._paced.rest()
        self._target.forget()

    def _made(self, others: Mapping[str, Sequence[Any]]) -> Sequence[Any]:
        """All of them; in a namespace in which one of the others is hidden, without it, where that can be done."""
        told = list(self.told.resources.values())
        hiding = {name: store.hidden for name in others if (store := self._others[name]).hidden}
        if self._glancer is not None:
            others = {**others, self._glancer.glances.name: self._glancer.need(self, told, self._paced.soon)}
        if not hiding:
            return self._join.make(told, others)
        groups: dict[frozenset[str], list[Any]] = {}
        for one in told:
            hidden = (name for name, where in hiding.items() if one.namespace in where)
            groups.setdefault(self._join.without.intersection(hidden), []).append(one)
        return [
            one
            for missing, own in groups.items()
            for one in self._join.make(own, {name: each for name, each in others.items() if name not in missing})
        ]

    def _not_looked_at(self) -> Broken | None:
        """What is asked for one by one beside it, where that is more than is looked at."""
        words = self._glancer.left_out_words if self._glancer else ""
        return Broken(NotLookedAt(words), 0.0) if words else None

    def _own(self) -> list[Store]:
        return [self.told] if self._target.kind.api else []

    def _sources(self) -> list[Store]:
        return [*self._own(), *self._others.values()]

    def _is_hidden(self, store: Store) -> bool:
        """Is it not told, and can be done without? (What fell silent is not hidden: it comes back.)"""
        untold = not store.listed and store.trouble is not None and not isinstance(store.trouble, Unreachable)
        return untold and store.kind.name in self._join.without

    def _broken(self) -> Broken | None:
        """What cannot be seen of what it is made of: everywhere if that is so of one, otherwise where it is of any.

        What only completes it is told where nothing else is wrong, and does not pass for the kind itself.
        """
        all_of_them = {store: why for store in self._sources() if (why := _hides_something(store)) is not None}
        troubled = {store: why for store, why in all_of_them.items() if not self._only_completes(store)}
        troubled = troubled or {store: _in_part(store, why) for store, why in all_of_them.items()}
        if not troubled:
            return None
        everywhere = next((store for store in troubled if not store.hidden), None)
        if everywhere is not None:
            return Broken(troubled[everywhere], 0.0)
        return Broken(next(iter(troubled.values())), 0.0, frozenset().union(*(store.hidden for store in troubled)))

    def _only_completes(self, store: Store) -> bool:
        """Is it told all the same? (Where the driver tells nothing of the kind, the others are all there is of it.)"""
        without = store in self._others.values() and store.kind.name in self._join.without
        return without and bool(self._own()) and not isinstance(store.trouble, Unreachable)

    def _sure_until(self, stores: Sequence[Store]) -> float:
        """When all that it is made of was last sure; 0.0: it still is."""
        return min((one.as_of for one in stores if one.as_of and not self._only_completes(one)), default=0.0)

    def _heard(self, store: Store, deltas: Sequence[Delta]) -> None:
        self._paced.soon()

    def _round(self) -> None:
        broken = self._broken()
        seen = {name: store for name, store in self._others.items() if not self._is_hidden(store)}
        if all(store.listed for store in (*self._own(), *seen.values())):
            others = {name: list(store.resources.values()) for name, store in seen.items()}
            try:
                made = self._made(others)
            except Exception:
                log.exception("cannot join the %s", self._target.kind.plural)
                return
            as_of = self._sure_until([*self._own(), *seen.values()])
            self._target.apply(Remembered(made, as_of) if as_of else Listed(made))
            broken = broken or self._not_looked_at()
        if broken is not None:
            self._target.apply(broken)


def _hides_something(store: Store) -> ClusterError | None:
    return None if isinstance(store.trouble, NotLookedAt) else store.trouble


def _in_part(store: Store, why: ClusterError) -> ClusterError:
    return InPart(f"What depends on {plain(store.kind.plural)} is not told. {why.message}")
