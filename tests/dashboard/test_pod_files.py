"""Files of a pod over the web: the same page as for containers, with a choice of the container; who may, and the audit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from clusters.models import AuditEntry, Cluster
from dashboard.engine import engine
from tests.clusters.fakes import held

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]


@pytest_asyncio.fixture
async def row(shop: Cluster) -> AsyncIterator[str]:
    """A running pod of the demonstration."""
    await engine.start()
    store = engine.supervisor.connections[shop.pk].stores["pod"]
    async with asyncio.timeout(20):
        while not (running := [one for one in held(store).values() if one.ready]):
            await asyncio.sleep(0.05)
    yield f"{shop.pk}~pod~{running[0].uid}"
    await engine.stop()


async def test_folders_files_and_downloads(otto: User, row: str, async_client_for: ClientFor) -> None:
    client = async_client_for(otto)
    listed = (await client.get("/files/", {"row": row, "path": "/app"})).content.decode()
    assert "settings.toml" in listed
    assert "container=" in listed  # every link says whose files they are
    shown = (await client.get("/files/", {"row": row, "path": "/app/settings.toml"})).content.decode()
    assert "port = 8080" in shown
    answer = await client.get("/files/download/", {"row": row, "path": "/app/VERSION"})
    assert b"".join([piece async for piece in answer]) == b"demonstration\n"  # type: ignore[attr-defined]
    entry = await AuditEntry.objects.filter(verb="download files", stage="outcome").alatest("id")
    assert (entry.result, entry.kind) == ("done", "pod")


async def test_who_may_not_and_what_is_not_there(
    otto: User, vera: User, nora: User, row: str, async_client_for: ClientFor
) -> None:
    assert (await async_client_for(vera).get("/files/", {"row": row})).status_code == 403
    assert (await async_client_for(nora).get("/files/", {"row": row})).status_code == 404
    client = async_client_for(otto)
    for query in ({"path": "/nothing"}, {"path": "/app", "container": "gone"}, {"path": "app"}):
        assert 'role="alert"' in (await client.get("/files/", {"row": row, **query})).content.decode()
    given = SimpleUploadedFile("x", b"x")
    assert (await client.post(f"/files/upload/?row={row}&path=/app", {"file": given})).status_code == 403
