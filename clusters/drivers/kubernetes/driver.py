"""The driver for Kubernetes: the contract of clusters/drivers/base.py, each part carried out by the module beside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec

from clusters.access import Limits
from clusters.drivers.base import (
    About,
    Call,
    Driver,
    Found,
    LogChunk,
    LogOptions,
    LogSource,
    Platform,
    Program,
    Shell,
    Usage,
    Wire,
)
from clusters.drivers.body import pieces
from clusters.drivers.keeper import Keeper
from clusters.drivers.kubernetes import logs, port_forward, program, terminal
from clusters.drivers.kubernetes.access import AccessReviews, Question
from clusters.drivers.kubernetes.by_name import ByName
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.connection import FIELDS, Connection
from clusters.drivers.kubernetes.decode import MALFORMED, Lines
from clusters.drivers.kubernetes.discovery import discover
from clusters.drivers.kubernetes.errors import not_kubernetes
from clusters.drivers.kubernetes.merge import merged
from clusters.drivers.kubernetes.metrics import Metrics
from clusters.drivers.kubernetes.naming import Impersonation
from clusters.drivers.kubernetes.paths import collection
from clusters.drivers.kubernetes.person import PersonalServer
from clusters.drivers.kubernetes.reading import TABLE, MetadataAlone, Objects, Tables, definitions
from clusters.drivers.kubernetes.resting import Resting
from clusters.drivers.kubernetes.rights import rights
from clusters.drivers.kubernetes.watch import Reflector, Timing
from clusters.errors import ClusterError, Missing, Refused, Unsupported
from clusters.kinds.base import Kind
from clusters.kinds.field import Field
from clusters.kinds.kubernetes.general import general_kind
from clusters.live.resource import Broken, FeedItem, Resource
from clusters.permissions import HINT, NotPermitted, may_not

MOST_PEOPLE = 500  # as whom one cluster is asked, kept at a time
LOOKED_AT, AT_REST = 8.0, 30.0  # seconds: the longest wait between two tries


class KubernetesDriver:
    """One connection to one Kubernetes cluster."""

    fields: ClassVar[tuple[Field, ...]] = FIELDS
    platform: Platform = "kubernetes"
    acts_as = ""

    def __init__(self, settings: Mapping[str, Any], secret: Mapping[str, Any]) -> None:
        self._settings, self._secret = settings, secret
        self.keeper: Keeper | None = None
        self._server_made: ApiServer | None = None
        self.looked_at = True
        self._resting = Resting()
        self._metrics: Metrics | None = None
        self._access = AccessReviews(lambda: self._server)
        self._people: dict[str, PersonalDriver] = {}

    @property
    def _server(self) -> ApiServer:
        # Made at the first use, so that settings that went bad show as this cluster's error and not at start.
        if self._server_made is None:
            self._server_made = ApiServer(Connection.of(self._settings, self._secret), self.keeper)
        return self._server_made

    async def about(self) -> About:
        """Connect if need be and say what it is."""
        version = await self._server.json("GET", ("version",), within=10)
        git = version.get("gitVersion") if isinstance(version, dict) else None
        if not isinstance(git, str) or not git.startswith("v"):
            raise not_kubernetes(str(version)[:200])
        # "version" is told to anybody; whether we are let in shows only when we ask for something.
        await self._server.json("GET", ("api",), within=10)
        facts = {"Server": self._server.where, "Platform": str(version.get("platform", ""))[:60]}
        if self._server.connection.insecure:
            facts["Certificate"] = "not checked"
        return About("kubernetes", git[:60], await self._nodes(), await self._identity(), facts)

    async def ping(self) -> None:
        """Return when the cluster answers and knows us. At most 5 seconds."""
        await self._server.bytes("GET", ("api",), within=5, limit=1 << 20)

    def answers_again(self) -> None:
        """It was silent, and is no longer: no watch waits any more."""
        self._resting.end()

    async def discover(self) -> Sequence[Found]:
        """Every kind that can be listed and watched there."""
        found = await discover(self._server)
        self._server.versions.learn(found)
        return found

    async def describe(self, found: Found, namespaces: frozenset[str] | None = None) -> Kind[Any]:
        """The kind with the columns that the cluster prints; with ours alone where we may not look at any."""
        place = min(namespaces) if namespaces and found.namespaced else ""
        try:
            body = await self._server.bytes(
                "GET", collection(found.api, place), {"limit": "1"}, within=10, accept=TABLE
            )
            return general_kind(found, definitions(body))
        except (Refused, Missing, Unsupported):
            return general_kind(found, ())

    async def may(
        self, verb: str, group: str, resource: str, namespace: str = "", name: str = "", *, newest: bool = False
    ) -> bool | None:
        """Does the cluster allow that to our account? None where it does not say."""
        return await self._access.may(Question(verb, group, resource, namespace, name), newest=newest)

    def as_person(self, name: str) -> Driver:
        """The same line, used as that person of ours where the connection says so."""
        if self._settings.get("impersonate") is not True:
            return self
        if name not in self._people:
            if len(self._people) >= MOST_PEOPLE:
                self._people.clear()
            self._people[name] = PersonalDriver(self, self._settings, name)
        return self._people[name]

    async def limits(self, namespaces: Iterable[str]) -> Limits | None:
        """As the account of the connection it is asked for no person."""
        return None

    async def watch(self, kind: Kind[Any], namespaces: frozenset[str] | None = None) -> AsyncIterator[FeedItem]:
        """First the whole list, then every change, for ever; says with Broken when contact is lost."""
        timing = Timing(longest=lambda: LOOKED_AT if self.looked_at else AT_REST, rest=self._resting.rest)

        def reflect(namespace: str) -> Reflector:
            reading = Tables() if kind.printed else (MetadataAlone if kind.metadata_only else Objects)(kind.model)
            return Reflector(self._server, kind.api, reading, namespace, timing, watched=kind.watched)

        feeds: list[AsyncIterator[FeedItem]]
        if namespaces and kind.own_namespace:
            feeds = [_until_refused(reflect("").run()), self._by_name(kind, namespaces, timing)]
        elif namespaces and kind.namespaced:
            feeds = [merged({one: reflect(one) for one in sorted(namespaces)})]
        else:
            feeds = [reflect("").run()]
        for feed in feeds:
            async with aclosing(feed):  # type: ignore[type-var]
                async for item in feed:
                    yield item

    def _by_name(self, kind: Kind[Any], namespaces: frozenset[str], timing: Timing) -> AsyncIterator[FeedItem]:
        """Those that were chosen, one by one."""
        server, reading = self._server, Objects(kind.model)
        named = {
            one: ByName(server, kind.api, one, reading, timing, lambda: self.looked_at) for one in sorted(namespaces)
        }
        return merged(named)

    async def get(self, kind: Kind[Any], namespace: str, name: str) -> dict[str, Any]:
        """The whole object as the API has it now. Raises Missing."""
        found = await self._server.json("GET", (*collection(kind.api, namespace if kind.namespaced else ""), name))
        if not isinstance(found, dict):
            raise not_kubernetes(str(found)[:200])
        return found

    async def call(self, call: Call) -> Any:
        """Send one request; the decoded JSON answer, or None when it has no body."""
        try:
            return await self._server.json(
                call.method, call.path, call.query, body=call.body, within=call.timeout, content_type=call.content_type
            )
        except Refused:
            if call.method != "GET":
                self._access.forget()  # we may have believed otherwise; of what is only looked at nothing was asked
            elif self._server.versions.lacks(call.path):  # rights are asked before it is looked whether there is any
                raise Missing("The cluster has no such kind.") from None
            raise

    async def download(self, call: Call) -> AsyncGenerator[bytes, None]:
        """Nothing here is given out as bytes."""
        raise Unsupported("Kubernetes gives out no files by itself.")
        yield b""

    async def stream(self, call: Call) -> AsyncIterator[Mapping[str, Any]]:
        """Send one request whose answer is a stream of JSON objects, one on each line."""
        if call.data is not None:
            raise Unsupported("Kubernetes takes in no files by itself.")
        lines = Lines()
        async with self._server.open(
            call.method, call.path, call.query, call.body, silence=call.timeout, content_type=call.content_type
        ) as response:
            async for data in pieces(response):
                for line in lines.feed(data):
                    try:
                        yield msgspec.json.decode(line, type=dict[str, Any])
                    except MALFORMED as error:
                        raise not_kubernetes(str(error)) from error

    async def logs(self, source: LogSource, options: LogOptions) -> AsyncIterator[LogChunk]:
        """Lines in order; what cannot be passed on in time is counted in ``skipped``."""
        feed = logs.read(self._server, source, options)
        try:
            async for chunk in feed:
                yield chunk
        finally:
            await feed.aclose()  # type: ignore[attr-defined]

    async def shell(self, source: LogSource, command: Sequence[str] = ()) -> Shell:
        """Open a terminal; without a command the best shell is found. Raises Unsupported when there is none."""
        await self._may_enter(source.resource)
        return await terminal.open_shell(self._server, source, command)

    async def program(self, source: LogSource, command: Sequence[str], *, takes_input: bool = False) -> Program:
        """Start a program in a container."""
        await self._may_enter(source.resource)
        return await program.start(self._server, source, command, takes_input=takes_input)

    async def _may_enter(self, pod: Resource) -> None:
        # Which of the two it takes depends on the cluster's age; refused, its handshake does not say why.
        asked = [self.may(verb, "", "pods/exec", pod.namespace, pod.name) for verb in ("create", "get")]
        if await asyncio.gather(*asked) == [False, False]:
            raise NotPermitted(may_not("create", "pods/exec", pod.namespace, who=self.acts_as), hint=HINT)

    async def dial(self, resource: Resource, port: int) -> Wire:
        """Connect to a port of a pod."""
        return await port_forward.dial(self._server, resource, port)

    async def usage(self, kind: Kind[Any], resources: Sequence[Resource]) -> Mapping[str, Usage]:
        """One sample for each pod or node that is measured; none where metrics are not installed."""
        if self._metrics is None:
            self._metrics = Metrics(self._server)
        return await self._metrics.usage(kind, resources)

    async def close(self) -> None:
        """Let go of every connection."""
        await asyncio.gather(self._access.close(), *(one.close() for one in self._people.values()))
        if self._server_made is not None:
            await self._server_made.close()

    async def _nodes(self) -> str:
        try:
            page = await self._server.json("GET", ("api", "v1", "nodes"), {"limit": "1"}, within=5)
            more = page["metadata"].get("remainingItemCount") or 0
            count = len(page["items"] or ()) + int(more)
        except (Refused, Missing, KeyError, TypeError, ValueError, AttributeError):
            return ""
        return "1 node" if count == 1 else f"{count} nodes"

    async def _identity(self) -> str:
        """The uid of kube-system, which every cluster has and none changes; "" when we may not see it."""
        try:
            found = await self._server.json("GET", ("api", "v1", "namespaces", "kube-system"), within=5)
            return str(found["metadata"]["uid"])[:60]
        except (ClusterError, KeyError, TypeError):
            return ""


async def _until_refused(feed: AsyncIterator[FeedItem]) -> AsyncIterator[FeedItem]:
    """All of it, or what came before our account was refused: it may well see those that were chosen."""
    async with aclosing(feed):  # type: ignore[type-var]
        async for item in feed:
            if isinstance(item, Broken) and isinstance(item.error, Refused):
                return
            yield item


class PersonalDriver(KubernetesDriver):
    """The line of a connection, used as one person: it asks and does what they may, and watches nothing."""

    def __init__(self, line: KubernetesDriver, settings: Mapping[str, Any], name: str) -> None:
        super().__init__(settings, {})
        self._line, self._name = line, name

    @property
    def acts_as(self) -> str:  # type: ignore[override]
        """Their name in the cluster."""
        return self._server.user

    @property
    def _server(self) -> PersonalServer:
        # At each use: a name that cannot be told, or settings that went bad, are errors of what is asked.
        if not isinstance(self._server_made, PersonalServer):
            how = Impersonation.of(self._settings)
            if how is None:
                raise Refused("Nobody acts as themselves there.")
            self._server_made = PersonalServer(self._line._server, how, self._name)
        return self._server_made

    def as_person(self, name: str) -> Driver:
        """Somebody else is asked for at the connection's own driver."""
        return self._line.as_person(name)

    async def limits(self, namespaces: Iterable[str]) -> Limits | None:
        """What the cluster lets them list."""
        return await rights(self._server, namespaces)

    def watch(self, kind: Kind[Any], namespaces: frozenset[str] | None = None) -> AsyncIterator[FeedItem]:
        """Never: what is shared is watched by the account of the connection."""
        raise Unsupported("Nothing is watched as a person.")
