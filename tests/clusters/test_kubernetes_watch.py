"""The reflector against a fake API server: client-go's rules, each as a sentence (its own test's name in brackets)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import web

from clusters.drivers.kubernetes.backoff import Backoff
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.watch import DENIED_WAIT, Reflector, Timing
from clusters.errors import Refused, Unreachable, Unsupported
from clusters.kinds.kubernetes.pod import POD
from clusters.live.resource import Alive, Broken, Changed, FeedItem, Listed
from clusters.live.store import Store
from tests.clusters.fake_api import FakeApi, pod, refuses, says, serving, status


class Watching:
    """A reflector, what it said so far, a store fed by it, and how long it wanted to sleep."""

    def __init__(self, api: FakeApi, server: ApiServer) -> None:
        self.api, self.server = api, server
        self.items: list[FeedItem] = []
        self.sleeps: list[float] = []
        self.store = Store(1, POD)
        timing = Timing(sleep=self._sleep, watch_for=lambda: 300.0)
        self.feed = Reflector(server, "v1/pods", POD.model, timing=timing).run()

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(0.001)

    async def until(self, wanted: Callable[[FeedItem], object]) -> FeedItem:
        """Read on until an item fits."""
        async with asyncio.timeout(5):
            async for item in self.feed:
                self.items.append(item)
                self.store.apply(item)
                if wanted(item):
                    return item
        raise AssertionError("the feed ended")

    async def listed(self) -> Listed:
        item = await self.until(lambda item: isinstance(item, Listed))
        assert isinstance(item, Listed)
        return item

    async def broken(self) -> Broken:
        item = await self.until(lambda item: isinstance(item, Broken))
        assert isinstance(item, Broken)
        return item

    async def alive(self) -> None:
        await self.until(lambda item: isinstance(item, Alive))

    async def changed(self) -> Changed:
        item = await self.until(lambda item: isinstance(item, Changed))
        assert isinstance(item, Changed)
        return item

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.store.resources.values()}


@asynccontextmanager
async def watching(*names: str) -> AsyncIterator[Watching]:
    api = FakeApi()
    for name in names:
        await api.put(name)
    async with serving(api) as server:
        watch = Watching(api, server)
        async with aclosing(watch.feed):  # type: ignore[type-var]
            yield watch


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
        for _ in range(5):
            watch.api.next_watch.append(refuses(410))
            await watch.listed()
        assert sum(watch.sleeps) > 3.9


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


async def test_a_watch_that_ends_or_is_cut_goes_on_without_a_list() -> None:  # [WatchTimeout, EOF, UnexpectedEOF]
    async with watching("web") as watch:
        half = json.dumps({"type": "ADDED", "object": pod("half", 21)}).encode()[:100]
        watch.api.next_watch.append(says({"type": "ADDED", "object": pod("new", 20)}, half))
        await watch.until(lambda _: len(watch.api.watches) == 2)
        assert watch.names == {"web", "new"}
        assert len(watch.api.lists) == 1
        assert not [item for item in watch.items if isinstance(item, Broken)]


async def test_a_watch_that_ends_at_once_is_a_failure_and_slows_down() -> None:  # [very short watch]
    async with watching("web") as watch:
        for _ in range(5):
            watch.api.next_watch.append(says())
        broken = await watch.broken()
        assert isinstance(broken.error, Unreachable)
        await watch.until(lambda _: len(watch.api.watches) == 6)
        waits = [seconds for seconds in watch.sleeps if seconds > 0.5]
        assert len(waits) == 5
        assert max(waits) > 4
        assert len(watch.api.lists) == 1


async def test_too_many_requests_waits_as_asked_and_does_not_list() -> None:  # [NoRelistOnTooManyRequests]
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(refuses(429, headers={"Retry-After": "17"}))
        broken = await watch.broken()
        assert broken.retry_in == 17
        await watch.alive()
        assert len(watch.api.lists) == 1
        assert 17 in watch.sleeps
        assert watch.store.trouble is None


@pytest.mark.parametrize("code", [500, 503])
async def test_an_error_of_the_server_itself_is_tried_again_without_a_list(code: int) -> None:  # [RetryInternalError]
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(refuses(code))
        await watch.broken()
        await watch.alive()
        assert len(watch.api.lists) == 1


async def test_an_event_of_the_server_that_says_500_does_not_list_either() -> None:  # [RetryInternalError]
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(says({"type": "ERROR", "object": status(500, reason="InternalError")}))
        await watch.broken()
        await watch.alive()
        assert len(watch.api.lists) == 1


async def test_a_list_that_fails_is_tried_again_ever_more_slowly() -> None:  # [BackoffOnTooManyRequests]
    async with watching("web") as watch:
        watch.api.next_list.extend([refuses(429), refuses(503), refuses(503), refuses(503)])
        waits = [(await watch.broken()).retry_in for _ in range(4)]
        await watch.listed()
        assert waits[0] < waits[-1] <= 8.0


async def test_what_is_forbidden_is_said_and_tried_again_rarely() -> None:
    async with watching("web") as watch:
        watch.api.next_list.append(
            refuses(403, 'pods is forbidden: User "v" cannot list resource "pods" in API group "" at the cluster scope')
        )
        broken = await watch.broken()
        assert isinstance(broken.error, Refused)
        assert broken.error.message == "Our account may not list pods in the whole cluster."
        assert broken.retry_in == DENIED_WAIT
        await watch.listed()


async def test_objects_of_another_type_are_skipped() -> None:  # [WatchHandler: unexpected type]
    async with watching("web") as watch:
        watch.api.next_watch.append(
            says(
                {"type": "ADDED", "object": {"kind": "Service", "metadata": {"name": "x", "uid": "x"}}},
                {"type": "INVENTED", "object": pod("invented", 20)},
                {"type": "ADDED", "object": {"no": "kind"}},
                {"type": "ADDED", "object": pod("right", 21)},
                hold=30,
            )
        )
        await watch.changed()
        assert watch.names == {"web", "right"}


async def test_an_object_that_makes_no_sense_is_kept_by_name_and_called_unknown() -> None:
    async with watching("web") as watch:
        odd = pod("odd", 20) | {"spec": {"containers": "none"}, "status": 7}
        watch.api.next_watch.append(says({"type": "ADDED", "object": odd}, hold=30))
        await watch.changed()
        assert watch.names == {"web", "odd"}
        assert watch.store.health["uid-shop-odd"].word == "Unknown"
        assert watch.store.health["uid-shop-web"].word == "Running"


async def test_nulls_where_lists_and_times_should_be_are_nothing_strange() -> None:
    async with watching() as watch:
        sparse = pod("sparse", 20)
        sparse["spec"] = {"containers": None, "initContainers": None}
        sparse["status"]["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": None}]
        ended = {"exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": None, "finishedAt": None}
        sparse["status"]["containerStatuses"] = [{"name": "main", "state": {"terminated": ended}, "restartCount": 0}]
        watch.api.next_watch.append(says({"type": "ADDED", "object": sparse}, hold=30))
        await watch.changed()
        assert watch.store.health["uid-shop-sparse"].word != "Unknown"


async def test_garbage_breaks_the_watch_and_what_came_before_it_counts() -> None:
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(says({"type": "ADDED", "object": pod("before", 20)}, b"<html>oops</html>\n"))
        broken = await watch.broken()
        assert isinstance(broken.error, Unsupported)
        assert watch.names == {"web", "before"}
        await watch.listed()  # only a whole list makes sure again


async def test_an_answer_that_is_no_list_is_said_to_be_no_kubernetes() -> None:
    async def html(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>hello</html>")

    async with watching("web") as watch:
        watch.api.next_list.append(html)
        assert "not Kubernetes" in (await watch.broken()).error.message


async def test_a_redirect_is_never_followed() -> None:
    async def away(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("http://127.0.0.1:1/elsewhere")

    async with watching("web") as watch:
        watch.api.next_list.append(away)
        broken = await watch.broken()
        assert "elsewhere" in broken.error.message
        assert watch.api.paths == ["/api/v1/pods"]


async def test_a_line_without_an_end_is_cut_off_before_it_fills_the_memory() -> None:
    async with watching("web") as watch:
        await watch.listed()
        watch.api.next_watch.append(says(b"x" * (9 << 20), hold=30))
        assert "too large" in (await watch.broken()).error.message


async def test_a_refused_connection_is_said_and_watched_again_without_a_list() -> None:  # [InitConnBackoff]
    async with watching("web") as watch:
        await watch.listed()
        await watch.alive()
        await watch.api.stop()
        await watch.until(lambda item: isinstance(item, Broken) and "refuses" in item.error.message)
        await watch.api.start()
        await watch.api.put("db")
        await watch.changed()
        assert watch.names == {"web", "db"}
        assert len(watch.api.lists) == 1


async def test_several_states_of_one_thing_that_come_together_are_told_once() -> None:
    async with watching("web") as watch:
        await watch.listed()
        events = [{"type": "MODIFIED", "object": pod("web", version)} for version in range(20, 40)]
        gone = [{"type": "ADDED", "object": pod("brief", 41)}, {"type": "DELETED", "object": pod("brief", 42)}]
        together = b"".join(json.dumps(event).encode() + b"\n" for event in [*events, *gone])
        watch.api.next_watch.append(says(together, hold=30))
        changed = await watch.changed()
        assert [one.version for one in changed.upserts] == ["39"]
        assert list(changed.deletes) == ["uid-shop-brief"]


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
