"""A tab that is slow or misses a frame: the latest state wins, and nothing grows while it waits."""

from __future__ import annotations

import asyncio
import json
import tracemalloc

import pytest
from django.contrib.auth.models import AbstractUser

from clusters.live.resource import Changed
from dashboard import socket as module
from dashboard.asgi import router
from dashboard.engine import engine
from tests.clusters.fakes import App, copy
from tests.dashboard.conftest import Fakes, fakes  # noqa: F401
from tests.faults.proxy import soon
from tests.tab import ORIGIN, Tab, cookies

pytestmark = pytest.mark.django_db(transaction=True)


async def following(user: AbstractUser, fakes: Fakes) -> Tab:
    tab = Tab(router, headers=[await cookies(user), ORIGIN])
    assert await tab.open()
    await tab.follow("table", table="app", query="")
    while (await tab.frame())["total"] != 2:
        pass
    return tab


def change(fakes: Fakes, copies: int) -> None:
    store = engine.supervisor.connections[fakes.shop.pk].stores["app"]
    store.apply(Changed([copy(one, copies=copies, space=f"s-{copies}") for one in store.resources.values()]))  # type: ignore[arg-type]


async def test_a_tab_that_is_slow_gets_the_latest_state_and_its_memory_here_stays_flat(
    fakes: Fakes, vera: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    reads = asyncio.Event()
    reads.set()
    real = module.LiveSocket.send

    async def slow(self: module.LiveSocket, text_data: str | None = None, **more: object) -> None:
        await reads.wait()
        await real(self, text_data=text_data, **more)

    monkeypatch.setattr(module.LiveSocket, "send", slow)
    tab = await following(vera, fakes)
    reads.clear()
    change(fakes, 2)
    await asyncio.sleep(0.2)
    tracemalloc.start()
    for copies in range(3, 3000):
        change(fakes, copies)
        if copies % 50 == 0:
            await asyncio.sleep(0.002)
    await asyncio.sleep(0.2)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 2 << 20
    reads.set()
    frames = []
    async with asyncio.timeout(5):
        while True:
            frames.append(await tab.frame())
            if "-2999" in json.dumps(frames[-1]):
                break
    assert len(frames) <= 4, "it was sent what it had missed, one by one"
    await tab.close()


async def test_a_tab_that_takes_nothing_at_all_is_let_go(
    fakes: Fakes, vera: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "SEND_LIMIT", 0.3)
    tab = await following(vera, fakes)
    stuck = asyncio.Event()
    real = module.LiveSocket.send

    async def never(self: module.LiveSocket, text_data: str | None = None, **more: object) -> None:
        await stuck.wait()

    monkeypatch.setattr(module.LiveSocket, "send", never)
    change(fakes, 5)
    await asyncio.sleep(0.1)
    monkeypatch.setattr(module.LiveSocket, "send", real)
    assert await tab.closed(3) == module.TOO_SLOW
    await tab.close()


async def test_a_missed_frame_is_noticed_by_its_number_and_answered_with_the_whole_state(
    fakes: Fakes, vera: AbstractUser
) -> None:  # fmt: skip
    tab = await following(vera, fakes)
    change(fakes, 2)
    first = await tab.frame("patch")
    change(fakes, 3)
    lost = await tab.frame()  # on its way to the page
    assert lost["t"] == "patch", lost
    change(fakes, 4)
    third = await tab.frame("patch")
    assert third["seq"] == first["seq"] + 2, "the page could not tell that one is missing"
    await tab.send({"op": "resync", "id": 1})
    snapshot = await tab.frame("snap")
    assert snapshot["seq"] >= third["seq"]
    store = engine.supervisor.connections[fakes.shop.pk].stores["app"]
    assert {row["id"] for row in snapshot["rows"]} == {store.prefix + uid for uid in store.resources}
    change(fakes, 5)
    assert (await tab.frame("patch"))["seq"] == snapshot["seq"] + 1
    await tab.close()


async def test_a_listener_that_fails_keeps_no_change_from_the_others(fakes: Fakes, vera: AbstractUser) -> None:
    store = engine.supervisor.connections[fakes.shop.pk].stores["app"]

    def fails(*_: object) -> None:
        raise RuntimeError("boo")

    stop = store.subscribe(fails)
    tab = await following(vera, fakes)
    heard: list[object] = []
    stop_too = store.subscribe(lambda *_: heard.append(1))
    store.apply(Changed([App(id="u3", title="third", space="front")]))
    await soon(lambda: heard)
    while (await tab.frame())["total"] != 3:
        pass
    stop()
    stop_too()
    await tab.close()
