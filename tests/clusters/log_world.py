"""Copies of an app that say what they are told to, when they are told to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.access import Actor
from clusters.drivers.base import LogChunk, LogOptions, LogSource
from clusters.gateway import Denied
from clusters.kinds.base import Health, Level
from clusters.live import log_source, log_waiting
from clusters.live.families import Families
from clusters.live.log_lines import LogFilter
from clusters.live.log_source import Streams
from clusters.live.logs import LogStream
from clusters.live.resource import Changed, Listed
from clusters.live.row import Row
from clusters.live.store import Store
from tests.clusters.fakes import APP, App

ADA = Actor(1, "ada")
COPY = replace(APP, name="copy", owner=lambda one: ("app", "web"), health=lambda one: Health(Level.HEALTHY, "Running"),
               logs=lambda one: [LogSource(one, "copy", "", one.name, began=one.copies)])  # fmt: skip
WEB = replace(APP, name="app", copies_of="copy", health=lambda one: Health(Level.HEALTHY, "Running"))


def line(at: float, text: str) -> tuple[float, str, str]:
    return at, "out", text


class World:
    """A cluster with one app and its copies; each copy's log is a queue of chunks, ends (None) and errors."""

    def __init__(self) -> None:
        self.queues: dict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self.opened: list[tuple[str, LogOptions]] = []
        self.closed: list[str] = []
        self.hidden: set[str] = set()
        self.stores = {"app": Store(1, WEB), "copy": Store(1, COPY)}
        families = Families(self.stores, lambda delay, act: None)
        self.web = App(id="web", title="web", space="shop")
        self.stores["app"].apply(Listed([self.web]))
        self.stores["copy"].apply(Listed([]))
        connection = SimpleNamespace(stores=self.stores, wanted=self.wanted, families=families)
        self.streams = Streams(self, SimpleNamespace(connections={1: connection}))  # type: ignore[arg-type]
        self.wakes = 0

    @contextmanager
    def wanted(self, *names: str) -> Iterator[None]:
        yield

    async def see(self, actor: Actor, cluster_id: int, namespace: str | None, need: Any, **_: Any) -> None:
        if namespace in self.hidden:
            raise Denied("This is not shared with you.", known=False)

    async def logs(
        self, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions
    ) -> AsyncIterator[LogChunk]:
        self.opened.append((source.resource.uid, options))
        try:
            while (item := await self.queues[source.resource.uid].get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield LogChunk(item) if isinstance(item, list) else item
        finally:
            self.closed.append(source.resource.uid)

    def start(self, *names: str, space: str = "shop") -> None:
        self.stores["copy"].apply(Changed([App(id=name, title=name, space=space) for name in names]))

    def stop(self, name: str) -> None:
        self.stores["copy"].apply(Changed(deletes=[name]))

    async def read(self, wanted: LogFilter | None = None, options: LogOptions | None = None) -> LogStream:
        stream = LogStream(self.streams, ADA, options or LogOptions(), wanted or LogFilter(), self._wake)
        await stream.open(
            [Row(SimpleNamespace(id=1, name="box", slug="box"), WEB, self.web, Health(Level.HEALTHY, ""))]
        )  # type: ignore[arg-type]
        return stream

    def _wake(self) -> None:
        self.wakes += 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_source, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(log_waiting, "WINDOW", 0.05)
    monkeypatch.setattr(log_waiting, "PATIENCE", 0.1)


async def taken(stream: LogStream, seconds: float = 0.15, limit: int = 10_000) -> tuple[list[str], int]:
    """The texts that came within that time, and how many lines were left out."""
    await asyncio.sleep(seconds)
    lines, gaps = stream.take(limit)
    return [one[3] for one in lines], sum(count for _, count in gaps)
