"""A list that takes an engine long is kept while nobody looks: changes are looked at alone, and doubts are said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver, image_watch, list_watch
from clusters.errors import ClusterError
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.image import IMAGE
from clusters.kinds.docker.image_model import Image
from clusters.kinds.docker.volume import VOLUME
from clusters.live.cluster import ClusterInfo
from clusters.live.hub import Hub
from clusters.live.query import parse
from clusters.live.resource import Broken, Changed, FeedItem, Listed, Remembered, Resource
from tests.clusters.docker_engine import Line, a_name, unix
from tests.clusters.docker_things import connected, until
from tests.clusters.test_docker_things_live import imported, tar_of
from tests.real import find_old_docker_socket

pytestmark = pytest.mark.docker


@pytest_asyncio.fixture(params=["new", "old"])
async def engine(request: pytest.FixtureRequest, docker_socket: str) -> AsyncIterator[DockerDriver]:
    driver = unix(docker_socket if request.param == "new" else find_old_docker_socket())
    yield driver
    await driver.close()


@pytest.fixture(autouse=True)
def _every_list_counts_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_watch, "QUICK", -1.0)
    monkeypatch.setattr(list_watch, "CHECK_SHARE", 1000.0)


class Asked:
    """What was asked of an engine: (method, path, query)."""

    def __init__(self, driver: DockerDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        plain = driver._client.bytes

        async def counting(method: str, path: tuple[str, ...], query: Any = None, *rest: Any, **more: Any) -> bytes:
            self.calls.append((method, "/".join(path), query))
            return await plain(method, path, query, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(driver._client, "bytes", counting)

    @property
    def lists(self) -> int:
        """How often all images were asked for."""
        return sum(path == "images/json" and not query for _, path, query in self.calls)


class Follower:
    """A feed that is read in the background."""

    def __init__(self) -> None:
        self.items: list[FeedItem] = []

    def last(self, type_: type[Any]) -> Any:
        return next((item for item in reversed(self.items) if isinstance(item, type_)), None)

    @property
    def known(self) -> dict[str, Resource]:
        known: dict[str, Resource] = {}
        for item in self.items:
            if isinstance(item, Listed | Remembered):
                known = {one.uid: one for one in item.resources}
            elif isinstance(item, Changed):
                known |= {one.uid: one for one in item.upserts}
                for uid in item.deletes:
                    known.pop(uid, None)
        return known


@asynccontextmanager
async def following(driver: DockerDriver, kind: Any) -> AsyncIterator[Follower]:
    seen = Follower()

    async def follow() -> None:
        async with aclosing(driver.watch(kind)) as feed:  # type: ignore[type-var]
            async for item in feed:
                seen.items.append(item)

    task = asyncio.create_task(follow())
    try:
        await until(lambda: seen.items, within=60)
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listed_now(driver: DockerDriver, uid: str) -> dict[str, Any]:
    found = await driver.call(Call("GET", ("images", "json"), timeout=60))
    return next(one for one in found if one["Id"] == uid)


async def _remove(driver: DockerDriver, *names: str) -> None:
    for name in names:
        with suppress(ClusterError):
            await driver.call(Call("DELETE", ("images", *name.split("/")), {"force": "true"}))


async def test_what_an_event_names_is_looked_at_alone_and_is_as_the_list_would_have_it(
    engine: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = f"pilothouse-test/{a_name()}:1", f"pilothouse-test/{a_name()}:1"
    async with following(engine, IMAGE) as seen:
        await until(lambda: seen.last(Listed), within=60)
        asked = Asked(engine, monkeypatch)
        try:
            uid = await imported(engine, tar_of("a", b"a" * 2000)[0], first)
            assert asked.lists == 0, asked.calls
            truth = await _listed_now(engine, uid)
            asked.calls.clear()
            # A containerd store names an image before it is unpacked, and counts its whole size only after that.
            await until(lambda: _told(seen, uid) == (truth["RepoTags"], truth["Size"], truth["Created"]))
            name, tag = second.rsplit(":", 1)
            await engine.call(Call("POST", ("images", uid, "tag"), {"repo": name, "tag": tag}))
            await until(lambda: len(_tags(seen, uid)) == 2)
            other = await imported(engine, tar_of("b", b"b" * 2000)[0], second)
            await until(lambda: _tags(seen, other) == [second])
            await until(lambda: _tags(seen, uid) == [first])  # its name went to the other one
            await _remove(engine, first)
            await until(lambda: uid not in seen.known)
            assert asked.lists == 0, asked.calls
        finally:
            await _remove(engine, first, second)
        await until(lambda: other not in seen.known)


def _told(seen: Follower, uid: str) -> Any:
    one: Any = seen.known.get(uid)
    return one and (one.tags, one.size, one.made)


def _tags(seen: Follower, uid: str) -> list[str]:
    one = seen.known.get(uid)
    return sorted(one.tags) if isinstance(one, Image) else []


async def test_more_changes_than_are_worth_looking_at_alone_are_one_list(
    docker_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_watch, "FEW", 0)
    engine, name = unix(docker_socket), f"pilothouse-test/{a_name()}:1"
    try:
        async with following(engine, IMAGE) as seen:
            await until(lambda: seen.last(Listed), within=60)
            asked = Asked(engine, monkeypatch)
            uid = await imported(engine, tar_of("c", b"c")[0], name)
            await until(lambda: uid in seen.known, within=60)
            assert asked.lists == 1
    finally:
        await _remove(engine, name)
        await engine.close()


async def test_a_later_look_knows_what_happened_while_nobody_looked_without_a_list(
    engine: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, come = f"pilothouse-test/{a_name()}:1", f"pilothouse-test/{a_name()}:1"
    async with following(engine, CONTAINER):  # these are always watched, and keep the stream of events open
        try:
            before = await imported(engine, tar_of("d", b"d")[0], gone)
            async with following(engine, IMAGE) as seen:
                await until(lambda: before in seen.known, within=60)
            asked = Asked(engine, monkeypatch)
            await _remove(engine, gone)
            after = await imported(engine, tar_of("e", b"e")[0], come)
            asked.calls = [one for one in asked.calls if one[0] == "GET" and come not in one[1]]
            assert asked.calls == []  # nobody looked
            async with following(engine, IMAGE) as seen:
                listed = await until(lambda: seen.last(Listed))
                uids = {one.uid for one in listed.resources}
                assert after in uids
                assert before not in uids
            assert asked.lists == 0, asked.calls
        finally:
            await _remove(engine, gone, come)


async def test_after_a_break_what_was_known_is_shown_with_its_time_until_it_is_listed(
    docker_socket: str, tmp_path: Path
) -> None:
    line = Line(tmp_path / "line.sock", docker_socket)
    await line.heal()
    engine, direct, name = unix(line.path), unix(docker_socket), f"pilothouse-test/{a_name()}:1"
    try:
        async with following(engine, CONTAINER), following(engine, IMAGE) as seen:
            await until(lambda: seen.last(Listed), within=60)
            known = set(seen.known)
            await line.cut()
            await until(lambda: seen.last(Broken))
            assert set(seen.known) == known
            uid = await imported(direct, tar_of("f", b"f")[0], name)
            await line.heal()
            old = await until(lambda: seen.last(Remembered))
            assert {one.uid for one in old.resources} == known
            assert old.as_of > 0
            await until(lambda: uid in seen.known, within=60)
            assert isinstance(seen.items[-1], Listed | Changed)
        async with following(engine, CONTAINER):
            await line.cut()
            async with following(engine, IMAGE) as seen:  # a look while nothing is heard, after a rest
                await until(lambda: seen.last(Remembered))
                assert uid in seen.known
                await line.heal()
                await until(lambda: seen.last(Listed), within=60)
    finally:
        await _remove(direct, name)
        await engine.close()
        await direct.close()


async def test_a_list_that_is_quick_is_asked_for_at_each_look(
    docker_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_watch, "QUICK", 60.0)
    engine = unix(docker_socket)
    try:
        async with following(engine, CONTAINER):
            asked = Asked(engine, monkeypatch)
            for _ in range(2):
                async with following(engine, VOLUME) as seen:
                    await until(lambda seen=seen: seen.last(Listed))
                    assert seen.last(Remembered) is None
            assert sum(path == "volumes" for _, path, _ in asked.calls) == 2
    finally:
        await engine.close()


async def test_rows_that_are_not_sure_say_since_when(docker_socket: str) -> None:
    engine = unix(docker_socket)
    async with connected(engine, "volume") as connection:
        hub = Hub(lambda: [connection], lambda row: "/")
        query = parse("volume", "", {ClusterInfo(1, "", "", "", "").id: None})
        with hub.window(query, 0, 50) as window:
            assert window.snapshot()["old"] == []
            told: list[Any] = []
            window.followers.add(type("Tab", (), {"deliver": lambda self, frame: told.append(frame)})())
            store = connection._told("volume")
            store.apply(Remembered(list(store.resources.values()), 1234.0))
            await until(lambda: window.snapshot()["old"])
            assert window.snapshot()["old"] == [(1, 1234.0)]
            store.apply(Listed(list(store.resources.values())))
            await until(lambda: not window.snapshot()["old"])
            assert told
        hub.reset()
