"""One action on many: a job with a line for each, that says what failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.carrying_out import Outcome
from clusters.errors import Conflict, Unsure
from clusters.models import AuditEntry, Cluster, Job
from dashboard.engine import engine

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]


@pytest_asyncio.fixture
async def host(vault: Cluster) -> AsyncIterator[Cluster]:
    await engine.start()
    yield vault
    await engine.stop()


async def some(host: Cluster, count: int) -> list[Any]:
    """So many containers that run."""
    store = engine.supervisor.connections[host.pk].stores["container"]

    def running() -> list[Any]:
        return [one for one in store.resources.values() if one.state.status == "running"]  # type: ignore[attr-defined]

    async with asyncio.timeout(10):
        while len(running()) < count:
            await asyncio.sleep(0.05)
    return running()[:count]


async def act(client: AsyncClient, host: Cluster, chosen: list[Any], **more: str) -> Any:
    rows = ",".join(f"{host.pk}~container~{one.uid}" for one in chosen)
    return await client.post("/act/", {"verb": "pause", "rows": rows, **more}, headers={"HX-Request": "true"})


async def ended() -> Job:
    async with asyncio.timeout(20):
        while (job := await Job.objects.aget()).state == "running":
            await asyncio.sleep(0.05)
    return job


async def test_many_are_a_job_with_a_line_for_each(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    chosen = await some(host, 6)
    answer = await act(async_client_for(ada), host, chosen)
    job = await ended()
    assert answer.headers["HX-Redirect"] == f"/jobs/{job.key}/"
    assert (job.state, job.title) == ("done", "Pause: 6 containers")
    lines = [line.text async for line in job.lines.all()]
    assert len(lines) == 6
    assert all("done." in line for line in lines)
    assert {one.name for one in chosen} == {line.partition(": ")[0].rpartition("/")[2].strip() for line in lines}
    assert await AuditEntry.objects.filter(verb="pause", stage="outcome", result="done").acount() == 6


async def test_what_failed_is_named_and_the_others_are_done(
    ada: User, host: Cluster, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = await some(host, 6)
    carry_out = engine.gateway.act

    async def fails_for_one(actor: Any, cluster_id: int, kind: Any, resource: Any, *rest: Any, **more: Any) -> Any:
        if resource.uid == chosen[2].uid:
            raise Conflict("It is held by something.")
        return await carry_out(actor, cluster_id, kind, resource, *rest, **more)

    monkeypatch.setattr(engine.gateway, "act", fails_for_one)
    await act(async_client_for(ada), host, chosen)
    job = await ended()
    assert (job.state, job.reason) == ("failed", f"1 of 6 failed: {chosen[2].name}.")
    lines = [line.text async for line in job.lines.all()]
    assert sum("done." in line for line in lines) == 5
    assert sum("FAILED. It is held by something." in line for line in lines) == 1


async def test_what_got_no_answer_is_not_called_failed(
    ada: User, host: Cluster, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = await some(host, 6)
    silent, held = {chosen[1].uid, chosen[4].uid}, {chosen[2].uid}

    async def act_or_not(actor: Any, cluster_id: int, kind: Any, resource: Any, *rest: Any, **more: Any) -> Any:
        if resource.uid in silent:
            raise Unsure("No answer came.")
        if resource.uid in held:
            raise Conflict("It is held by something.")
        return Outcome("Paused")

    monkeypatch.setattr(engine.gateway, "act", act_or_not)
    client = async_client_for(ada)
    await act(client, host, chosen)
    job = await ended()
    assert job.state == "failed"
    assert job.reason.startswith(f"1 of 6 failed: {chosen[2].name}. 2 of 6 without an answer: ")
    lines = [line.text async for line in job.lines.all()]
    assert [sum(word in line for line in lines) for word in ("FAILED. ", "NO ANSWER. No answer", "done. ")] == [1, 2, 3]
    said = (await act(client, host, chosen[:5])).content.decode()
    assert "1 of 5 failed, 2 of 5 without an answer" in said
    held.clear()
    said = (await act(client, host, chosen[:5])).content.decode()
    assert "Pause: 2 of 5 without an answer" in said
    assert "failed" not in said
    await job.adelete()
    await act(client, host, chosen)
    job = await ended()
    assert (job.state, job.reason.partition(":")[0]) == ("unknown", "2 of 6 without an answer")
    page = (await client.get(f"/jobs/{job.key}/")).content.decode()
    assert "Nobody knows how it ended" in page
    assert "No answer" in page
    assert "Failed" not in page


async def test_a_few_are_done_at_once_without_a_job(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    answer = await act(async_client_for(ada), host, await some(host, 2))
    assert answer.status_code == 204
    assert not await Job.objects.aexists()
