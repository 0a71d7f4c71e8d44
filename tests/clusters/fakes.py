"""A cluster that is not there: it records every call that reaches it, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clusters.drivers.base import About, LogChunk
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.errors import ClusterError, Missing
from clusters.kinds.actions import quietly
from clusters.kinds.base import Action, Health, Kind, Level, Panel, Role, Says
from clusters.kinds.field import Field
from clusters.kinds.permission import Permission
from clusters.kinds.preview import Difference, Preview
from clusters.live.resource import FeedItem, Listed, Resource
from clusters.live.store import Store


def held(store: Store) -> dict[str, Any]:
    """What a store holds, by uid: it knows resources only, a test the kind whose store it is."""
    return dict(store.resources)


class App(Resource, frozen=True, kw_only=True):
    """The one thing that the fake cluster holds."""

    id: str
    title: str
    space: str = ""
    copies: int = 1

    @property
    def uid(self) -> str:
        return self.id

    @property
    def name(self) -> str:
        return self.title

    @property
    def namespace(self) -> str:
        return self.space

    @property
    def version(self) -> str:
        return str(self.copies)


class FakeShell:
    program, user = "/bin/sh", "root"

    async def output(self) -> AsyncIterator[bytes]:
        yield b"$ "

    async def write(self, data: bytes) -> None: ...

    async def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> str:
        return "exit 0"


@dataclass
class FakeDriver(OnlyOurKinds):
    calls: list[tuple[str, Any]] = field(default_factory=list)
    fails: BaseException | None = None
    takes: float = 0.0
    platform: str = "docker"
    fields: tuple[Field, ...] = ()
    apps: dict[str, App] = field(default_factory=dict)
    may_not: set[str] = field(default_factory=set)  # verbs that the cluster does not allow to our account
    says_after: float = 0.0  # seconds until it tells what it allows

    async def record(self, what: str, about: Any) -> None:
        self.calls.append((what, about))
        await asyncio.sleep(self.takes)
        if self.fails:
            raise self.fails

    async def about(self) -> About:
        return About(platform="docker", version="1")

    async def get(self, kind: Kind[Any], namespace: str, name: str) -> dict[str, Any]:
        await self.record("get", name)
        return {"name": name}

    async def logs(self, source: Any, options: Any) -> AsyncIterator[LogChunk]:
        await self.record("logs", source.resource.name)
        yield LogChunk([(0.0, "out", "hello")])

    async def shell(self, source: Any, command: Any = ()) -> FakeShell:
        await self.record("shell", source.resource.name)
        return FakeShell()

    async def watch(self, kind: Any, namespaces: Any = None) -> AsyncIterator[FeedItem]:
        yield Listed(list(self.apps.values()) if kind.name == "app" else [])
        await asyncio.Event().wait()

    async def may(
        self, verb: str, group: str, resource: str, namespace: str = "", name: str = "", *, newest: bool = False
    ) -> bool | None:
        await asyncio.sleep(self.says_after)
        return verb not in self.may_not

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


async def _stop(driver: Any, app: App, values: Mapping[str, Any]) -> str:
    await driver.record("stop", app.uid)
    return f"{app.name} is stopped"


async def _scale(driver: Any, app: App, values: Mapping[str, Any]) -> None:
    await driver.record("scale", values["copies"])


async def _preview_scale(look: Any, values: Mapping[str, Any]) -> Preview:
    return Preview(effect=f"{values['copies']} copies of {look.resource.name}.")


async def _look_ahead(look: Any, values: Mapping[str, Any]) -> Preview:
    await look.driver.record("look-ahead", look.resource.name)
    return Preview(
        effect=f"Puts {look.resource.name} back to version 2.",
        differences=[Difference("env › MODE", "fast", "–")],
        values={"revision": "2"},
        choices={"revision": (("2", "2 · web:2"), ("1", "1 · web:1"))},
    )


async def _load(look: Any) -> Mapping[str, Any]:
    await look.driver.record("panel", look.resource.name)
    return {"others": [one.name for one in await look.related("app")]}


STOP: Action[App] = Action(
    verb="stop",
    label="Stop",
    icon="square",
    permissions=(Permission("patch"),),
    effect=lambda app: f"Stops {app.name}.",
    run=_stop,
    refuse=lambda app: "" if app.copies else "It is stopped already.",
    undo=lambda app, _: ("start", {}),
)
SCALE: Action[App] = Action(
    verb="scale",
    label="Scale",
    icon="scaling",
    effect=lambda app: f"Scales {app.name}.",
    run=_scale,
    preview=_preview_scale,
    line=lambda app, values: f"scale {app.name} --replicas={values['copies']}",
    fields=(
        Field(name="copies", label="Copies", type="number", minimum=0, maximum=9),
        Field(name="token", label="Token", type="secret", required=False),
    ),
)
WIPE: Action[App] = Action(
    verb="wipe",
    label="Wipe",
    icon="trash",
    effect=lambda app: f"Wipes {app.name}.",
    run=_stop,
    role=Role.ADMIN,
    danger=True,
)
LOOK_AHEAD: Action[App] = Action(
    verb="look-ahead",
    label="Roll back",
    icon="undo-2",
    effect=lambda app: f"Puts {app.name} back.",
    run=_stop,
    preview=_look_ahead,
    fields=(Field(name="revision", label="Version", required=False),),
)


async def _work(driver: Any, app: App, values: Mapping[str, Any], says: Says) -> str:
    """Half of it is done at once, the other half never."""
    await driver.record("work", app.uid)
    says.say("1 of 2 done")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise asyncio.CancelledError("Stopped: 1 of 2 done.") from None
    return "All done"


WORK: Action[App] = Action(
    verb="work",
    label="Work",
    icon="hammer",
    effect=lambda app: "Works.",
    run=quietly(_work),
    run_saying=_work,
    long=True,
)
RUN: Action[App] = Action(verb="run", label="Run", icon="play", effect=lambda app: "Runs.", run=_stop, right="run")
PANEL: Panel[App] = Panel(key="facts", label="Facts", icon="info", template="facts", load=_load)
SECRETS: Panel[App] = Panel(
    key="values", label="Values", icon="key", template="facts", load=_load, role=Role.OPERATOR, right="reveal"
)
APP: Kind[App] = Kind(
    name="app",
    label="App",
    plural="Apps",
    icon="box",
    group="Workloads",
    platform="docker",
    api="apps",
    model=App,
    words="An app.",
    health=lambda app: Health(Level.HEALTHY, "Running"),
    columns=(),
    panels=(PANEL, SECRETS),
    actions=(STOP, SCALE, WIPE, LOOK_AHEAD, WORK, RUN),
)


@dataclass(frozen=True)
class FakeCluster:
    id: int = 1
    name: str = "Shop"
    read_only: bool = False
    production: bool = False
    namespaces: frozenset[str] | None = None
    slug: str = "shop"


@dataclass
class FakeStore:
    cluster_id: int
    kind: Kind[Any]
    resources: dict[str, App]
    listed: bool = True
    trouble: ClusterError | None = None


class FakeConnections:
    """Two apps in cluster 1: ``web`` in the namespace ``front``, ``db`` in ``back``."""

    def __init__(self, **cluster: Any) -> None:
        self.one = FakeCluster(**cluster)
        self.fake = FakeDriver()
        self.apps = two_apps()

    def clusters(self) -> list[int]:
        return [self.one.id]

    def driver(self, cluster_id: int) -> Any:
        self._there(cluster_id)
        return self.fake

    def cluster(self, cluster_id: int) -> Any:
        self._there(cluster_id)
        return self.one

    def resource(self, cluster_id: int, kind_name: str, uid: str) -> App | None:
        self._there(cluster_id)
        return self.apps.get(uid)

    def stores(self) -> list[Any]:
        return [FakeStore(self.one.id, APP, self.apps)]

    def _there(self, cluster_id: int) -> None:
        if cluster_id != self.one.id:
            raise Missing("That cluster is not connected.")


def two_apps() -> dict[str, App]:
    """``web`` in the namespace ``front``, ``db`` in ``back``."""
    apps = [App(id="u1", title="web", space="front"), App(id="u2", title="db", space="back")]
    return {app.uid: app for app in apps}


def copy(app: App, **changes: Any) -> App:
    """The same app with something else about it."""
    return msgspec.structs.replace(app, **changes)


def all_shared(namespace: str | None) -> bool:
    """``sees`` of somebody who may see everything."""
    return True


async def none_related(kind_name: str) -> list[Any]:
    """``related`` of a cluster that has nothing else."""
    return []
