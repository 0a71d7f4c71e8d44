"""The whole server: stopped, killed in the middle of an action, out of files, and met by tabs that do not read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from tests.clusters.docker_engine import made, now
from tests.faults.proxy import Proxy, soon
from tests.faults.running import follow, get, post, rows, sign_in, tab
from tests.faults.scene import docker
from tests.server import PEOPLE, SESSION, Server

TABS = 30


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as one:
        one.add_people()
        yield one


@pytest_asyncio.fixture
async def ada(server: Server) -> AsyncIterator[str]:
    cookie = await asyncio.to_thread(sign_in, server, "ada")
    yield cookie
    assert "Traceback" not in "".join(server.output), "".join(server.output)[-3000:]


async def test_a_frame_that_is_too_large_or_never_ends_is_not_taken_in(server: Server, ada: str) -> None:
    async with tab(server, ada) as one:
        await one.send("x" * 70_000)
        with pytest.raises(ConnectionClosed) as closed:
            await one.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009

    async def pieces() -> AsyncIterator[str]:
        while True:
            yield "x" * 8000

    async with tab(server, ada) as one:
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(10):
                await one.send(pieces())
    async with tab(server, ada) as one:
        assert "permessage-deflate" not in str(one.response.headers if one.response else "")


def _raw(server: Server, head: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
        line.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        with contextlib.suppress(TimeoutError):
            return line.recv(4096)
    return b"nothing"


UPGRADE = "Host: 127.0.0.1:{port}\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nOrigin: {url}\n"


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("GET /live/ HTTP/1.0", UPGRADE),
        ("GET /live/ HTTP/1.1", UPGRADE.replace("Connection: Upgrade", "Connection: keep-alive")),
        ("GET /live/ HTTP/1.1", UPGRADE.replace("Version: 13", "Version: 7")),
        ("GET /live/ HTTP/1.1", UPGRADE.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n", "")),
        ("POST /live/ HTTP/1.1", UPGRADE + "Content-Length: 0\n"),
        ("GET /live/ HTTP/1.1", UPGRADE + "X-A: a\x0bb\n"),
        ("GET /live/ HTTP/1.1", UPGRADE + "X-A: a\x1cb\x85c\n"),
        ("GET /live/ HTTP/1.1", UPGRADE + "Cookie: pilothouse_session=\x0c\n"),
        ("GET /terminal/?cluster=1&kind=pod&uid=x HTTP/1.1", UPGRADE),
    ],
)
async def test_an_upgrade_that_is_none_is_refused_without_a_fault(
    server: Server, ada: str, line: str, headers: str
) -> None:
    head = headers.format(port=server.port, url=server.url)
    answer = await asyncio.to_thread(_raw, server, f"{line}\n{head}\n")
    code = int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1") else 0
    assert code != 101
    assert code < 500, answer
    assert (await get(server, "", "/healthz"))[0] == 200


async def test_headers_that_only_look_like_a_proxys_change_nothing(server: Server, ada: str) -> None:
    for headers in (
        "X_Forwarded_For: 6.6.6.6\n",
        "X-Forwarded-For: 6.6.6.6\n",
        "X-Forwarded-Proto: https\nForwarded: for=6.6.6.6\n",
    ):
        login = "username=ada&password=wrong-for-sure&csrfmiddlewaretoken=" + "x" * 32
        head = f"POST /account/login/ HTTP/1.1\nHost: 127.0.0.1:{server.port}\nOrigin: {server.url}\nConnection: close\n{headers}Cookie: pilothouse_csrf={'x' * 32}\nContent-Type: application/x-www-form-urlencoded\nContent-Length: {len(login)}\n\n{login}"
        assert await asyncio.to_thread(_raw, server, head)
    assert {address for (address,) in rows(server, "SELECT address FROM clusters_auditentry WHERE address != ''")} <= {
        "127.0.0.1"
    }


async def test_a_tab_that_never_reads_costs_no_memory_and_slows_nobody(server: Server, ada: str) -> None:
    async with tab(server, ada) as well, AsyncExitStack() as stack:
        await follow(well)
        before = server.memory()
        lazy = []
        for _ in range(5):
            handle = socket.socket()
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            handle.connect(("127.0.0.1", server.port))
            one = await stack.enter_async_context(tab(server, ada, sock=handle, max_queue=1, ping_interval=None))
            one.transport.pause_reading()
            for number in range(40):
                await one.send(
                    json.dumps({"op": "sub", "id": number, "topic": "table", "args": {"table": "workloads"}})
                )
            for number in range(150):
                await one.send(json.dumps({"op": "resync", "id": number % 40}))
            lazy.append(one)
        slowest, end = 0.0, time.monotonic() + 5
        while time.monotonic() < end:
            began = time.monotonic()
            await well.send(json.dumps({"op": "resync", "id": 1}))
            while json.loads(await well.recv()).get("t") != "snap":
                pass
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.25)
        assert slowest < 1.5
        assert server.memory() - before < 30 << 20
        for one in lazy:
            one.transport.abort()


async def test_without_files_left_what_is_open_stays_alive_and_newcomers_are_served_later(
    server: Server, ada: str
) -> None:
    async with tab(server, ada) as one:
        await follow(one, "shell")
        pid = server.process.pid
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        now_open = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        crowd = []
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (now_open + 8, usual[1]))
            for _ in range(40):
                with contextlib.suppress(OSError):
                    crowd.append(socket.create_connection(("127.0.0.1", server.port), timeout=1))
            await asyncio.sleep(1)
            await one.send('{"op":"ping"}')
            async with asyncio.timeout(5):
                while json.loads(await one.recv()).get("op") != "pong":
                    pass
        finally:
            for line in crowd:
                line.close()
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
        async with asyncio.timeout(8):
            assert (await get(server, ada, "/"))[0] == 200


async def test_stopped_it_closes_its_sockets_in_order_is_gone_in_time_and_thirty_tabs_come_back(
    server: Server, ada: str
) -> None:
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(tab(server, ada)) for _ in range(TABS)]
        await asyncio.gather(*(follow(one) for one in tabs))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)

        async def goodbye(one: object) -> int:
            try:
                while True:
                    await one.recv()  # type: ignore[attr-defined]
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0

        async with asyncio.timeout(10):
            codes = await asyncio.gather(*(goodbye(one) for one in tabs))
        assert set(codes) == {1012}
        await asyncio.to_thread(server.process.wait, 10)
        assert time.monotonic() - began < 10
    assert "Traceback" not in "".join(server.output), "".join(server.output)[-3000:]
    await asyncio.to_thread(server.start)

    async def return_() -> float:
        began = time.monotonic()
        async with tab(server, ada) as one:
            assert (await follow(one))["t"] == "snap"
            return time.monotonic() - began

    async with asyncio.timeout(30):
        took = await asyncio.gather(*(return_() for _ in range(TABS)), get(server, ada, "/account/login/"))
    assert max(one for one in took if isinstance(one, float)) < 10


async def test_killed_in_the_middle_of_an_action_it_knows_afterwards_and_does_nothing_twice(
    docker_socket: str, tmp_path: Path
) -> None:
    direct = docker(docker_socket)
    path = tmp_path / "line.sock"
    async with (
        Proxy(path, Path(docker_socket)) as line,
        made(direct, Labels={"com.docker.compose.project": "x"}) as there,
    ):
        server = Server("--no-demo", PILOTHOUSE_DOCKER_SOCKETS=str(path))
        try:
            made_ready = (
                "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
                "from clusters.models import Cluster\n"
                "Cluster.objects.create(name='Host', slug='host', driver='docker', platform='docker', "
                f"settings={{'address': 'unix://{path}'}})\n{PEOPLE}\n{SESSION.format(name='ada')}"
            )
            key = await asyncio.to_thread(server.manage, made_ready)
            ada = f"pilothouse_session={key.strip()}"
            await asyncio.to_thread(server.start)
            [(cluster,)] = rows(server, "SELECT id FROM clusters_cluster WHERE slug = 'host'")
            row = f"{cluster}~container~{there.uid}"
            for _ in range(50):
                if (await get(server, ada, f"/act/?verb=stop&rows={row}"))[0] == 200:
                    break
                await asyncio.sleep(0.1)
            line.be("stall")
            line.carried.clear()
            asked = asyncio.create_task(post(server, ada, "/act/", rows=row, verb="stop", key="0123456789abcdef"))
            question = "SELECT stage, result FROM clusters_auditentry WHERE verb = 'stop' ORDER BY id"
            await soon(lambda: rows(server, question) == [("intent", "")], 5)
            await asyncio.sleep(0.3)
            os.kill(server.process.pid, signal.SIGKILL)
            await asyncio.to_thread(server.process.wait, 5)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            line.be("pass")
            await asyncio.to_thread(server.start)
            assert rows(server, question) == [("intent", ""), ("outcome", "unknown")]
            await asyncio.sleep(1.0)
            calls = [one for one in line.carried if one.startswith("POST") and "/stop" in one]
            assert len(calls) <= 1, calls
            after = await now(direct, there.uid)
            assert after.running or len(calls) == 1
            page = (await get(server, ada, "/audit/"))[1]
            assert "unknown" in page.casefold()
            assert rows(server, question) == [("intent", ""), ("outcome", "unknown")], "it was done again"
        finally:
            await asyncio.to_thread(server.stop)
            server.leave()
    await direct.close()
