"""Running something from a form: checked while it is typed, done as a job, kept from who may not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.kinds import all_kinds
from clusters.kinds.docker.container_model import Container
from clusters.models import AuditEntry, Cluster, Grant, Job
from dashboard.engine import engine
from dashboard.views.run import OURS

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]


@pytest_asyncio.fixture
async def host(vault: Cluster) -> AsyncIterator[Cluster]:
    await engine.start()
    yield vault
    await engine.stop()


def form(host: Cluster, **values: str) -> dict[str, str]:
    return {"cluster": str(host.pk), "image": "busybox:latest", "name": "made-here", "restart": "no", **values}


async def ended(job: Job) -> Job:
    async with asyncio.timeout(20):
        while (job := await Job.objects.aget(pk=job.pk)).state == "running":
            await asyncio.sleep(0.05)
    return job


def test_no_field_is_called_what_the_page_itself_asks_by() -> None:
    makers = [maker for kind in all_kinds() for maker in (kind.make, *kind.remake) if maker]
    assert {one.name for maker in makers for one in maker.fields} & OURS == set()
    assert len(makers) > 3


async def test_the_line_it_equals_is_shown_while_it_is_typed(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    answer = await async_client_for(ada).post("/run/container/?check=1", form(host, ports="8080:80", check="1"))
    assert "docker run --detach --name made-here" in answer.content.decode()
    assert not await Job.objects.aexists()


async def test_what_is_wrong_is_said_in_words_and_nothing_begins(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    answer = await async_client_for(ada).post("/run/container/", form(host, ports="eighty:80"))
    assert answer.status_code == 422
    assert "eighty" in answer.content.decode()
    hidden = await async_client_for(ada).post("/run/container/", form(host, environment="DB_PASSWORD=••••••"))
    assert (hidden.status_code, "only stands for what is hidden" in hidden.content.decode()) == (422, True)
    assert not await Job.objects.aexists()


async def test_it_becomes_a_job_that_ends_truthfully_and_leads_to_what_it_made(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    answer = await async_client_for(ada).post("/run/container/", form(host), headers={"HX-Request": "true"})
    job = await Job.objects.aget()
    assert answer.headers["HX-Redirect"] == f"/jobs/{job.key}/"
    assert (await ended(job)).state == "done"
    link = 'href="/clusters/vault/container/made-here/"'
    assert link in (await async_client_for(ada).get(f"/jobs/{job.key}/")).content.decode()
    await Job.objects.filter(pk=job.pk).aupdate(result={**job.result, "kind": "container", "name": "gone-by-now"})
    assert "gone-by-now/" not in (await async_client_for(ada).get(f"/jobs/{job.key}/")).content.decode()


async def test_in_the_list_of_one_host_the_form_is_for_that_host(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    settings = {"shape": "docker", "seed": 3}
    other = await Cluster.objects.acreate(
        name="Attic", slug="attic", driver="demo", platform="docker", settings=settings
    )
    await engine.connect(other)
    client, chosen = async_client_for(ada), '<option value="{}" selected>'
    for asked, meant in ((host.slug, host), (str(host.pk), host), (other.slug, other), ("", other)):
        shown = (await client.get(f"/run/container/?cluster={asked}")).content.decode()
        assert chosen.format(meant.pk) in shown, asked
    again = await client.post("/run/container/", form(other, image="shop/typed:1", elsewhere="1"))
    moved = again.content.decode()
    assert (again.status_code, chosen.format(other.pk) in moved, "shop/typed:1" in moved) == (200, True, True)
    assert not await Job.objects.aexists(), "choosing another host begins nothing"


async def test_a_taken_name_is_said_beside_its_field_and_begins_nothing(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client, name = async_client_for(ada), (await someone(host)).name
    answer = await client.post("/run/container/", form(host, name=name, command="typed"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'name="name" value="[^"]+"[^>]* aria-invalid="true"', page)
    assert f"<span>There is a container called {name} already.</span>" in page
    assert 'value="typed"' in page, "what was filled in is still there"
    assert not await Job.objects.aexists()


async def test_secrets_of_the_form_are_neither_in_the_audit_nor_in_the_lines(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    await async_client_for(ada).post("/run/container/", form(host, environment="DB_PASSWORD=hunter2"))
    job = await ended(await Job.objects.aget())
    lines = [line.text async for line in job.lines.all()]
    entries = [str(entry.detail) async for entry in AuditEntry.objects.all()]
    assert any("DB_PASSWORD" in line for line in lines)
    assert not any("hunter2" in text for text in (*lines, *entries))


async def test_an_operator_without_the_right_is_offered_no_cluster(
    nora: User, host: Cluster, async_client_for: ClientFor
) -> None:
    await Grant.objects.acreate(user=nora, role=2, cluster=host)
    client = async_client_for(nora)
    assert "no cluster on which you may do this" in (await client.get("/run/container/")).content.decode()
    await client.post("/run/container/", form(host))
    assert not await Job.objects.aexists()


async def test_what_cannot_be_made_from_a_form_has_none(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    assert (await async_client_for(ada).get("/run/pod/")).status_code == 404
    assert (await async_client_for(ada).get("/run/nothing/")).status_code == 404


async def test_power_over_the_machine_is_for_administrators_and_refused_before_any_call(
    nora: User, host: Cluster, async_client_for: ClientFor
) -> None:
    await Grant.objects.acreate(user=nora, role=2, cluster=host, rights=["run"])
    client = async_client_for(nora)
    assert "Privileged" not in (await client.get("/run/container/")).content.decode()
    answer = await client.post("/run/container/", form(host, volumes="/etc:/etc", privileged="1"))
    assert answer.status_code == 403
    assert "uses the folder /etc of the machine" in answer.content.decode()
    assert not await Job.objects.aexists()
    entry = await AuditEntry.objects.alatest("id")
    assert (entry.verb, entry.stage) == ("run", "denied")


async def test_an_administrator_is_asked_for_it_and_told(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    assert "Privileged" in (await client.get("/run/container/")).content.decode()
    answer = await client.post("/run/container/?check=1", form(host, privileged="1", check="1"))
    assert "For administrators only: it is privileged." in answer.content.decode()
    assert "--privileged" in answer.content.decode()


async def test_a_taken_name_is_said_while_it_is_typed(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    name = (await someone(host)).name
    answer = await async_client_for(ada).post("/run/container/?check=1", form(host, name=name, check="1"))
    assert f"There is a container called {name} already." in answer.content.decode()


async def someone(host: Cluster) -> Container:
    """A container of the host."""
    store = engine.supervisor.connections[host.pk].stores["container"]
    async with asyncio.timeout(10):
        while not store.resources:
            await asyncio.sleep(0.05)
    return next(one for one in store.resources.values() if isinstance(one, Container) and one.running)


async def test_a_form_is_filled_in_from_an_existing_one(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    one = await someone(host)
    client, like = async_client_for(ada), f"{host.pk}~container~{one.uid}"
    answer = await client.get("/run/container/", {"like": like, "verb": "duplicate"})
    assert f'value="{one.name}-copy"' in answer.content.decode()
    assert f'value="{one.image}"' in answer.content.decode()


async def test_only_those_who_may_run_may_edit_and_nobody_learns_of_what_is_not_shared(
    nora: User, vera: User, host: Cluster, async_client_for: ClientFor
) -> None:
    like = f"{host.pk}~container~{(await someone(host)).uid}"
    asked = {"like": like, "verb": "edit"}
    assert (await async_client_for(vera).get("/run/container/", asked)).status_code == 404
    await Grant.objects.acreate(user=nora, role=2, cluster=host)
    assert (await async_client_for(nora).get("/run/container/", asked)).status_code == 403
    assert (await async_client_for(nora).post("/run/container/", asked)).status_code == 403
