"""A pod of the shop whose port is open in a browser, for the tests of open ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters import kinds
from clusters.forward import forward as timing
from clusters.models import AuditEntry
from dashboard.forward import forwards
from tests.dashboard.conftest import Fakes, add
from tests.dashboard.pod_page import OPENING, Browser, Driver, end_all, open_port, start_pod

ClientFor = Callable[[User], AsyncClient]


@pytest_asyncio.fixture
async def pod(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Driver]:
    """The shop with a pod whose port 80 is a real web server."""
    from dashboard.engine import engine

    monkeypatch.setitem(kinds.KINDS, "docker", (OPENING,))
    monkeypatch.setattr(timing, "RECHECK", 0.05)
    runner, port = await start_pod()
    made = Driver(apps=fakes.drivers["shop"].apps, at={80: port})
    await engine.supervisor.remove(fakes.shop.pk)
    await add(fakes.shop, made)
    yield made
    await end_all()
    await runner.cleanup()


@pytest_asyncio.fixture
async def browser(pod: Driver, fakes: Fakes, otto: User, async_client_for: ClientFor) -> Browser:
    return await open_port(async_client_for(otto), fakes.row("shop", "u1"))


async def over(browser: Browser, seconds: float = 3) -> str:
    """Why it ended, once it has."""
    async with asyncio.timeout(seconds):
        while not (one := forwards.find(browser.token)) or not one.ended:
            await asyncio.sleep(0.02)
    return one.ended


async def entries() -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.filter(verb="open port").order_by("id")
    return [(one.stage, one.result, str(one.detail.get("words", ""))) async for one in found]
