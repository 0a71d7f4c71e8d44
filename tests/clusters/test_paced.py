"""What is done over and over while things change keeps its pace."""

from __future__ import annotations

import asyncio
import time

import pytest

from clusters.live.paced import Paced


async def test_many_changes_are_one_time_and_the_first_is_not_waited_for() -> None:
    done: list[float] = []
    paced = Paced(lambda: done.append(time.monotonic()), 0.1, 0.0)
    for _ in range(3):
        paced.soon()
    await asyncio.sleep(0.02)
    assert len(done) == 1
    paced.soon()
    await asyncio.sleep(0.02)
    assert len(done) == 1, "the pause is not over"
    await asyncio.sleep(0.15)
    assert len(done) == 2
    assert done[1] - done[0] >= 0.1


async def test_what_costs_much_is_done_more_rarely_also_when_it_fails() -> None:
    def fail() -> None:
        time.sleep(0.02)
        raise ValueError("it failed")

    done: list[int] = []
    paced = Paced(lambda: done.append(1), 0.0, 10.0)
    with pytest.raises(ValueError, match="it failed"):
        paced.do(fail)
    paced.soon()
    await asyncio.sleep(0.1)
    assert not done
    await asyncio.sleep(0.15)
    assert done


async def test_what_is_due_is_not_done_once_it_rests() -> None:
    done: list[int] = []
    paced = Paced(lambda: done.append(1), 0.01, 0.0)
    paced.soon(0.01)
    paced.rest()
    await asyncio.sleep(0.03)
    assert not done
