"""The same key from the same person is answered with the recorded outcome, also by a process that knows nothing of it."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async

from clusters import audit
from clusters.errors import ClusterError, Conflict, Invalid, Unsure
from clusters.gateway import Gateway
from clusters.models import AuditEntry
from clusters.repeats import request_of
from tests.clusters.door import ADA, OTTO, web
from tests.clusters.fakes import APP, FakeConnections, copy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def there() -> FakeConnections:
    return FakeConnections()


def restarted(there: FakeConnections) -> Gateway:
    """A gateway that remembers nothing, as after a restart."""
    return Gateway(there)


async def test_after_a_restart_the_same_key_does_not_act_again(there: FakeConnections) -> None:
    first = await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    again = await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    assert again.words == first.words
    assert there.fake.calls == [("stop", "u1")]
    assert await AuditEntry.objects.acount() == 2
    await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="another")
    await restarted(there).act(OTTO, 1, APP, web(there), "stop", {}, key="k")  # somebody else's key is another one
    assert len(there.fake.calls) == 3


async def test_it_is_answered_also_when_the_resource_is_gone_by_then(there: FakeConnections) -> None:
    shown = web(there)
    await restarted(there).act(ADA, 1, APP, shown, "stop", {}, key="k")
    there.apps = {}
    assert (await restarted(there).act(ADA, 1, APP, shown, "stop", {}, key="k")).words == "web is stopped"


async def test_the_key_of_something_else_is_refused(there: FakeConnections) -> None:
    await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    for verb, resource in (("wipe", web(there)), ("stop", copy(web(there), id="u2"))):
        with pytest.raises(Invalid, match="something else"):
            await restarted(there).act(ADA, 1, APP, resource, verb, {}, key="k")
    assert there.fake.calls == [("stop", "u1")]


async def test_what_failed_is_told_again_and_not_done_again(there: FakeConnections) -> None:
    there.fake.fails = Conflict("It is in use.")
    with pytest.raises(Conflict):
        await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    there.fake.fails = None
    with pytest.raises(ClusterError, match="It is in use"):
        await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    assert len(there.fake.calls) == 1


async def test_what_a_stop_interrupted_is_not_done_again(there: FakeConnections) -> None:
    there.fake.takes = 30
    asked = asyncio.create_task(restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k"))
    while not there.fake.calls:
        await asyncio.sleep(0.005)
    there.fake.takes = 0
    with pytest.raises(Conflict, match="being done already"):
        await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    await sync_to_async(audit.settle_interrupted)()  # as at the next start
    with pytest.raises(Unsure, match="Nobody knows") as said:
        await restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k")
    assert said.value.ended == "no answer"
    assert len(there.fake.calls) == 1
    asked.cancel()


async def test_of_two_processes_that_begin_at_once_one_acts(there: FakeConnections) -> None:
    there.fake.takes = 0.1
    both = [restarted(there).act(ADA, 1, APP, web(there), "stop", {}, key="k") for _ in range(2)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert there.fake.calls == [("stop", "u1")]
    assert sum(isinstance(one, Conflict) for one in results) == 1


def test_the_number_of_a_request_tells_nothing_of_its_key() -> None:
    assert request_of(1, "") == ""
    assert len({request_of(1, "k"), request_of(2, "k"), request_of(1, "l"), request_of(11, "")}) == 4
    assert "secret-key" not in request_of(1, "secret-key")
