"""Registries are asked the same once a minute, once at a time, with the sign-in that asks, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from clusters import calls
from clusters.access import Actor
from clusters.errors import Unreachable
from clusters.registries import lately, seen
from clusters.registries.lately import TooOften
from clusters.registries.looking import Looking
from clusters.registries.way import Way
from tests.clusters.fake_registry import fake_registry, json

ADA, OTTO = Actor(1, "ada"), Actor(2, "otto")
WAY = Way(host="registry.test:5000", user="robot", password="one")
OTHER = Way(host="registry.test:5000", user="robot", password="two")


class Registry:
    """Counts what it is asked, and answers with that number."""

    def __init__(self) -> None:
        self.asked = 0
        self.wrong = False

    async def answer(self) -> int:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.wrong:
            raise Unreachable("It does not answer.")
        return self.asked


def asking(there: Registry) -> Callable[..., Coroutine[Any, Any, int]]:
    async def ask(by: Actor = ADA, way: Way = WAY, repository: str = "shop/web", tag: str = "1", **how: bool) -> int:
        return await lately.ask(by, way, repository, ("digest", tag), there.answer, anew=how.get("anew", False))

    return ask


async def test_the_same_is_asked_once_also_by_many_at_once() -> None:
    ask = asking(there := Registry())
    assert await asyncio.gather(*(ask(by) for by in (ADA, OTTO) * 20)) == [1] * 40
    assert await ask() == 1
    assert await ask(tag="2") == 2, "another question"
    assert await ask(anew=True) == 3
    assert await asyncio.gather(*(ask(anew=True) for _ in range(5))) == [4] * 5, "they asked at the same time"
    assert there.asked == 4


async def test_another_sign_in_never_gets_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = asking(there := Registry())
    assert await ask() == 1
    assert await ask(way=OTHER) == 2
    assert await ask(way=Way(host=WAY.host)) == 3
    assert "two" not in str(lately._said)
    monkeypatch.setattr(lately, "KEPT", 0.0)
    assert await ask(tag="3") == await ask(tag="3") - 1, "an old answer is none"
    assert there.asked == 5


async def test_what_we_change_ourselves_is_asked_again() -> None:
    ask = asking(Registry())
    assert (await ask(), await ask(repository="shop/store"), await ask(repository="")) == (1, 2, 3)
    seen.changed("registry.test:5000/shop/web:2")
    assert await ask(repository="shop/store") == 2
    assert (await ask(), await ask(repository="")) == (4, 5), "also which repositories there are"


async def test_a_registry_that_is_gone_is_not_asked_by_each_who_waits() -> None:
    ask = asking(there := Registry())
    there.wrong = True
    found = await asyncio.gather(*(ask() for _ in range(10)), return_exceptions=True)
    assert all(isinstance(one, Unreachable) for one in found)
    assert there.asked == 1


async def test_who_asks_too_often_waits_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "_asked", calls.Calls(3))
    ask = asking(there := Registry())
    for tag in ("1", "2", "3"):
        await ask(tag=tag)
    with pytest.raises(TooOften, match=r"wait \d+ seconds"):
        await ask(tag="4")
    assert await ask(tag="1") == 1, "what is known is told"
    assert await ask(OTTO, tag="4") == 4
    assert there.asked == 4


async def test_a_look_that_was_given_up_leaves_the_next_one_its_turn() -> None:
    ask = asking(there := Registry())
    first = asyncio.create_task(ask())
    second = asyncio.create_task(ask())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2
    assert there.asked == 2


async def test_looking_asks_a_registry_no_more_than_it_has_to() -> None:
    digest = f"sha256:{'1' * 64}"
    answers = {"/v2/shop/web/manifests/1": json("{}", Docker_Content_Digest=digest)}
    async with fake_registry(answers) as there:
        way = Way(host=there.host, plain=True)
        for by in (ADA, OTTO, ADA):
            async with Looking(by, way) as client:
                assert await client.digest("shop/web", "1") == digest
        assert len(there.asked) == 1
