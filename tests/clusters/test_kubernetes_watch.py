"""The reflector against a fake API server: client-go's rules, each as a sentence (its own test's name in brackets)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from clusters.drivers.kubernetes import decode
from clusters.drivers.kubernetes.backoff import Backoff
from clusters.drivers.kubernetes.pages import Pages
from clusters.kinds.kubernetes import KINDS
from clusters.kinds.kubernetes.base import Object
from clusters.live.resource import Broken, Coming
from tests.clusters.fake_api import pod, refuses, says, status
from tests.clusters.watching import watching


async def test_it_lists_then_watches_from_the_lists_version() -> None:  # [ListAndWatch]
    async with watching("web", "db") as watch:
        await watch.listed()
        await watch.alive()
        await watch.api.put("cache")
        await watch.changed()
        assert watch.names == {"web", "db", "cache"}
        assert watch.api.lists == [{"limit": "500"}]
        assert watch.api.watches == [
            {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": "12", "timeoutSeconds": "300"}
        ]


async def test_a_long_list_comes_in_pages() -> None:
    async with watching(*(f"pod-{number}" for number in range(1203))) as watch:
        listed = await watch.listed()
        assert len(listed.resources) == 1203
        assert [query.get("continue") for query in watch.api.lists] == [None, "500", "1000"]
        assert [int(query["limit"]) for query in watch.api.lists] == [500, 500, 2000]  # small ones: as many as can be


async def test_of_what_is_large_fewer_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(*(f"pod-{number}" for number in range(600))) as watch:
        whole = watch.server.bytes

        async def at_most(*args: Any, **limits: Any) -> bytes:
            return await whole(*args, **{**limits, "limit": 60_000})

        monkeypatch.setattr(watch.server, "bytes", at_most)
        listed = await watch.listed()
        assert len(listed.resources) == 600
        sizes = [int(query["limit"]) for query in watch.api.lists]
        assert sizes[0] == 500
        assert sizes[-1] < 500
        assert sizes == sorted(sizes, reverse=True)


async def test_the_next_page_is_asked_for_before_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_when_reading: list[int] = []
    asked = 0
    taken_in, ask = Pages._taken_in, Pages._ask

    def counted(self: Pages, body: bytes) -> decode.AnyPage:
        asked_when_reading.append(asked)
        return taken_in(self, body)

    def asking(self: Pages, query: Mapping[str, str]) -> asyncio.Future[bytes]:
        nonlocal asked
        asked += 1
        return ask(self, query)

    monkeypatch.setattr(Pages, "_taken_in", counted)
    monkeypatch.setattr(Pages, "_ask", asking)
    async with watching(*(f"pod-{number}" for number in range(1203))) as watch:
        await watch.listed()
    assert asked_when_reading == [2, 3, 3]


async def test_what_comes_of_a_long_list_can_be_looked_at_before_all_is_there() -> None:
    async with watching(*(f"pod-{number}" for number in range(1203))) as watch:
        listed = await watch.listed()
        coming = [item for item in watch.items if isinstance(item, Coming)]
        assert [len(item.resources) for item in coming] == [500, 500]
        assert list(listed.resources[:1000]) == [one for item in coming for one in item.resources]


async def test_an_object_that_does_not_fit_spoils_no_other_of_its_page() -> None:
    async with watching("web", "db", "cache") as watch:
        await watch.api.put("db", spec={"containers": "none"})
        listed = await watch.listed()
        pods: list[Any] = list(listed.resources)
        assert sorted((one.name, bool(one.strange)) for one in pods) == [
            ("cache", False), ("db", True), ("web", False),
        ]  # fmt: skip


async def test_what_changes_all_the_time_by_itself_is_listed_now_and_then_and_never_watched() -> None:
    async with watching("node-1", watched=False) as watch:
        await watch.listed()
        await watch.api.put("node-2")
        await watch.listed()
        assert watch.names == {"node-1", "node-2"}
        assert watch.api.watches == []
        assert 15.0 in watch.sleeps


async def test_pages_that_are_forgotten_meanwhile_are_asked_for_all_at_once() -> None:  # [FullListIfExpired]
    async with watching(*(f"pod-{number}" for number in range(700))) as watch:
        watch.api.next_list.extend([watch.api._list, refuses(410, "continue token expired")])
        assert len((await watch.listed()).resources) == 700
        assert watch.api.lists[-1] == {}


async def test_after_410_it_lists_anew_at_once_and_what_vanished_is_gone() -> None:  # [ReplacesStoreOnUnsafeDelete]
    async with watching("web", "db") as watch:
        await watch.listed()
        watch.api.next_watch.append(refuses(410))
        await watch.api.drop("db", silently=True)
        await watch.listed()
        assert watch.names == {"web"}
        assert watch.api.lists[-1] == {"limit": "500"}  # without the version that is too old
        assert not [item for item in watch.items if isinstance(item, Broken)]
        assert max(watch.sleeps) <= 1.0


async def test_an_error_event_that_says_410_is_the_same() -> None:  # [WatchHandlerError]
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(says({"type": "ERROR", "object": status(410, reason="Expired")}))
        await watch.listed()
        assert len(watch.api.lists) == 2


async def test_a_storm_of_410_lists_at_most_once_a_second() -> None:
    async with watching("web") as watch:
        began = time.monotonic()
        for _ in range(5):
            watch.api.next_watch.append(refuses(410))
            await watch.listed()
        # What it wanted to sleep was not slept; what the lists themselves took counts as waiting, too.
        assert sum(watch.sleeps) + time.monotonic() - began > 3.9


async def test_a_relist_asks_for_nothing_older_than_was_seen() -> None:  # [ResyncWithResourceVersion]
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(says({"type": "ERROR", "object": status(400, "strange")}))
        await watch.listed()
        assert watch.api.lists[-1] == {
            "limit": "500", "resourceVersion": "11", "resourceVersionMatch": "NotOlderThan"}  # fmt: skip


async def test_a_server_that_lags_behind_is_asked_without_a_version() -> None:  # [FullListIfTooLarge]
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(says({"type": "ERROR", "object": status(400, "strange")}))
        watch.api.next_list.append(refuses(504, "Timeout: Too large resource version: 99, current: 11"))
        await watch.listed()
        assert watch.api.lists[-1] == {"limit": "500"}


async def test_the_version_moves_on_with_events_and_bookmarks() -> None:  # [ResourceVersionUpdate]
    async with watching("web") as watch:
        await watch.listed()
        mark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "opaque-77"}}}
        watch.api.next_watch.append(says({"type": "MODIFIED", "object": pod("web", 20)}, hold=1.1))
        watch.api.next_watch.append(says(mark, hold=1.1))
        watch.api.next_watch.append(says(hold=30))
        await watch.until(lambda _: len(watch.api.watches) == 3)
        assert [query["resourceVersion"] for query in watch.api.watches] == ["11", "20", "opaque-77"]
        assert len(watch.api.lists) == 1


COMPLETED = [kind for kind in KINDS if kind.model.version is not Object.version]


@pytest.mark.parametrize("kind", COMPLETED, ids=lambda kind: kind.name)
async def test_what_is_completed_by_us_goes_on_from_the_clusters_own_version(kind: Any) -> None:
    """Their own version tells also of what they are joined with: a server that is sent it refuses every watch."""
    async with watching("web", kind=kind) as watch:
        await watch.listed()
        await watch.alive()
        await watch.api.put("db")
        await watch.changed()
        await watch.api.stop()
        await watch.api.start()
        await watch.alive()
        assert [query["resourceVersion"] for query in watch.api.watches] == ["11", "12"]


async def test_a_watch_that_ends_or_is_cut_goes_on_without_a_list() -> None:  # [WatchTimeout, EOF, UnexpectedEOF]
    async with watching("web") as watch:
        half = json.dumps({"type": "ADDED", "object": pod("half", 21)}).encode()[:100]
        watch.api.next_watch.append(says({"type": "ADDED", "object": pod("new", 20)}, half))
        await watch.until(lambda _: len(watch.api.watches) == 2)
        assert watch.names == {"web", "new"}
        assert len(watch.api.lists) == 1
        assert not [item for item in watch.items if isinstance(item, Broken)]


async def test_several_states_of_one_thing_that_come_together_are_told_once() -> None:
    async with watching("web") as watch:
        await watch.listed()
        events = [{"type": "MODIFIED", "object": pod("web", version)} for version in range(20, 40)]
        gone = [{"type": "ADDED", "object": pod("brief", 41)}, {"type": "DELETED", "object": pod("brief", 42)}]
        together = b"".join(json.dumps(event).encode() + b"\n" for event in [*events, *gone])
        watch.api.next_watch.append(says(together, hold=30))
        told = [await watch.changed()]
        while "uid-shop-brief" not in told[-1].deletes:  # a busy machine may read them in several pieces
            told.append(await watch.changed())
        assert [one.version for changed in told for one in changed.upserts][-1] == "39"
        assert sum(len(changed.upserts) for changed in told) < 5


async def test_stopping_lets_go_of_the_connection() -> None:  # [StopWatchAfter]
    async with watching("web") as watch:
        await watch.alive()
        task = asyncio.create_task(watch.changed())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_waits_grow_are_never_in_step_and_end_at_the_cap() -> None:
    now = [0.0]
    backoff = Backoff(lambda: 30.0, lambda: now[0])
    waits = []
    for _ in range(8):
        waits.append(backoff.wait())
        now[0] += waits[-1]
    assert 0.8 <= waits[0] <= 1.6
    assert waits[-1] == 30.0
    now[0] += 121
    assert backoff.wait() <= 1.6
    assert Backoff(lambda: 30.0).wait() != Backoff(lambda: 30.0).wait()
