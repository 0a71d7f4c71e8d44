"""Files of a container over the web: who may, what is sent, and what the audit keeps. The engine is a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.kinds.docker.files import ContainerFiles
from clusters.models import AuditEntry, Cluster, Grant
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name, made, unix

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
SCRIPT = "echo '<script>alert(1)</script>' > /tmp/page.html; sleep 1000"


@pytest_asyncio.fixture
async def box(docker_socket: str, db: None) -> AsyncIterator[Cluster]:
    cluster = await Cluster.objects.acreate(
        name="Box", slug="box", driver="docker", platform="docker", settings={"address": f"unix://{docker_socket}"}
    )
    await engine.start()
    yield cluster
    await engine.stop()


@pytest_asyncio.fixture
async def row(box: Cluster, docker_socket: str) -> AsyncIterator[str]:
    driver = unix(docker_socket)
    async with made(driver, ("sh", "-c", SCRIPT)) as one:
        store = engine.supervisor.connections[box.pk].stores["container"]
        async with asyncio.timeout(20):
            while one.uid not in store.resources:
                await asyncio.sleep(0.05)
        yield f"{box.pk}~container~{one.uid}"
    await driver.close()


def _into(row: str, folder: str) -> str:
    return f"/files/upload/?{urlencode({'row': row, 'path': folder})}"


async def test_a_folder_and_a_file_are_shown_and_a_page_stays_text(
    ada: User, row: str, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    folder = await client.get("/files/", {"row": row, "path": "/tmp"})
    assert "page.html" in folder.content.decode()
    page = await client.get("/files/", {"row": row, "path": "/tmp/page.html"})
    assert "&lt;script&gt;" in page.content.decode()
    assert "<script>alert" not in page.content.decode()
    entry = await AuditEntry.objects.filter(verb="look at files", stage="intent").alatest("id")
    assert entry.detail["path"] == "/tmp/page.html"


async def test_a_look_that_nobody_waits_for_any_more_is_in_the_audit(
    ada: User, row: str, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def slow(*_: object) -> None:
        begun.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(ContainerFiles, "look", slow)
    asking = asyncio.create_task(async_client_for(ada).get("/files/", {"row": row, "path": "/tmp"}))
    await begun.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    entry = await AuditEntry.objects.filter(verb="look at files", stage="outcome").alatest("id")
    assert (entry.result, entry.detail["words"]) == ("unknown", "It was stopped before its end.")


async def test_a_download_is_never_shown_by_the_browser(ada: User, row: str, async_client_for: ClientFor) -> None:
    answer = await async_client_for(ada).get("/files/download/", {"row": row, "path": "/tmp/page.html"})
    body = b"".join([piece async for piece in answer])  # type: ignore[attr-defined]
    assert body == b"<script>alert(1)</script>\n"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert await AuditEntry.objects.filter(verb="download files", result="done").aexists()


async def test_a_large_download_comes_whole_to_a_browser_that_takes_packed_answers(
    ada: User, row: str, async_client_for: ClientFor
) -> None:
    query = {"row": row, "path": "/bin/busybox"}
    answer = await async_client_for(ada).get("/files/download/", query, headers={"Accept-Encoding": "gzip, br"})
    body = b"".join([piece async for piece in answer])  # type: ignore[attr-defined]
    assert "Content-Encoding" not in answer.headers, "browsers stop after the first packed piece"
    assert len(body) == int(answer.headers["Content-Length"]) > 500_000
    assert body.startswith(b"\x7fELF")


async def test_a_file_is_put_in(ada: User, row: str, async_client_for: ClientFor) -> None:
    given = SimpleUploadedFile("note.txt", b"from outside")
    answer = await async_client_for(ada).post(_into(row, "/tmp"), {"file": given})
    assert "note.txt is in /tmp" in answer.content.decode()
    shown = await async_client_for(ada).get("/files/", {"row": row, "path": "/tmp/note.txt"})
    assert "from outside" in shown.content.decode()


async def test_looking_takes_the_right_of_a_terminal_and_putting_in_one_of_its_own(
    nora: User, box: Cluster, row: str, async_client_for: ClientFor
) -> None:
    client = async_client_for(nora)
    assert (await client.get("/files/", {"row": row})).status_code == 404
    grant = await Grant.objects.acreate(user=nora, role=2, cluster=box)
    assert (await client.get("/files/", {"row": row})).status_code == 403
    assert (await client.get("/files/download/", {"row": row, "path": "/etc/hosts"})).status_code == 403
    grant.rights = ["exec"]
    await grant.asave()
    assert (await client.get("/files/", {"row": row})).status_code == 200
    given = SimpleUploadedFile("x", b"x")
    answer = await client.post(_into(row, "/tmp"), {"file": given})
    assert answer.status_code == 403
    assert not await AuditEntry.objects.filter(verb="upload files", stage="intent").aexists()


@pytest.mark.parametrize("path", ["", "etc", "/" + "x" * 5000, "/nothing", "/etc/../../../../nothing"])
async def test_what_is_not_there_is_said_in_words(ada: User, row: str, path: str, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    assert 'role="alert"' in (await client.get("/files/", {"row": row, "path": path or "x"})).content.decode()
    assert (await client.get("/files/download/", {"row": row, "path": path})).status_code == 422


async def test_a_volume_has_files_too_and_one_that_may_be_the_machines_is_for_administrators(
    ada: User, nora: User, box: Cluster, docker_socket: str, async_client_for: ClientFor
) -> None:
    driver, names = unix(docker_socket), (a_name(), a_name())
    options = {"type": "none", "o": "bind", "device": "/tmp"}
    for name, more in zip(names, ({}, {"DriverOpts": options}), strict=True):
        await driver.call(Call("POST", ("volumes", "create"), body={"Name": name, **more}))
    try:
        rows = [f"{box.pk}~volume~{name}" for name in names]
        given = SimpleUploadedFile("note.txt", b"kept")
        answer = await async_client_for(ada).post(_into(rows[0], "/"), {"file": given})
        assert "note.txt is in /" in answer.content.decode()
        taken = await async_client_for(ada).get("/files/download/", {"row": rows[0], "path": "/note.txt"})
        assert b"".join([piece async for piece in taken]) == b"kept"  # type: ignore[attr-defined]
        await Grant.objects.acreate(user=nora, role=2, cluster=box, rights=["exec", "files"])
        client = async_client_for(nora)
        assert (await client.get("/files/", {"row": rows[0]})).status_code == 200
        assert (await client.get("/files/", {"row": rows[1]})).status_code == 403
        left = await driver.call(Call("GET", ("containers", "json"), {"all": "1"}))
        assert not [one for one in left if one["Labels"].get("pilothouse.files") in names]
    finally:
        for name in names:
            await driver.call(Call("DELETE", ("volumes", name), {"force": "true"}))
        await driver.close()
