"""The reflector when the API server fails, refuses, or says what makes no sense (client-go's own test in brackets)."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from clusters.drivers.kubernetes.backoff import FIRST
from clusters.drivers.kubernetes.resting import Resting
from clusters.drivers.kubernetes.watch import DENIED_WAIT
from clusters.errors import Refused, Unreachable, Unsupported
from clusters.live.resource import Broken
from tests.clusters.fake_api import pod, refuses, says, status
from tests.clusters.watching import watching


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
        assert broken.error.message == "This cluster's account may not list pods in all namespaces."
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


async def test_who_hears_nothing_tries_again_once_the_cluster_answers_however_long_it_would_still_rest() -> None:
    resting = Resting()
    async with watching("web", rest=lambda seconds: resting.rest(3600)) as watch:
        await watch.listed()
        await watch.alive()
        await watch.api.stop()
        await watch.broken()
        await watch.api.start()
        await watch.api.put("db")
        back = asyncio.create_task(watch.changed())
        await asyncio.sleep(0.05)
        assert not back.done()
        resting.end()
        await back
        assert watch.names == {"web", "db"}
        await watch.api.stop()
        assert (await watch.broken()).retry_in <= 2 * FIRST, "as at the first time"


async def test_what_it_said_no_to_or_not_now_is_not_tried_again_sooner() -> None:
    async with watching("web", rest=lambda seconds: pytest.fail("it is silent about nothing")) as watch:
        watch.api.next_watch += [refuses(429, "Too many requests."), refuses(403, "You may not.")]
        await watch.broken()
        await watch.broken()
        await watch.alive()
        assert DENIED_WAIT in watch.sleeps
