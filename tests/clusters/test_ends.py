"""What samples for ever ends when it is told to, whatever happens at that very moment: else Pilothouse never stops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from clusters import ending
from clusters.live.totals import Totals
from clusters.live.usage import Sampler


def _nothing_there() -> Any:
    return SimpleNamespace(connections={}, hub=SimpleNamespace(windows=tuple), row=lambda _: None)


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.parametrize("kind", [Sampler, Totals])
async def test_a_page_that_is_opened_while_it_ends_keeps_nothing_running(kind: Any, turns: int) -> None:
    sampling = kind(_nothing_there(), lambda: None)
    sampling.look("1~pod~x" if kind is Sampler else [1])  # so it waits for so long, and not for ever
    task = asyncio.create_task(sampling.run())
    await asyncio.sleep(0.01)
    sampling._wake.set()
    for _ in range(turns):  # of the loop, between the two
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    ended = task.cancelled()
    task.cancel()
    assert ended


async def test_what_lost_the_word_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN", 0.05)
    told = 0

    async def deaf() -> None:
        nonlocal told
        while told < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told += 1

    async def fails() -> None:
        raise ValueError

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(fails())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await ending.end(tasks)
        await ending.end([])
    assert told == 3
