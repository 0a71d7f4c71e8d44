"""Dry runs of stacks: a few at a time, and one of each person."""

from __future__ import annotations

import asyncio

import pytest

from clusters.stacks.turns import AT_ONCE, turn


@pytest.mark.parametrize(("persons", "most"), [([7] * 5, 1), (range(AT_ONCE + 4), AT_ONCE)])
async def test_so_many_go_on_at_once(persons: list[int], most: int) -> None:
    now = highest = 0

    async def dry_run(person: int) -> None:
        nonlocal now, highest
        async with turn(person):
            now += 1
            highest = max(highest, now)
            await asyncio.sleep(0.005)
            now -= 1

    await asyncio.gather(*map(dry_run, persons))
    assert highest == most
