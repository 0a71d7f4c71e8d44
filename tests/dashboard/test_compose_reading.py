"""A Compose text is read by the program while the look ahead goes on: when that ends early, so does the reading."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.errors import Conflict
from dashboard.compose_sorts import Asked
from dashboard.views.compose import _ahead


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What became of a reading that would take for ever."""
    heard: list[str] = []

    async def read(_: object) -> str:
        heard.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            heard.append("ended")
        return ""

    monkeypatch.setattr("dashboard.views.compose.as_read", read)
    return heard


async def looked(look: Callable[[], Awaitable[Any]]) -> None:
    asked: Any = Asked(checked=None, look_ahead=lambda *_: look(), begin=None)  # type: ignore[arg-type]
    request: Any = SimpleNamespace(actor=None)
    await _ahead(request, asked, 1)


async def test_it_ends_when_the_look_ahead_fails(reading: list[str]) -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise Conflict("Somebody else deploys it.")

    with pytest.raises(Conflict, match="Somebody else"):
        await looked(fails)
    assert reading == ["begun", "ended"]


async def test_it_ends_when_whoever_asked_is_gone(reading: list[str]) -> None:
    going = asyncio.create_task(looked(asyncio.Event().wait))
    await asyncio.sleep(0.01)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert reading == ["begun", "ended"]
