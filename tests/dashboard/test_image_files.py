"""Images of a real engine as files and beside their registries: saved, loaded, compared, pushed from their page."""

from __future__ import annotations

import asyncio
import io
import re
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from django.conf import settings
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.access import Actor, Granted
from clusters.build import uploads
from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.kinds.docker.pull import inspect
from clusters.models import AuditEntry, Cluster, Grant, Job, Registry
from clusters.registries import kept, newer, seen
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.clusters.fakes import held
from tests.clusters.real_registry import find_registry
from tests.dashboard.test_registries import ended, forget, here, pulled  # noqa: F401 - a fixture among them

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
ADA = Actor(1, "ada", (Granted(Role.ADMIN),))


@pytest.fixture(autouse=True)
def _no_uploads_of_others() -> None:
    uploads._uploads.clear()


@pytest.fixture
def as_ada(async_client_for: ClientFor, ada: User) -> AsyncClient:
    return async_client_for(ada)


@pytest_asyncio.fixture
async def named(here: Cluster) -> AsyncIterator[str]:
    """Busybox under a name of its own, for as long as the test takes."""
    name = f"{a_name()}:1"
    driver = engine.supervisor.driver(here.pk)
    await driver.call(Call("POST", ("images", "busybox:latest", "tag"), {"repo": name[:-2], "tag": "1"}))
    yield name
    with suppress(ClusterError):
        await forget(here, name)


async def test_an_image_that_was_just_named_has_a_page_at_once_under_each_of_its_names(
    as_ada: AsyncClient, here: Cluster, named: str
) -> None:
    await row_of(here, named)  # the list is there, and would need a while to tell of the next one
    driver, other = engine.supervisor.driver(here.pk), f"{a_name()}:2"
    try:
        for name in (named, other):
            if name is other:
                await driver.call(Call("POST", ("images", *named.split("/"), "tag"), {"repo": other[:-2], "tag": "2"}))
            answer = await as_ada.get(f"/clusters/{here.slug}/image/{name}/")
            assert answer.status_code == 200, name
        for nothing in ("no-such-image:1", "../containers/x", "%2e%2e/x"):
            assert (await as_ada.get(f"/clusters/{here.slug}/image/{nothing}/")).status_code == 404
    finally:
        await forget(here, other)


async def row_of(here: Cluster, name: str) -> str:
    """The id of the row of the image with that name, once the live list has it."""
    store = engine.supervisor.connections[here.pk].stores["image"]
    with engine.supervisor.connections[here.pk].wanted("image"):
        for _ in range(1200):  # an engine that others keep busy takes its time
            for one in held(store).values():
                if name in one.tags:
                    return f"{here.pk}~image~{one.uid}"
            await asyncio.sleep(0.05)
    raise AssertionError(f"{name} is not in the list")


async def saved(client: AsyncClient, row: str, name: str) -> bytes:
    answer: Any = await client.get("/images/save/", {"row": row, "image": name})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{name.replace(":", "-")}.tar"')
    return b"".join([piece async for piece in answer])


async def sent(client: AsyncClient, here: Cluster, data: bytes, name: str) -> Any:
    """A file in pieces, and then its form."""
    token = ""
    for at in range(0, len(data) or 1, 1 << 20):
        where = urlencode({"cluster": here.pk, "token": token, "at": at})
        piece = data[at : at + (1 << 20)]
        answer = await client.post(f"/images/load/piece/?{where}", piece, content_type="application/octet-stream")
        assert answer.status_code == 200, answer.content
        token = answer.json()["token"]
    return await client.post("/images/load/", {"cluster": str(here.pk), "upload": token, "file": name})


async def test_an_image_that_was_saved_is_loaded_again(as_ada: AsyncClient, here: Cluster, named: str) -> None:
    row = await row_of(here, named)
    data = await saved(as_ada, row, named)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert "manifest.json" in archive.getnames()
    await forget(here, named)
    begun = await sent(as_ada, here, data, "image.tar")
    job = await ended(begun["HX-Redirect"].split("/")[2])
    assert (job.state, named in str(job.result)) == ("done", True)
    await row_of(here, named)
    rows = {(row.verb, row.stage, row.result) async for row in AuditEntry.objects.filter(verb__in=("save", "load"))}
    assert {("save", "outcome", "done"), ("load", "outcome", "done")} <= rows
    assert not uploads._uploads
    assert not list((settings.DATA / "uploads").iterdir())


@pytest.mark.parametrize("content", [b"no archive at all", b"\x1f\x8b broken", b"x" * 20_000])
async def test_what_is_no_image_is_said(as_ada: AsyncClient, here: Cluster, content: bytes) -> None:
    begun = await sent(as_ada, here, content, "../../etc/x.tar")
    job = await ended(begun["HX-Redirect"].split("/")[2])
    assert job.state == "failed"
    assert "docker save" in job.result["hint"], (job.reason, job.result)


async def test_without_a_file_no_job_begins(as_ada: AsyncClient, here: Cluster) -> None:
    answer = await as_ada.post("/images/load/", {"cluster": str(here.pk)})
    assert (answer.status_code, b"Choose a file" in answer.content) == (422, True)
    assert not await Job.objects.aexists()


