"""Work that takes long: begun through the gateway, recorded until its end, stopped in truth, alone where it must be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from clusters.access import Actor, Need
from clusters.errors import Conflict, Unsure
from clusters.gateway import Denied, Gateway
from clusters.jobs import cancel, follow
from clusters.kinds.base import Role
from clusters.long_work import LongWork
from clusters.models import AuditEntry, Cluster, Job
from tests.clusters.door import ADA, VERA, gateway, rows, there, web  # noqa: F401
from tests.clusters.fakes import APP, STOP, FakeConnections
from tests.clusters.heard import Heard

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_job_is_recorded_until_its_end(gateway: Gateway, there: FakeConnections) -> None:
    async def pull(driver: Any, reporter: Any) -> str:
        reporter.say("pulling")
        await driver.record("pull", "busybox")
        return "pulled"

    with pytest.raises(Denied):
        await gateway.begin(VERA, 1, pulling(pull))
    await _cluster()
    key = await gateway.begin(Actor(0, "ada", ADA.grants), 1, pulling(pull))
    for _ in range(100):
        if (await Job.objects.aget(key=key)).state != "running":
            break
        await asyncio.sleep(0.02)
    assert await rows() == [("denied", ""), ("intent", ""), ("outcome", "done")]
    assert (await AuditEntry.objects.aget(stage="outcome")).name == "Pull busybox"


async def test_of_a_job_without_an_answer_the_audit_says_that_nobody_knows(
    gateway: Gateway, there: FakeConnections
) -> None:
    async def pull(driver: Any, reporter: Any) -> str:
        raise Unsure("No answer came.")

    await _cluster()
    await gateway.begin(Actor(0, "ada", ADA.grants), 1, pulling(pull))
    async with asyncio.timeout(5):
        while len(await rows()) < 2:
            await asyncio.sleep(0.02)
    assert await rows() == [("intent", ""), ("outcome", "unknown")]
    assert (await AuditEntry.objects.aget(stage="outcome")).detail["words"] == "No answer came."


def pulling(run: Any) -> LongWork:
    return LongWork(need=Need(Role.OPERATOR), verb="pull", title="Pull busybox", run=run)


async def _cluster() -> None:
    await Cluster.objects.acreate(pk=1, name="Shop", slug="shop", driver="demo", platform="docker")


async def test_work_that_its_job_stops_is_stopped_in_truth_and_recorded_with_how_far_it_came(
    gateway: Gateway, there: FakeConnections
) -> None:
    heard = Heard()
    act = asyncio.ensure_future(gateway.act(ADA, 1, APP, web(there), "work", {}, key="k", says=heard))
    async with asyncio.timeout(5):
        while not heard.text:
            await asyncio.sleep(0.01)
    act.cancel()
    with pytest.raises(asyncio.CancelledError):
        await act
    assert await rows() == [("intent", ""), ("outcome", "unknown")]
    last = await AuditEntry.objects.order_by("id").alast()
    assert last is not None
    assert last.detail["words"] == "Stopped: 1 of 2 done."


async def test_one_thing_at_a_time_is_done_to_what_is_worked_on_as_a_whole(
    gateway: Gateway, there: FakeConnections
) -> None:
    await _cluster()
    ada = Actor(0, "ada", ADA.grants)
    goes_on, kind = asyncio.Event(), replace(APP, actions=(replace(STOP, alone="stopped"),))

    async def work(*_: Any) -> None:
        await goes_on.wait()

    async def begin() -> str:
        deployment = replace(pulling(work), verb="deploy", about=(APP.name, "web"), alone="deployed")
        return await gateway.begin(ada, 1, deployment)

    async def ended(key: str) -> None:
        async for _ in follow(key):
            pass

    first = await begin()
    for second in (begin, lambda: gateway.act(ada, 1, kind, web(there), "stop", {})):
        with pytest.raises(Conflict, match="web is being deployed already") as refused:
            await second()
        assert refused.value.job == first
    assert there.fake.calls == []
    goes_on.set()
    await ended(first)
    await gateway.act(ada, 1, kind, web(there), "stop", {})

    at_once = await begin()
    assert cancel(at_once)  # before it did anything
    await ended(at_once)
    await ended(await begin())
