"""When a terminal ends, and what is kept of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser

from clusters.models import AuditEntry, Cluster, Grant
from dashboard import signed_in
from dashboard import terminal as module
from tests.dashboard.terminal_tab import Driver, Knock, driver, ended, knock, opened  # noqa: F401


async def _sign_out(user: AbstractUser, shop: Cluster) -> None:
    from django.contrib.sessions.models import Session

    await Session.objects.all().adelete()
    from clusters import actors

    await sync_to_async(actors.bump)()


async def _new_password(user: AbstractUser, shop: Cluster) -> None:
    user.set_password("another battery staple")
    await user.asave()


async def _switch_off(user: AbstractUser, shop: Cluster) -> None:
    user.is_active = False
    await user.asave()


async def _lower(user: AbstractUser, shop: Cluster) -> None:
    grant = await Grant.objects.aget(user=user)
    grant.role = 1
    await grant.asave()


async def _take_away(user: AbstractUser, shop: Cluster) -> None:
    grant = await Grant.objects.aget(user=user)
    await grant.adelete()


@pytest.mark.parametrize(
    ("happens", "code"),
    [(_sign_out, 4401), (_new_password, 4401), (_switch_off, 4401), (_lower, 4403), (_take_away, 4403)],
)
async def test_when_the_right_is_gone_the_terminal_is_closed_and_no_key_gets_through(
    driver: Driver, knock: Knock, shop: Cluster, otto: AbstractUser, happens: Any, code: int
) -> None:
    tab = await opened(knock, otto)
    await happens(otto, shop)
    await tab.type(b"rm -rf /\n")
    assert (await ended(tab))[1] == code
    assert driver.opened is not None
    assert driver.opened.typed == []
    assert driver.opened.closed


async def test_no_key_gets_through_while_it_is_looked_at_whether_the_right_is_still_there(
    driver: Driver, knock: Knock, shop: Cluster, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, go_on, still_here = asyncio.Event(), asyncio.Event(), signed_in.still_here

    async def slowly(*args: Any) -> Any:
        looking.set()
        await go_on.wait()
        return await still_here(*args)

    monkeypatch.setattr(module, "RECHECK", 0.05)
    tab = await opened(knock, otto)
    await _new_password(otto, shop)
    monkeypatch.setattr(module, "still_here", slowly)
    await looking.wait()
    await tab.type(b"rm -rf /\n")
    await asyncio.sleep(0.1)
    go_on.set()
    assert (await ended(tab))[1] == 4401
    assert driver.opened is not None
    assert driver.opened.typed == []


async def test_a_terminal_nobody_types_in_is_closed_with_a_notice_first(
    driver: Driver, knock: Knock, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE", 0.5)
    monkeypatch.setattr(module, "WARN_BEFORE", 0.3)
    tab = await opened(knock, otto)
    assert (await tab.control())["t"] == "notice"
    assert (await ended(tab))[0].endswith("minutes without a key.")
    assert driver.opened is not None
    assert driver.opened.typed == [b"\x04"]


async def test_a_terminal_lives_no_longer_than_a_working_day(
    driver: Driver, knock: Knock, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.1)
    tab = await opened(knock, otto)
    assert "at most" in (await ended(tab))[0]


async def test_a_closed_tab_leaves_no_shell_behind(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    tab = await opened(knock, otto)
    await tab.communicator.send_input({"type": "websocket.disconnect", "code": 1001})
    await tab.communicator.wait(2)
    assert driver.opened is not None
    assert driver.opened.closed
    assert module._open[otto.pk] == 0


async def test_opening_and_closing_are_in_the_audit_with_the_address(
    driver: Driver, knock: Knock, otto: AbstractUser
) -> None:
    tab = await opened(knock, otto)
    await tab.type(b"secret\n")
    await asyncio.sleep(0.05)
    assert driver.opened is not None
    driver.opened.printed.put_nowait(None)
    await ended(tab)
    entries = [entry async for entry in AuditEntry.objects.filter(verb="terminal")]
    assert {entry.actor for entry in entries} == {"otto"}
    assert {entry.address for entry in entries} == {"10.1.2.3"}
    assert len(entries) == 2
    assert not any("secret" in str(entry.__dict__) for entry in entries)
