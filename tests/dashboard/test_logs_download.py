"""A log as a file."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters.live.resource import Changed
from dashboard.engine import engine
from dashboard.views import logs as view
from tests.clusters.fakes import held
from tests.dashboard.test_logs_topic import row  # noqa: F401 (a fixture)

ClientFor = Callable[[AbstractUser], AsyncClient]


async def _body(answer: object) -> str:
    return b"".join([part async for part in answer.streaming_content]).decode()  # type: ignore[attr-defined]


async def test_the_file_holds_the_lines_of_all_copies_by_time(
    row: str, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    answer = await async_client_for(vera).get("/logs/download/", {"row": row, "tail": "100"})
    lines = (await _body(answer)).splitlines()
    stamps = [line.split(" ", 1)[0] for line in lines]
    assert len(lines) >= 200
    assert stamps == sorted(stamps)
    assert all(" | " in line for line in lines)


async def test_a_browser_saves_it_and_never_shows_it(row: str, vera: AbstractUser, async_client_for: ClientFor) -> None:
    answer = await async_client_for(vera).get("/logs/download/", {"row": row, "tail": "5"})
    await _body(answer)
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["Content-Disposition"].startswith('attachment; filename="checkout-api-')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


async def test_what_is_not_shared_is_not_found(
    row: str, nora: AbstractUser, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    assert (await async_client_for(nora).get("/logs/download/", {"row": row})).status_code == 404
    assert (await async_client_for(vera).get("/logs/download/", {"row": "9~pod~x"})).status_code == 404
    assert (await async_client_for(vera).get("/logs/download/", {"row": row, "since": "soon"})).status_code == 400
    assert (
        await AsyncClient(headers={"host": "127.0.0.1:8000"}).get("/logs/download/", {"row": row})
    ).status_code == 302


async def test_a_file_that_grows_too_large_says_at_its_end_that_it_was_cut(
    row: str,
    vera: AbstractUser,
    async_client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view, "MAX_BYTES", 10_000)
    monkeypatch.setattr(view, "SEND", 1000)
    answer = await async_client_for(vera).get("/logs/download/", {"row": row})
    text = await _body(answer)
    assert len(text) < 15_000
    assert text.splitlines()[-1].startswith("--- cut here: a download holds at most")


def test_control_characters_become_pictures() -> None:
    assert "\x1b[2J\x07\u202e\x9b\ttab".translate(view.PICTURES) == "␛[2J␇��\ttab"


async def test_a_hostile_name_makes_a_safe_file_name(row: str, vera: AbstractUser, async_client_for: ClientFor) -> None:
    cluster, kind, uid = row.split("~", 2)
    store = engine.supervisor.connections[int(cluster)].stores[kind]
    resource = held(store)[uid]
    metadata = msgspec.structs.replace(resource.metadata, name='x"\r\nSet-Cookie: a=b/../../', resource_version="new")
    store.apply(Changed([msgspec.structs.replace(resource, metadata=metadata)]))
    answer = await async_client_for(vera).get("/logs/download/", {"row": row, "tail": "1"})
    await _body(answer)
    name = answer["Content-Disposition"].removeprefix('attachment; filename="').removesuffix('"')
    assert all(letter.isalnum() or letter in "-._" for letter in name)
