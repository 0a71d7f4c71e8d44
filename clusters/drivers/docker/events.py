"""One stream of an engine's events, shared by the watches of all kinds: who changed, not what changed."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

import msgspec

from clusters.drivers.body import pieces
from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import not_docker
from clusters.errors import ClusterError, Unreachable

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT, HEALTHY_AFTER = 0.8, 8.0, 120.0  # seconds
LINE_LIMIT = 1 << 20  # bytes of one event
DIRTY_LIMIT = 50_000  # beyond that it is simpler to list again

# These say nothing about how a container is; a health check alone makes three of them each time.
_IGNORED = ("exec_", "top", "resize", "attach", "detach", "archive-path", "extract-to-dir", "export", "copy")


class _Attributes(msgspec.Struct):
    container: str = ""  # who joins or leaves a network


class _Actor(msgspec.Struct):
    id: str = msgspec.field(default="", name="ID")
    attributes: _Attributes | None = msgspec.field(default=None, name="Attributes")


class _Event(msgspec.Struct):
    type: str = msgspec.field(default="", name="Type")
    action: str = msgspec.field(default="", name="Action")
    actor: _Actor = msgspec.field(default_factory=_Actor, name="Actor")


class Follower:
    """What one watch has to look at next. Ids are kept once each, so nothing grows with the number of events."""

    def __init__(self, type_: str, ignored: frozenset[str] = frozenset()) -> None:
        self.type = type_
        self.ignored = ignored  # actions that change nothing of what it shows
        self.dirty: set[str] = set()
        self.gone: set[str] = set()
        self.relist = False
        self.check = False  # list again, only to see whether all is as it was told
        self.lost: tuple[ClusterError, float] | None = None  # the error, seconds to the next try
        self.unsure_since = 0.0  # epoch seconds since when something may have been missed; 0.0: nothing was
        self.wake = asyncio.Event()

    def hear(self, action: str, uid: str) -> None:
        """One event about a resource of this type."""
        if action == "destroy":
            self.dirty.discard(uid)
            self.gone.add(uid)
        else:
            self.dirty.add(uid)
        if len(self.dirty) + len(self.gone) > DIRTY_LIMIT:
            self.opened()
        self.wake.set()

    def opened(self) -> None:
        """The stream begins (again): whatever was missed before is only in a new list."""
        self.dirty.clear()
        self.gone.clear()
        self.lost, self.relist = None, True
        self.unsure_since = self.unsure_since or time.time()
        self.wake.set()

    def begun(self) -> None:
        """All that was heard is looked at now."""
        self.dirty, self.gone = set(), set()
        self.relist = self.check = False

    def broke(self, error: ClusterError, retry_in: float) -> None:
        """The stream ended or was refused."""
        self.lost, self.relist = (error, retry_in), False
        self.unsure_since = self.unsure_since or time.time()
        self.wake.set()


class Events:
    """Open while somebody follows; reconnects by itself, and says so to each follower.

    Who rests hears all the same, for as long as others keep the stream open: what it knows stays true without a call.
    """

    def __init__(self, client: EngineClient, heard_of_nodes: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._heard_of_nodes = heard_of_nodes  # only a manager of a Swarm is told of them
        self._followers: set[Follower] = set()
        self._resting: set[Follower] = set()
        self._task: asyncio.Task[None] | None = None
        self._stream: asyncio.Task[None] | None = None
        self._open = False
        self._doubt: ClusterError | None = None

    def follow(self, type_: str, ignored: frozenset[str] = frozenset()) -> Follower:
        """Hear of a type ("container") from now on; begins with a list as soon as the stream is open."""
        follower = Follower(type_, ignored)
        if self._open:
            follower.opened()
        self.go_on(follower)
        return follower

    def go_on(self, follower: Follower) -> None:
        """Follow again, after a rest."""
        self._resting.discard(follower)
        self._followers.add(follower)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="docker events")

    def rest(self, follower: Follower) -> None:
        """Go on hearing while others follow; the stream ends with the last of those."""
        self._resting.add(follower)
        self._end(follower)

    def leave(self, follower: Follower) -> None:
        """Not interested any longer; the stream ends with the last one."""
        self._resting.discard(follower)
        self._end(follower)

    def _end(self, follower: Follower) -> None:
        self._followers.discard(follower)
        if not self._followers and self._task is not None:
            self._task.cancel()
            self._task, self._open = None, False
            for resting in self._resting:
                resting.broke(Unreachable("Nobody listened."), 0.0)

    def _everybody(self) -> tuple[Follower, ...]:
        return (*self._followers, *self._resting)

    def told(self, *types: str) -> None:
        """Something of these was changed just now, by us, and no event will say so: it is looked at again."""
        for follower in self._everybody():
            if follower.type in types:
                follower.check = True
                follower.wake.set()

    def doubt(self, error: ClusterError) -> None:
        """The engine did not answer another request: a stream that only seems open is closed and opened anew."""
        if self._open and self._stream is not None:
            self._doubt = error
            self._stream.cancel()

    async def close(self) -> None:
        """End the stream."""
        self._followers.clear()
        self._resting.clear()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            self._stream = asyncio.create_task(self._listen())
            try:
                await asyncio.wait([self._stream])
            finally:
                self._open = False
                self._stream.cancel()
            error = self._why(self._stream)
            failures = 1 if time.monotonic() - began > HEALTHY_AFTER else failures + 1
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 6)) * random.uniform(0.5, 1.0)  # noqa: S311
            for follower in self._everybody():
                follower.broke(error, wait)
            self._client.forget_version()
            await asyncio.sleep(wait)

    def _why(self, stream: asyncio.Task[None]) -> ClusterError:
        doubt, self._doubt = self._doubt, None
        if not stream.cancelled() and (error := stream.exception()):
            if isinstance(error, ClusterError):
                return error
            log.error("the events of %s failed", self._client.endpoint.words, exc_info=error)
            return Unreachable("Watching failed because of a fault in Pilothouse.", detail=str(error))
        return doubt or Unreachable("The engine closed the connection.", hint="It may be restarting.")

    async def _listen(self) -> None:
        async with self._client.open("GET", ("events",)) as response:
            self._open = True
            for follower in self._everybody():
                follower.opened()
            rest = bytearray()
            async for chunk in pieces(response):
                rest += chunk
                *lines, rest = rest.split(b"\n")
                if len(rest) > LINE_LIMIT:
                    raise not_docker("an event without an end")
                for line in lines:
                    self._hear(line)

    def _hear(self, line: bytes | bytearray) -> None:
        try:
            event = msgspec.json.decode(line, type=_Event)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # an event of another shape concerns nothing we show
        if not event.actor.id or event.action.startswith(_IGNORED):
            return
        if event.type == "node":
            self._heard_of_nodes()
            self.told("swarm")  # how many managers there are, and whether they decide
        for follower in self._everybody():
            if follower.type == event.type and event.action not in follower.ignored:
                follower.hear(event.action, event.actor.id)
        if event.type == "network" and event.actor.attributes and event.actor.attributes.container:
            # The engine tells this of the network alone, though it is the container that has another address.
            for follower in self._everybody():
                if follower.type == "container":
                    follower.hear(event.action, event.actor.attributes.container)
