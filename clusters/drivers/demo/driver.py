"""The driver of the demonstration: the contract of every driver, over a world instead of a network."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import msgspec

from clusters.drivers.base import (
    About,
    Call,
    LogChunk,
    LogOptions,
    LogSource,
    Platform,
    Program,
    Shell,
    Usage,
    Wire,
)
from clusters.drivers.demo import voice
from clusters.drivers.demo.clock import Clock, SystemClock
from clusters.drivers.demo.fault import FaultState
from clusters.drivers.demo.host import files, images
from clusters.drivers.demo.host.world import HostWorld
from clusters.drivers.demo.page import DemoPage
from clusters.drivers.demo.shell import ToyShell
from clusters.drivers.demo.shop.world import ShopWorld
from clusters.drivers.demo.swarm.world import SwarmWorld
from clusters.drivers.demo.tar import DemoTar
from clusters.drivers.demo.world import Object, World
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.errors import Invalid, Missing, Unreachable, Unsupported
from clusters.kinds.base import Kind
from clusters.kinds.field import Field
from clusters.live.resource import Alive, Broken, Changed, FeedItem, Listed, Resource

TICK = 0.5  # seconds between two looks at what is due, while somebody watches
SLOW_TICK = 5.0
ALIVE_EVERY = 10.0
RETRY_IN = 2.0
SEGMENT = re.compile(r"[A-Za-z0-9_.:@-]{1,253}")
MOST_LINES = 2000  # of one look back into a log
SHAPES: dict[str, tuple[Platform, type[World]]] = {
    "kubernetes": ("kubernetes", ShopWorld),
    "docker": ("docker", HostWorld),
    "swarm": ("swarm", SwarmWorld),
}


class DemoDriver(OnlyOurKinds):
    """One demonstration. Settings: ``shape`` ("kubernetes", "docker" or "swarm") and ``seed``."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            name="shape",
            label="What it shows",
            type="choice",
            choices=(("kubernetes", "A shop in a small Kubernetes"), ("docker", "A Docker host"), ("swarm", "A Swarm")),
        ),
        Field(
            name="seed",
            label="Seed",
            type="number",
            help="The same number tells the same story.",
            required=False,
            minimum=0,
            maximum=999_999,
        ),
    )

    def __init__(
        self, settings: Mapping[str, Any], secret: Mapping[str, Any] | None = None, clock: Clock | None = None
    ) -> None:
        shape = SHAPES.get(str(settings.get("shape", "kubernetes")))
        if shape is None:
            raise Invalid("A demonstration has the shape of Kubernetes, of Docker or of a Swarm.")
        self.platform, self._make = shape
        self.looked_at = True
        self._seed, self.most_copies = int(settings.get("seed") or 7), self._make.most_copies
        self._clock = clock or SystemClock()
        self._world: World | None = None
        self._life: asyncio.Task[None] | None = None
        self._watchers = 0

    @property
    def world(self) -> World:
        """The world as it is now; made when it is first looked at."""
        if self._world is None:
            self._world = self._make(self._seed, self._clock.now())
        else:
            self._world.step(self._clock.now())
        return self._world

    # The switches of the page ------------------------------------------------------------------------------------

    def faults(self) -> list[FaultState]:
        """What can be made to go wrong, and what is wrong now."""
        return self.world.fault_states()

    def switch(self, key: str, on: bool) -> None:
        """Begin a fault or end it. Raises Invalid."""
        self.world.switch(key, on)

    # The contract ------------------------------------------------------------------------------------------------

    async def about(self) -> About:
        """What it pretends to be."""
        return self._answering().about()

    async def ping(self) -> None:
        """Return unless the fault "silence" is on."""
        self._answering()

    async def watch(self, kind: Kind[Any], namespaces: frozenset[str] | None = None) -> AsyncIterator[FeedItem]:
        """First everything, then every change, for ever."""
        self._keep_alive()
        world, dirty, bell = self.world, dict[str, None](), asyncio.Event()

        def told(collection: str, uid: str) -> None:
            if collection == kind.api:
                dirty[uid] = None
                bell.set()

        stop = world.listen(told)
        self._watchers += 1
        try:
            async for item in self._feed(world, kind, namespaces, dirty, bell):
                yield item
        finally:
            self._watchers -= 1
            stop()

    async def _feed(
        self,
        world: World,
        kind: Kind[Any],
        namespaces: frozenset[str] | None,
        dirty: dict[str, None],
        bell: asyncio.Event,
    ) -> AsyncIterator[FeedItem]:
        listed, last = False, 0.0
        while True:
            now = time.monotonic()
            if world.silent:
                listed, last = False, 0.0
                yield Broken(_silence(), RETRY_IN)
                await self._clock.sleep(RETRY_IN)
                continue
            if not listed:
                dirty.clear()
                bell.clear()
                found = (self._decode(kind, one) for one in world.all(kind.api))
                yield Listed([one for one in found if namespaces is None or one.namespace in namespaces])
                listed, last = True, now
            elif dirty:
                uids = list(dirty)
                dirty.clear()
                bell.clear()
                for item in self._changes(world, kind, namespaces, uids):
                    yield item
                last = now
            elif now - last >= ALIVE_EVERY:
                yield Alive()
                last = now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await bell.wait()

    def _changes(
        self, world: World, kind: Kind[Any], namespaces: frozenset[str] | None, uids: Sequence[str]
    ) -> list[Changed]:
        """What went comes first: of a container made anew under its name, the old one goes before the new one comes."""
        found = [(uid, world.get(kind.api, uid)) for uid in uids]
        gone = [uid for uid, thing in found if thing is None]
        fresh = [self._decode(kind, thing) for _, thing in found if thing is not None]
        shown = [one for one in fresh if namespaces is None or one.namespace in namespaces]
        return [*([Changed([], gone)] if gone else []), *([Changed(shown, [])] if shown else [])]

    def _decode(self, kind: Kind[Any], thing: Object) -> Resource:
        # Through JSON, as a real answer comes: whatever a kind's model does, it does here too.
        shown = self.world.shown(kind.api, thing)
        resource: Resource = msgspec.json.decode(msgspec.json.encode(shown), type=kind.model)
        return resource

    async def get(self, kind: Kind[Any], namespace: str, name: str) -> dict[str, Any]:
        """The whole object."""
        return copy.deepcopy(self._answering().whole(kind.api, namespace, name))

    async def call(self, call: Call) -> Any:
        """One request, understood as the real API would; Unsupported for what the demonstration has not."""
        _check(call.path)
        return self._answering().answer(call)

    async def download(self, call: Call) -> AsyncGenerator[bytes, None]:
        """The files of a container of the Docker host; nothing else here is given out as bytes."""
        world = self._answering()
        if not isinstance(world, HostWorld) or not _is_archive(call, "GET"):
            raise Unsupported("The demonstration cannot give that out.", hint="Connect a real Docker host to try this.")
        yield files.read(world, world.container(call.path[1]), call.query.get("path", "/"))

    async def stream(self, call: Call) -> AsyncIterator[Mapping[str, Any]]:
        """Pulling an image on the Docker host, or putting files into a container; nothing else streams here."""
        world = self._answering()
        if isinstance(world, HostWorld) and _is_archive(call, "PUT"):
            packed = await files.take(call)
            files.write(world, world.container(call.path[1]), call.query.get("path", "/"), packed)
            return
        if not isinstance(world, HostWorld) or call.path != ("images", "create"):
            raise Unsupported("The demonstration cannot do that.", hint="Connect a real cluster to try this.")
        async for line in images.pull(world, self._clock, call.query):
            yield line

    async def logs(self, source: LogSource, options: LogOptions) -> AsyncIterator[LogChunk]:
        """Lines of the past, then as they are printed."""
        speaker = self._answering().speaker(source)
        if options.previous:
            if speaker.previous is None:
                raise Missing("There is no life before this one.")
            speaker = replace(speaker, life=speaker.previous)
        now = self._clock.now()
        until = min(options.until or now, now)
        lines = voice.lines_back(speaker, min(options.tail, MOST_LINES), until)
        yield LogChunk([line for line in lines if line[0] >= options.since])
        edge = until
        while options.follow and not options.until and not options.previous:
            await self._clock.sleep(TICK)
            if self.world.silent:
                raise _silence()
            try:
                speaker = self.world.speaker(source)
            except Missing:
                return
            now = self._clock.now()
            if fresh := list(voice.lines_between(speaker, edge, now)):
                yield LogChunk(fresh)
            edge = now

    async def shell(self, source: LogSource, command: Sequence[str] = ()) -> Shell:
        """A toy to look around with."""
        return ToyShell(self._answering().surroundings(source))

    async def program(self, source: LogSource, command: Sequence[str], *, takes_input: bool = False) -> Program:
        """A toy tar; there is no other program."""
        return DemoTar(self._answering().surroundings(source), command, self._clock.now())

    async def dial(self, resource: Resource, port: int) -> Wire:
        """A page that says that it is none."""
        self._answering()
        return DemoPage(resource.name, port)

    async def usage(self, kind: Kind[Any], resources: Sequence[Resource]) -> Mapping[str, Usage]:
        """A sample of each that runs."""
        world, now = self._answering(), self._clock.now()
        found = ((one.uid, world.usage_of(one.uid, now)) for one in resources)
        return {uid: sample for uid, sample in found if sample is not None}

    async def close(self) -> None:
        """Stop the world."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
            self._life = None

    # Time --------------------------------------------------------------------------------------------------------

    def _keep_alive(self) -> None:
        if self._life is None or self._life.done():
            self._life = asyncio.create_task(self._live(), name="demonstration")

    async def _live(self) -> None:
        while True:
            world = self.world
            soon = world.next_due() - self._clock.now()
            await self._clock.sleep(min(TICK if self._watchers else SLOW_TICK, max(0.05, soon)))

    def _answering(self) -> World:
        if self.world.silent:
            raise _silence()
        return self.world


def _silence() -> Unreachable:
    return Unreachable("It does not answer.", hint="This is the demonstration: switch the fault off to hear it again.")


def _is_archive(call: Call, method: str) -> bool:
    return call.method == method and len(call.path) == 3 and call.path[::2] == ("containers", "archive")


def _check(path: Sequence[str]) -> None:
    if any(part in (".", "..") or not SEGMENT.fullmatch(part) for part in path):
        raise Invalid("That is not a name of anything.")
