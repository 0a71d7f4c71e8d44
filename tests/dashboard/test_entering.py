"""A terminal waits for a container that is not there yet, says what for, and gives up in words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from clusters.errors import Missing, Unreachable
from clusters.kinds.base import Health, Level
from dashboard import entering

FETCHED = Health(Level.CHANGING, "Starting", "It is fetched.")
SOURCE: Any = None


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[Health]:
    """How it is, look by look; the last one stays."""
    told: list[Health] = []
    monkeypatch.setattr(entering, "PACE", 0.01)
    monkeypatch.setattr(entering, "_state", lambda cluster, source: told.pop(0) if len(told) > 1 else told[0])
    return told


async def waited(*messages: dict[str, Any]) -> tuple[bool, Sequence[str]]:
    """What came of it, and what was said meanwhile; the tab sends these messages, then nothing."""
    said, left = list[str](), list(messages)

    async def say(text: str) -> None:
        said.append(text)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.sleep(60)
        return left.pop(0)

    async with asyncio.timeout(5):
        return await entering.until_it_runs(1, SOURCE, say, receive), said


async def test_what_it_waits_for_is_said_once(states: list[Health]) -> None:
    states += [FETCHED, FETCHED, Health(Level.HEALTHY, "Running")]
    assert await waited({"type": "websocket.receive", "text": "{}"}) == (True, ["It is fetched."])


async def test_what_runs_is_entered_without_a_word(states: list[Health]) -> None:
    states += [Health(Level.HEALTHY, "Running")]
    assert await waited() == (True, [])


async def test_a_tab_that_is_closed_is_not_waited_for(states: list[Health]) -> None:
    states += [FETCHED]
    assert (await waited({"type": "websocket.disconnect"}))[0] is False


async def test_it_gives_up_when_it_never_will_or_takes_too_long(
    states: list[Health], monkeypatch: pytest.MonkeyPatch
) -> None:
    states += [FETCHED, Health(Level.FAILING, "No image", "There is no such image.", "ErrImagePull")]
    with pytest.raises(Missing, match="no such image"):
        await waited()
    states[:] = [FETCHED]
    monkeypatch.setattr(entering, "STARTING", 0.05)
    with pytest.raises(Unreachable, match="takes long"):
        await waited()