async def test_only_who_may_run_it_gets_an_image_as_a_file(
    as_ada: AsyncClient, async_client_for: ClientFor, here: Cluster, named: str, nora: User
) -> None:
    row, client = await row_of(here, named), async_client_for(nora)
    assert (await client.get("/images/save/", {"row": row})).status_code == 404
    await Grant.objects.acreate(user=nora, role=Role.VIEWER, cluster=here)
    client = async_client_for(nora)
    assert (await client.get("/images/save/", {"row": row, "image": named})).status_code == 403
    assert (await client.get("/images/names/", {"row": row})).status_code == 200
    where = f"/images/load/piece/?cluster={here.pk}"
    before = dict(uploads._uploads)
    refused = await client.post(where, b"x", content_type="application/octet-stream")
    assert (refused.status_code, uploads._uploads) == (400, before)
    another = (await as_ada.post(where, b"x", content_type="application/octet-stream")).json()["token"]
    await client.post("/images/load/", {"cluster": str(here.pk), "upload": another})
    assert not await Job.objects.aexists()
    assert (await client.post(f"{where}&token={another}&at=1", b"x", content_type="text/plain")).status_code == 400
    uploads.remove(uploads.find(another, (await User.objects.aget(username="ada")).pk))
    for other in ("busybox:latest/../x", "../images/json", "nothing:1"):
        assert (await as_ada.get("/images/save/", {"row": row, "image": other})).status_code == 422


async def test_the_names_of_an_image_are_compared_with_their_registry(as_ada: AsyncClient, here: Cluster) -> None:
    real = find_registry()
    newer._answers.clear()
    await asyncio.to_thread(kept.add, ADA, kept.read_form(real.form))
    async with pulled(here, real) as put:
        await asyncio.to_thread(real.put_image, put.name, "1")
        begun = await as_ada.post("/images/pull/", {"cluster": str(here.pk), "image": put.image("1")})
        assert (await ended(begun["HX-Redirect"].split("/")[2])).state == "done"
        row = await row_of(here, put.image("1"))
        page = (await as_ada.get("/images/names/", {"row": row})).content.decode()
        assert "The same" in page
        await asyncio.to_thread(real.put_image, put.name, "1", labels={"now": "other"})
        assert "The same" in (await as_ada.get("/images/names/", {"row": row})).content.decode()
        page = (await as_ada.get("/images/names/", {"row": row, "anew": "1"})).content.decode()
        assert "Newer there" in page

        # Where its registry is not kept, a link adds it, with its address filled in.
        await Registry.objects.all().adelete()
        page = (await as_ada.get("/images/names/", {"row": row})).content.decode()
        link = re.search(r'href="(/registries/add/[^"]+)">.*?Add it', page, re.DOTALL)
        assert link, page
        assert f'value="{real.host}"' in (await as_ada.get(link[1])).content.decode()


async def test_what_is_newer_is_found_in_the_list_and_pulled_from_there(as_ada: AsyncClient, here: Cluster) -> None:
    real, connection = find_registry(), engine.supervisor.connections[here.pk]
    newer._answers.clear()
    seen.forget()
    leave = seen.on_changed(engine._ask_again)  # as the engine does when it starts
    await asyncio.to_thread(kept.add, ADA, kept.read_form(real.form))
    async with pulled(here, real) as put:
        await asyncio.to_thread(real.put_image, put.name, "1", labels={"of": put.name})
        begun = await as_ada.post("/images/pull/", {"cluster": str(here.pk), "image": put.image("1")})
        assert (await ended(begun["HX-Redirect"].split("/")[2])).state == "done"
        row = await row_of(here, put.image("1"))
        layers = (put.name.encode() * 1000, b"more")
        await asyncio.to_thread(real.put_image, put.name, "1", labels={"now": put.name}, layers=layers)
        with connection.wanted("image"):
            assert put.image("1") not in (await as_ada.get("/list/image/?registry=newer")).content.decode()
            assert b"Asks for each name" in (await as_ada.get("/images/newer/")).content
            begun = await as_ada.post("/images/newer/")
            job = await ended(begun["HX-Redirect"].split("/")[2])
            assert (job.state, "1 newer there" in str(job.result)) == ("done", True), job.result
            assert put.image("1") in (await as_ada.get("/list/image/?registry=newer")).content.decode()
            dialog = (await as_ada.get("/act/", {"verb": "pull-newer", "rows": row})).content.decode()
            assert f"docker pull {put.image('1')}" in dialog
            begun = await as_ada.post("/act/", {"verb": "pull-newer", "rows": row, "key": "k"})
            job = await ended(begun["Location"].split("/")[2])
            assert job.state == "done", job.reason
            bars = [line async for line in job.lines.filter(total__gt=0)]
            assert bars, "no layer had a bar"
            assert all(line.done == line.total for line in bars)
            found = await inspect(connection.driver, put.image("1"))
            assert found is not None
            assert found["Config"]["Labels"] == {"now": put.name}
            async with asyncio.timeout(20):  # judged again at once, without being asked
                while put.image("1") not in (await as_ada.get("/list/image/?registry=same")).content.decode():
                    await asyncio.sleep(0.1)
            leave()
            async with asyncio.timeout(20):
                while (fresh := await row_of(here, put.image("1"))) == row:
                    await asyncio.sleep(0.1)
            begun = await as_ada.post("/act/", {"verb": "pull-newer", "rows": fresh, "key": "l"})
            job = await ended(begun["Location"].split("/")[2])
            lines = [line.text async for line in job.lines.all()]
            assert any("nothing newer there" in line for line in lines), lines


async def test_only_who_may_run_pulls_and_only_what_is_seen_is_compared(
    async_client_for: ClientFor, here: Cluster, named: str, nora: User
) -> None:
    row = await row_of(here, named)
    client = async_client_for(nora)
    assert b"There is no image" in (await client.get("/images/newer/")).content
    await client.post("/images/newer/")
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=here)
    assert (await async_client_for(nora).post("/act/", {"verb": "pull-newer", "rows": row})).status_code == 403
    assert not await Job.objects.aexists()
