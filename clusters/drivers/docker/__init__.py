"""The driver of Docker engines: everything that the contract asks for, carried out by the modules beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, ClassVar

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
from clusters.drivers.docker.about import say_about
from clusters.drivers.docker.client import EngineClient, decode_json
from clusters.drivers.docker.collections import COLLECTIONS
from clusters.drivers.docker.endpoint import read_endpoint
from clusters.drivers.docker.events import Events
from clusters.drivers.docker.exec import open_shell
from clusters.drivers.docker.fields import FIELDS
from clusters.drivers.docker.image_watch import ImageWatch
from clusters.drivers.docker.list_watch import ListWatch
from clusters.drivers.docker.logs import read_logs, read_task_logs
from clusters.drivers.docker.metrics import Meter
from clusters.drivers.docker.polled_watch import PolledWatch
from clusters.drivers.docker.session import Answer, open_session
from clusters.drivers.docker.stream import byte_stream, json_stream
from clusters.drivers.docker.watch import Watch
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.errors import ClusterError, Unreachable, Unsupported
from clusters.kinds.base import Kind
from clusters.kinds.field import Field
from clusters.live.resource import FeedItem, Resource
from clusters.registries.sign_in import NOBODY, auth_header

__all__ = ["DockerDriver"]


class DockerDriver(OnlyOurKinds):
    """One connection to one engine. Raises Invalid when the settings make no sense; connects when first used."""

    fields: ClassVar[tuple[Field, ...]] = FIELDS
    platform: Platform = "docker"
    looked_at = True
    unsure = False  # may it be another platform by now, which ``about`` tells?

    def __init__(self, settings: Mapping[str, Any], secret: Mapping[str, Any]) -> None:
        self._client = EngineClient(read_endpoint(settings, secret))
        self._events = Events(self._client, self._doubt)
        self._meter = Meter(self._client)
        self._watches: set[Watch] = set()
        self._resting: dict[str, Watch] = {}  # by collection: what nobody looks at now, and is known all the same
        self._uid = ""  # of the engine that they are of
        self._unanswered = 0  # pings, one after the other

    async def about(self) -> About:
        """The engine's version, its machine, and how much runs there."""
        doubted, self.unsure = self.unsure, False  # what is told meanwhile raises the doubt again
        try:
            about = await say_about(self._client)
        except BaseException:
            self.unsure = self.unsure or doubted
            raise
        if self._uid not in ("", about.uid):
            for watch in (*self._watches, *self._resting.values()):
                watch.forget()  # another engine answers at that address
        self._uid = about.uid
        return about

    async def ping(self) -> None:
        """Return when the engine answers. When it does not, a stream of events that only seems open is closed: at once
        where the line is cut, after the second wait in vain where there is silence."""
        try:
            await self._client.ping()
        except Unreachable as error:
            self._unanswered += 1
            if self._unanswered > 1 or not isinstance(error.__cause__, TimeoutError):
                self._events.doubt(error)
            raise
        self._unanswered = 0

    async def watch(self, kind: Kind[Any], namespaces: frozenset[str] | None = None) -> AsyncIterator[FeedItem]:
        """The whole list, then every change. An engine lets us see all or nothing: ``namespaces`` plays no part."""
        watch = self._resting.pop(kind.api, None) or self._make_watch(kind)
        self._watches.add(watch)
        try:
            async with aclosing(watch.items()) as items:  # type: ignore[type-var]
                async for item in items:
                    yield item
        finally:
            self._watches.discard(watch)
            self._rest(kind.api, watch)

    def _make_watch(self, kind: Kind[Any]) -> Watch:
        if kind.api not in COLLECTIONS:
            raise Unsupported(f"{kind.plural} cannot be watched on a Docker engine.")
        if kind.api == "images":
            return ImageWatch(self._client, self._events, kind)
        if COLLECTIONS[kind.api].every:
            return PolledWatch(self._client, self._events, kind, lambda: self.looked_at, self._doubt)
        return (ListWatch if COLLECTIONS[kind.api].whole else Watch)(self._client, self._events, kind)

    def _doubt(self) -> None:
        """Something was told of a Swarm's nodes, or the Swarm is not managed here any more."""
        self.unsure = True

    def _rest(self, api: str, watch: Watch) -> None:
        if watch.keeps:
            if other := self._resting.pop(api, None):
                other.leave()
            self._resting[api] = watch

    async def resync(self) -> int:
        """The truth check, once a minute while somebody looks: what the events did not tell is sent after all."""
        missed = 0
        for watch in tuple(self._watches):
            try:
                missed += await watch.compare()
            except ClusterError:
                return missed  # the stream or the ping says what is wrong
        return missed

    async def get(self, kind: Kind[Any], namespace: str, name: str) -> dict[str, Any]:
        """The whole object, by name or id."""
        where = COLLECTIONS.get(kind.api)
        if where is None:
            raise Unsupported(f"{kind.plural} cannot be read from a Docker engine.")
        found = await self._client.json("GET", where.one(name), subject=f"{kind.label} {name}")
        if not isinstance(found, dict):
            raise Unsupported("The engine's answer is not an object.")
        return found

    async def call(self, call: Call) -> Any:
        """Send one request of an action."""
        signed = await auth_header(call.registry) if call.registry else NOBODY
        headers = None if signed == NOBODY else {"X-Registry-Auth": signed}
        asked = (call.method, call.path, call.query, call.body)
        answer = decode_json(await self._client.bytes(*asked, within=call.timeout, headers=headers))
        if call.path[:1] == ("swarm",) and call.method != "GET":
            self._events.told(COLLECTIONS["info"].event, COLLECTIONS["swarm"].event)  # an engine does not tell of it
        return answer

    def stream(self, call: Call) -> AsyncIterator[Mapping[str, Any]]:
        """Send one request whose answer is a stream of JSON objects."""
        return json_stream(self._client, call)

    def download(self, call: Call) -> AsyncGenerator[bytes, None]:
        """Send one request whose answer is bytes."""
        return byte_stream(self._client, call)

    def logs(self, source: LogSource, options: LogOptions) -> AsyncIterator[LogChunk]:
        """The lines of one container, or of one task of a Swarm."""
        if source.kind == "task":
            return read_task_logs(self._client, source.resource.uid, options)
        return read_logs(self._client, source.resource.uid, options)

    async def shell(self, source: LogSource, command: Sequence[str] = ()) -> Shell:
        """A terminal in one container."""
        if source.kind == "task":
            raise Unsupported("A Swarm opens no terminals.", hint="Connect the host that it runs on.")
        return await open_shell(self._client, source.resource.uid, command)

    async def program(self, source: LogSource, command: Sequence[str], *, takes_input: bool = False) -> Program:
        """An engine has archives for what programs are needed for elsewhere."""
        raise Unsupported("Programs of Docker containers are started in a terminal.")

    async def dial(self, resource: Resource, port: int) -> Wire:
        """An engine carries nothing to a port: containers publish theirs."""
        raise Unsupported("A Docker engine does not forward ports.", hint="Publish the port of the container instead.")

    async def usage(self, kind: Kind[Any], resources: Sequence[Resource]) -> Mapping[str, Usage]:
        """One sample of each container that runs."""
        return await self._meter.sample(resources) if kind.api == "containers" else {}

    async def builder(self) -> str:
        """Which builder it wants: "1" where the engine was told to build without BuildKit."""
        await self._client.version()
        return self._client.builder

    def session(self, answers: Mapping[str, Answer]) -> AbstractAsyncContextManager[str]:
        """Let the engine ask us while it builds; the id of that session."""
        return open_session(self._client, answers)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of its own to the engine, for a program that speaks to it by itself."""
        return await self._client.raw()

    async def close(self) -> None:
        """Let go of every connection."""
        self._resting.clear()
        await self._events.close()
        await self._client.close()
