"""Images of a real engine as files and beside their registries: saved, loaded, compared, pushed from their page."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from clusters.access import Actor, Granted
from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant, Job
from clusters.registries import kept, newer
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.clusters.real_registry import find_registry, repository
from tests.dashboard.test_registries import ended, forget, here  # noqa: F401 - a fixture among them

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
ADA = Actor(1, "ada", (Granted(Role.ADMIN),))


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


async def row_of(here: Cluster, name: str) -> str:
    """The id of the row of the image with that name, once the live list has it."""
    store = engine.supervisor.connections[here.pk].stores["image"]
    with engine.supervisor.connections[here.pk].wanted("image"):
        for _ in range(1200):  # an engine that others keep busy takes its time
            for one in store.resources.values():
                if name in one.tags:
                    return f"{here.pk}~image~{one.uid}"
            await asyncio.sleep(0.05)
    raise AssertionError(f"{name} is not in the list")


async def saved(client: AsyncClient, row: str, name: str) -> bytes:
    answer = await client.get("/images/save/", {"row": row, "image": name})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment;")
    return b"".join([piece async for piece in answer])


async def test_an_image_that_was_saved_is_loaded_again(as_ada: AsyncClient, here: Cluster, named: str) -> None:
    row = await row_of(here, named)
    data = await saved(as_ada, row, named)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert "manifest.json" in archive.getnames()
    await forget(here, named)
    file = SimpleUploadedFile("image.tar", data, "application/x-tar")
    begun = await as_ada.post("/images/load/", {"cluster": str(here.pk), "file": file})
    job = await ended(begun["HX-Redirect"].split("/")[2])
    assert (job.state, named in str(job.result)) == ("done", True)
    await row_of(here, named)
    rows = {(row.verb, row.stage, row.result) async for row in AuditEntry.objects.filter(verb__in=("save", "load"))}
    assert {("save", "outcome", "done"), ("load", "outcome", "done")} <= rows


@pytest.mark.parametrize("content", [b"no archive at all", b"\x1f\x8b broken", b"x" * 20_000])
async def test_what_is_no_image_is_said(as_ada: AsyncClient, here: Cluster, content: bytes) -> None:
    file = SimpleUploadedFile("../../etc/x.tar", content, "application/x-tar")
    begun = await as_ada.post("/images/load/", {"cluster": str(here.pk), "file": file})
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
    file = SimpleUploadedFile("image.tar", b"x", "application/x-tar")
    await client.post("/images/load/", {"cluster": str(here.pk), "file": file})
    assert not await Job.objects.aexists()
    for other in ("busybox:latest/../x", "../images/json", "nothing:1"):
        assert (await as_ada.get("/images/save/", {"row": row, "image": other})).status_code == 422


async def test_the_names_of_an_image_are_compared_with_their_registry(as_ada: AsyncClient, here: Cluster) -> None:
    real = find_registry()
    newer._answers.clear()
    await asyncio.to_thread(kept.add, ADA, kept.read_form(real.form))
    with repository(real) as put:
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
        await forget(here, put.image("1"))
