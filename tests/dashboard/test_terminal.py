"""The terminal's socket: who is let in, and what is carried."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser

from clusters.errors import Unsupported
from clusters.models import AuditEntry, Cluster, Grant
from dashboard import terminal as module
from tests.dashboard.terminal_tab import Driver, Knock, Tab, driver, ended, knock, opened  # noqa: F401


async def test_a_terminal_says_what_it_is_and_carries_bytes_both_ways(
    driver: Driver, knock: Knock, otto: AbstractUser
) -> None:
    tab, _ = await knock(otto, container="two")
    hello = await tab.control()
    assert hello["program"] == "/bin/ash"
    assert hello["user"] == "root"
    assert [one["container"] for one in hello["containers"]] == ["one", "two"]
    assert hello["chosen"] == 1
    shell = driver.opened
    assert shell is not None
    shell.printed.put_nowait(b"\xff\x00$ ")
    assert (await tab.next())["bytes"] == b"\xff\x00$ "
    await tab.type(b"ls\n")
    shell.printed.put_nowait(None)
    assert await ended(tab) == ("The shell ended: exit 0.", 1000)
    assert shell.typed == [b"ls\n"]
    assert shell.closed


async def test_who_may_not_is_refused_before_the_socket_opens_and_nothing_is_called(
    driver: Driver, knock: Knock, shop: Cluster, vera: AbstractUser, nora: AbstractUser
) -> None:
    for user in (vera, nora, None):
        _, answer = await knock(user)
        assert answer["type"] == "websocket.close"
    assert driver.calls == []
    assert await AuditEntry.objects.filter(verb="terminal", actor="vera").aexists()


async def test_the_role_without_the_right_is_not_enough(
    driver: Driver, knock: Knock, shop: Cluster, nora: AbstractUser
) -> None:
    await sync_to_async(Grant.objects.create)(user=nora, role=2, cluster=shop)
    _, answer = await knock(nora)
    assert answer["type"] == "websocket.close"
    assert driver.calls == []


@pytest.mark.parametrize(
    "query", [{"uid": "u9"}, {"kind": "../app"}, {"cluster": "x"}, {"container": "three"}, {"cluster": ""}]
)
async def test_what_is_not_there_is_refused_the_same_way(
    driver: Driver, knock: Knock, otto: AbstractUser, query: dict[str, str]
) -> None:
    _, answer = await knock(otto, **query)
    assert answer["type"] == "websocket.close"
    assert driver.calls == []


async def test_nobody_chooses_the_program_by_the_address(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    await opened(knock, otto, cmd="sh;id", shell="/bin/sh+-c+id", command="id")
    assert driver.calls == [("shell", ("web", "one", []))]


async def test_sizes_are_kept_within_reason(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    tab = await opened(knock, otto)
    for columns, rows in ((80, 24), (-1, 0), (10**9, 10**9)):
        await tab.send(t="size", columns=columns, rows=rows)
    await asyncio.sleep(0.05)
    assert driver.opened is not None
    assert driver.opened.sizes == [(80, 24), (1, 1), (500, 500)]


@pytest.mark.parametrize(
    "text",
    ['{"t":"size","columns":"24;id","rows":1}', "[]", "x", "{", '{"t":"run"}', "[" * 5000, '{"t":"ack","n":null}'],
)
async def test_a_bad_frame_closes_the_socket_and_the_shell(
    driver: Driver, knock: Knock, otto: AbstractUser, text: str
) -> None:
    tab = await opened(knock, otto)
    await tab.communicator.send_input({"type": "websocket.receive", "text": text})
    assert await ended(tab) == ("Not a frame.", 4400)
    assert driver.opened is not None
    assert driver.opened.closed


async def test_a_tab_that_does_not_show_what_came_stops_the_flood(
    driver: Driver, knock: Knock, otto: AbstractUser
) -> None:
    tab = await opened(knock, otto)
    shell = driver.opened
    assert shell is not None
    for _ in range(100):
        shell.printed.put_nowait(b"x" * 65536)
    received = 0
    while await _more(tab):
        received += len((await tab.next())["bytes"])
    assert module.HIGH < received <= module.HIGH + 65536
    await tab.send(t="ack", n=received - module.LOW)
    assert await _more(tab)


async def _more(tab: Tab) -> bool:
    return not await tab.communicator.receive_nothing(0.1)


async def test_an_image_without_a_shell_says_what_can_be_done(driver: Driver, knock: Knock, otto: AbstractUser) -> None:
    driver.fails = Unsupported("There is no shell in this image.", hint="Debug it from beside.")
    tab, _ = await knock(otto)
    frame = await tab.control()
    assert (frame["t"], frame["why"], frame["hint"]) == (
        "end",
        "There is no shell in this image.",
        "Debug it from beside.",
    )


async def test_nobody_has_more_than_twenty_terminals(
    driver: Driver, knock: Knock, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_OPEN", 1)
    await opened(knock, otto)
    tab, _ = await knock(otto)
    why, code = await ended(tab)
    assert "open already" in why
    assert code == 4429
