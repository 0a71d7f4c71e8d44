"""What we sign in with is renewed before it ends: once at a time, and what runs over it goes on to its end."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import WSMsgType, web

from clusters.drivers.kubernetes import client
from clusters.drivers.kubernetes.connection import Connection
from clusters.drivers.kubernetes.credentials import AGAIN, BELIEVED, MARGIN, Credential, Renewing
from clusters.errors import Refused


class Renewals:
    """A source that is asked for the next one, at a time of ours."""

    def __init__(self, lasts: float = 3600) -> None:
        self.now, self.lasts, self.asked = 1000.0, lasts, 0
        self.fails: Exception | None = None
        self.takes = asyncio.Event()
        self.takes.set()
        self.source = Renewing(self._renew, clock=lambda: self.now)

    async def _renew(self, refused: str) -> Credential:
        self.asked += 1
        self.refused = refused
        await self.takes.wait()
        if self.fails:
            raise self.fails
        return Credential(f"token-{self.asked}", ends=self.now + self.lasts)

    async def token(self) -> str:
        return (await self.source.current()).token


async def test_it_is_renewed_before_it_ends_by_one_at_a_time_while_the_old_one_goes_on() -> None:
    renewals = Renewals()
    assert await asyncio.gather(*(renewals.token() for _ in range(20))) == ["token-1"] * 20
    renewals.now += 3600 - MARGIN - 1
    assert (await renewals.token(), renewals.asked) == ("token-1", 1)
    renewals.takes.clear()
    renewals.now += 2
    assert await asyncio.gather(*(renewals.token() for _ in range(20))) == ["token-1"] * 20
    renewals.takes.set()
    await asyncio.sleep(0.01)
    assert (await renewals.token(), renewals.asked) == ("token-2", 2)


async def test_a_renewal_that_fails_is_left_alone_for_a_while_and_after_the_end_everything_fails() -> None:
    renewals = Renewals()
    await renewals.token()
    renewals.fails = Refused("No")
    renewals.now += 3600 - 30
    assert await renewals.token() == "token-1"
    await asyncio.sleep(0.01)
    assert (await renewals.token(), renewals.asked) == ("token-1", 2)
    renewals.now += 31
    with pytest.raises(Refused, match="No"):
        await renewals.token()
    asked = renewals.asked
    with pytest.raises(Refused, match="No"):
        await renewals.token()
    assert renewals.asked == asked
    renewals.fails, renewals.now = None, renewals.now + AGAIN
    assert await renewals.token() == f"token-{asked + 1}"


async def test_a_renewal_goes_on_when_whoever_waits_for_it_gives_up() -> None:
    renewals = Renewals()
    renewals.takes.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(renewals.token(), 0.01)
    renewals.takes.set()
    assert (await renewals.token(), renewals.asked) == ("token-1", 1)


async def test_what_the_cluster_does_not_believe_is_renewed_but_not_over_and_over() -> None:
    renewals = Renewals()
    await renewals.token()
    assert not renewals.source.forget()
    renewals.now += BELIEVED
    assert renewals.source.forget()
    assert await renewals.token() == "token-2"
    assert renewals.refused == "token-1"


async def test_what_runs_over_a_certificate_that_was_renewed_goes_on_until_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(str(message.data))
        return socket

    monkeypatch.setattr(client, "_load_pair", lambda context, cert, key: None)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = client.ApiServer(Connection(server=f"http://127.0.0.1:{runner.addresses[0][1]}"))
    number = 0

    async def renewed() -> Credential:
        return Credential(cert=f"cert-{number}", key="key")

    monkeypatch.setattr(server, "_signed", renewed)
    try:
        terminals = []
        for number in range(client.MOST_BEFORE + 2):
            terminals.append(await server.websocket(("api",), (), ()))
        await terminals[1].send_str("still here")
        assert (await terminals[1].receive_str(timeout=2)) == "still here"
        assert (await terminals[0].receive(timeout=2)).type in (WSMsgType.CLOSED, WSMsgType.ERROR)  # there is a bound
        for one in terminals[1:-1]:
            await one.close()
        number += 1
        await server.websocket(("api",), (), ())
        assert len(server._before) == 1  # of the last one: of the others, those over which nothing runs are let go of
    finally:
        await server.close()
        await runner.cleanup()
