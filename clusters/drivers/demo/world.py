"""A world: objects in the shape of a real API, and a list of what will happen to them next.

Nothing here waits. ``step(until)`` carries out what is due, in order, at the time it is due; so a world gives the
same story for the same seed and the same requests, however often it is stepped.
"""

from __future__ import annotations

import heapq
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeAlias

from clusters.drivers.base import About, Call, LogSource, Usage
from clusters.drivers.demo.fault import Fault, FaultState
from clusters.drivers.demo.voice import Speaker
from clusters.errors import Invalid

Object: TypeAlias = dict[str, Any]
Told: TypeAlias = Callable[[str, str], None]

LONGEST_STEP = 900.0  # after a longer sleep (a laptop's lid) the world goes on where it stopped


class World(ABC):
    """What the shop and the host share: time, chance, objects, listeners and faults."""

    faults: tuple[Fault[Any], ...] = ()
    most_copies = 0  # of a service; 0: as many as anybody asks for

    def __init__(self, seed: int, start: float) -> None:
        self.seed = seed
        self.now = start
        self.chance = Random(seed)  # noqa: S311 - a story to repeat, not a secret
        self.objects: dict[str, dict[str, Object]] = {}
        self.silent = False  # nobody answers: the fault of the way, not of the world
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._told: dict[Told, None] = {}

    # Time --------------------------------------------------------------------------------------------------------

    def after(self, delay: float, happen: Callable[[], None]) -> None:
        """Let something happen ``delay`` seconds from now."""
        self._order += 1
        heapq.heappush(self._due, (self.now + delay, self._order, happen))

    def between(self, least: float, most: float) -> float:
        """A number by chance."""
        return self.chance.uniform(least, most)

    def step(self, until: float) -> None:
        """Carry out all that is due until then. Time never runs backwards."""
        if (gap := until - self.now) > LONGEST_STEP:
            self._due = [(at + gap, order, happen) for at, order, happen in self._due]
            self.now = until
        self.run(until)

    def run(self, until: float) -> None:
        """The same without a limit: how a world gets its past."""
        while self._due and self._due[0][0] <= until:
            at, _, happen = heapq.heappop(self._due)
            self.now = max(self.now, at)
            happen()
        self.now = max(self.now, until)

    def next_due(self) -> float:
        """When the next thing happens, in epoch seconds."""
        return self._due[0][0] if self._due else self.now + 60.0

    # Objects -----------------------------------------------------------------------------------------------------

    def all(self, collection: str) -> list[Object]:
        """Every object of a collection, oldest first."""
        return list(self.objects.get(collection, {}).values())

    def get(self, collection: str, uid: str) -> Object | None:
        """One object."""
        return self.objects.get(collection, {}).get(uid)

    def put(self, collection: str, uid: str, thing: Object) -> None:
        """Store an object that is new or was changed, and tell who watches."""
        self.objects.setdefault(collection, {})[uid] = thing
        self._tell(collection, uid)

    def drop(self, collection: str, uid: str) -> None:
        """Forget an object, and tell who watches."""
        if self.objects.get(collection, {}).pop(uid, None) is not None:
            self._tell(collection, uid)

    def new_uid(self) -> str:
        """An identity that never came before, the same for the same seed."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def listen(self, told: Told) -> Callable[[], None]:
        """Hear of every change as (collection, uid). Returns how to stop."""
        self._told[told] = None
        return lambda: self._told.pop(told, None) and None

    def _tell(self, collection: str, uid: str) -> None:
        for told in tuple(self._told):
            told(collection, uid)

    # Faults ------------------------------------------------------------------------------------------------------

    def fault_states(self) -> list[FaultState]:
        """Every switch and how it stands."""
        return [FaultState(fault.key, fault.label, fault.words, fault.icon, fault.is_on(self)) for fault in self.faults]

    def switch(self, key: str, on: bool) -> None:
        """Begin a fault or end it. Raises Invalid for a fault there is none of."""
        fault = next((fault for fault in self.faults if fault.key == key), None)
        if fault is None:
            raise Invalid("The demonstration has no such fault.")
        if on != fault.is_on(self):
            (fault.begin if on else fault.end)(self)

    # What a shape answers ------------------------------------------------------------------------------------------

    @abstractmethod
    def about(self) -> About:
        """What this world pretends to be."""

    @abstractmethod
    def shown(self, collection: str, thing: Object) -> Object:
        """An object as the list of the real API would give it."""

    @abstractmethod
    def whole(self, collection: str, namespace: str, name: str) -> Object:
        """An object as the real API gives it by name. Raises Missing."""

    @abstractmethod
    def answer(self, call: Call) -> Any:
        """Carry out one request. Raises the errors of a real cluster, and Unsupported for what it has not."""

    @abstractmethod
    def speaker(self, source: LogSource) -> Speaker:
        """Whose log lines these are. Raises Missing."""

    @abstractmethod
    def usage_of(self, uid: str, now: float) -> Usage | None:
        """What a running thing uses now; None when it does not run."""

    @abstractmethod
    def surroundings(self, source: LogSource) -> Mapping[str, str]:
        """What a shell inside would see: the environment, by name. Raises Missing when it does not run."""
