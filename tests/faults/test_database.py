"""The database is locked by another program, or its disk is full: looking goes on, and nothing is done unrecorded."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.template.loader import render_to_string
from django.test import AsyncClient

from clusters.models import AuditEntry
from tests.dashboard.conftest import Fakes, fakes  # noqa: F401
from tests.faults.proxy import soon

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]


@contextmanager
def locked() -> Iterator[None]:
    """Another program writes for as long as this is open."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=5)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def stop(client: AsyncClient, fakes: Fakes, key: str = "") -> object:
    values = {"rows": fakes.row("shop", "u1"), "verb": "stop", "key": key}
    return await client.post("/act/", values, headers={"HX-Request": "true"})


async def ready(fakes: Fakes) -> None:
    from dashboard.engine import engine

    connection = engine.supervisor.connections[fakes.shop.pk]
    look = connection.wanted("app")
    look.__enter__()
    await soon(lambda: connection.stores["app"].listed)


async def test_while_another_program_locks_the_database_pages_are_read_and_no_action_is_done(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser
) -> None:  # fmt: skip
    await ready(fakes)
    client = async_client_for(otto)
    with locked():
        for path in (
            "/",
            "/workloads/",
            "/list/app/",
            "/clusters/shop/",
            "/jobs/",
            "/activity/",
            "/healthz",
            "/palette/?q=web",
        ):
            began = time.monotonic()
            assert (await client.get(path)).status_code == 200, path
            assert time.monotonic() - began < 4.5, path  # what waits for the lock, waits for five seconds
        began = time.monotonic()
        answer = await stop(client, fakes)
        assert answer.status_code == 503  # type: ignore[attr-defined]
        assert "not be written to the audit" in answer.content.decode()  # type: ignore[attr-defined]
        assert 3 < time.monotonic() - began < 9  # it waited for its turn, but not for ever
        assert fakes.calls == []
    answer = await stop(client, fakes)
    assert answer.status_code == 204  # type: ignore[attr-defined]
    assert fakes.calls == [("stop", "u1")]


async def test_a_full_disk_refuses_actions_and_shows_pages_and_heals_when_there_is_room(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser
) -> None:  # fmt: skip
    await ready(fakes)
    client = async_client_for(otto)

    def limit(pages: int) -> None:  # SQLite's own limit: the error is the one of a full disk
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")  # rows that other tests removed left room in the file
            cursor.execute(f"PRAGMA max_page_count={pages}")

    from django.db.backends.signals import connection_created

    def full(connection: object, **_: object) -> None:
        with connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute("PRAGMA max_page_count=1")

    connection_created.connect(full)
    try:
        await sync_to_async(limit)(1)
        rows = 0
        for _ in range(200):  # what is left of the last pages
            answer = await stop(client, fakes, key=f"k{rows}")
            if answer.status_code != 204:  # type: ignore[attr-defined]
                break
            rows += 1
        assert answer.status_code == 503  # type: ignore[attr-defined]
        done = len(fakes.calls)
        for path in ("/", "/workloads/", "/list/app/", "/healthz"):
            assert (await client.get(path)).status_code == 200, path
        assert (await stop(client, fakes)).status_code == 503  # type: ignore[attr-defined]
        assert len(fakes.calls) == done
    finally:
        connection_created.disconnect(full)
        await sync_to_async(limit)(1_000_000)
    assert (await stop(client, fakes)).status_code == 204  # type: ignore[attr-defined]
    intents = await AuditEntry.objects.filter(stage="intent", verb="stop").acount()
    assert intents == len(fakes.calls)


async def test_an_outcome_that_cannot_be_written_is_written_as_soon_as_there_is_room_without_a_new_start(
    fakes: Fakes,
    async_client_for: ClientFor,
    otto: AbstractUser,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from clusters import audit, owed

    await ready(fakes)
    real = audit._append_alone

    def full_after_the_intent(event: object, request: str, stage: str, *rest: object) -> None:
        if stage == "outcome":
            from django.db import OperationalError

            raise OperationalError("database or disk is full")
        real(event, request, stage, *rest)

    monkeypatch.setattr(audit, "_append_alone", full_after_the_intent)
    answer = await stop(async_client_for(otto), fakes)
    assert answer.status_code == 204  # type: ignore[attr-defined]
    assert "not done" not in caplog.text  # it was done
    assert not await owed.settle()
    monkeypatch.setattr(audit, "_append_alone", real)
    await owed.stop()
    last = await AuditEntry.objects.order_by("-id").afirst()
    assert last is not None
    assert (last.verb, last.stage, last.result) == ("stop", "outcome", "done")
    assert await sync_to_async(audit.settle_interrupted)() == 0
    assert (await sync_to_async(audit.verify)()).broken is None


async def test_how_little_room_is_left_is_said_on_every_page(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from clusters import own_disk
    from dashboard import room

    client = async_client_for(otto)
    assert "little room" not in (await client.get("/jobs/")).content.decode()
    refused = await sync_to_async(render_to_string)("429.html")
    assert "Too many wrong passwords" in refused
    assert "could not write" not in refused
    monkeypatch.setattr(own_disk, "LITTLE", 1 << 62)
    shown = (await client.get("/jobs/")).content.decode()
    assert "Pilothouse has little room left" in shown
    assert "every change must be recorded first" in shown
    monkeypatch.setattr(room, "NONE", 1 << 62)
    assert "The disk where Pilothouse keeps its data is full." in (await client.get("/jobs/")).content.decode()
    refused = await sync_to_async(render_to_string)("429.html")
    assert "Too many wrong passwords" in refused  # little is not full: it may be either
    assert "Or Pilothouse could not write the attempt down: " in refused


async def test_the_same_request_five_times_at_once_is_one_call(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser
) -> None:  # fmt: skip
    import asyncio

    await ready(fakes)
    fakes.drivers["shop"].takes = 0.3
    clients = [async_client_for(otto) for _ in range(5)]
    answers = await asyncio.gather(*(stop(client, fakes, key="0123456789abcdef") for client in clients))
    assert {answer.status_code for answer in answers} == {204}  # type: ignore[attr-defined]
    assert fakes.calls == [("stop", "u1")]
    assert await AuditEntry.objects.filter(verb="stop").acount() == 2
