"""What ends a right ends the open socket within seconds (the terminal's own are in tests/dashboard/test_terminal.py)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.models import Session
from django.utils import timezone

from clusters.kinds.base import Role
from clusters.models import Grant
from dashboard import socket as module
from dashboard.asgi import router
from tests.attacks.tabs import opened, quiet
from tests.dashboard.conftest import Fakes, fakes  # noqa: F401
from tests.tab import ORIGIN, Tab, cookies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nobody_is_in() -> None:
    module._sockets.clear()


async def _sign_out(user: AbstractUser, tab_cookie: str) -> None:
    from django.test import Client

    def leave() -> None:
        client = Client(headers={"host": "127.0.0.1:8000"})
        client.cookies["pilothouse_session"] = tab_cookie
        client.post("/account/logout/")

    await sync_to_async(leave)()


async def _new_password(user: AbstractUser, _: str) -> None:
    user.set_password("another battery staple")
    await user.asave()


async def _switch_off(user: AbstractUser, _: str) -> None:
    user.is_active = False
    await user.asave()


async def _remove(user: AbstractUser, _: str) -> None:
    await user.adelete()


async def _run_out(user: AbstractUser, key: str) -> None:
    """Nothing happens but time: the session ends by itself."""


ENDS: list[Callable[[AbstractUser, str], Awaitable[None]]] = [_sign_out, _new_password, _switch_off, _remove, _run_out]


@pytest.mark.parametrize("happens", ENDS, ids=lambda one: one.__name__.strip("_"))
async def test_whoever_is_out_is_out_of_the_open_socket_within_five_seconds(
    fakes: Fakes, otto: AbstractUser, happens: Any
) -> None:  # fmt: skip
    cookie = await cookies(otto)
    key = cookie[1].decode().partition("pilothouse_session=")[2].partition(";")[0]
    if happens is _run_out:
        at = timezone.now() + timezone.timedelta(seconds=1.0)  # type: ignore[attr-defined]
        await Session.objects.filter(session_key=key).aupdate(expire_date=at)
    tab = Tab(router, headers=[cookie, ORIGIN])
    assert await tab.open()
    await tab.follow("table", table="app", query="")
    await tab.frame("snap")
    await happens(otto, key)
    assert await tab.closed(5) == module.ENDED


async def test_a_lower_role_and_a_lost_grant_count_for_the_very_next_frame(
    fakes: Fakes, otto: AbstractUser
) -> None:  # fmt: skip
    tab = await opened(otto)
    await tab.follow("table", table="app", query="")
    while (await tab.frame())["total"] != 2:
        pass
    await Grant.objects.filter(user=otto).adelete()
    await tab.send(
        {"op": "sub", "id": 2, "topic": "resource", "args": {"cluster": "shop", "kind": "app", "key": "web"}}
    )
    frames = [json.loads(json.loads(one)["text"]) for one in await quiet(tab, 4.0)]
    assert {frame["id"] for frame in frames if frame.get("t") == "end"} == {1, 2}
    assert not [frame for frame in frames if frame.get("t") in ("snap", "patch") and frame.get("rows")]
    await tab.close()


async def test_a_grant_on_another_cluster_opens_nothing_here_and_leaks_nothing_there(
    fakes: Fakes, vera: AbstractUser
) -> None:  # fmt: skip
    tab = await opened(vera)
    await tab.follow("table", table="app", query="")
    while (await tab.frame())["total"] != 2:
        pass
    await Grant.objects.filter(user=vera).aupdate(cluster=fakes.vault, role=Role.VIEWER)
    from clusters import actors

    await sync_to_async(actors.bump)()
    snapshot = await tab.frame("snap", 5)
    assert {row["cluster"] for row in snapshot["rows"]} <= {fakes.vault.pk}
    await tab.close()
