"""Logs and the terminal's ground on a real engine: what a container printed, how it ended, that it goes on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser

from clusters.drivers.base import Call, Driver
from clusters.models import Cluster
from dashboard.engine import engine
from tests.dashboard.test_logs_topic import Tab, actor_of, row_of

pytestmark = pytest.mark.docker
PROGRAM = "echo hello; echo 'ERROR no money'; echo '   at pay'; sleep 1; exit 3"


@pytest_asyncio.fixture
async def host(transactional_db: None, docker_socket: str) -> AsyncIterator[Cluster]:
    settings = {"address": f"unix://{docker_socket}"}
    cluster = await sync_to_async(Cluster.objects.create)(
        name="Host", slug="host", driver="docker", platform="docker", settings=settings
    )
    await engine.connect(cluster)
    yield cluster
    await engine.supervisor.close()


@pytest_asyncio.fixture
async def container(host: Cluster) -> AsyncIterator[str]:
    """The name of a container that says something and fails."""
    driver = engine.supervisor.driver(host.pk)
    name = f"ph-test-{uuid.uuid4().hex[:8]}"
    body = {"Image": "busybox:latest", "Cmd": ["sh", "-c", PROGRAM]}
    await driver.call(Call("POST", ("containers", "create"), {"name": name}, body))
    await _do(driver, name, "start")
    yield name
    await driver.call(Call("DELETE", ("containers", name), {"force": "1"}))


async def _do(driver: Driver, name: str, verb: str) -> Any:
    return await driver.call(Call("POST", ("containers", name, verb)))


async def test_a_container_is_followed_through_its_end_and_its_next_start(
    host: Cluster, container: str, ada: AbstractUser
) -> None:
    row = await row_of(engine.supervisor.connections[host.pk], "container", container)
    tab = Tab(await actor_of(ada), rows=[row])
    await tab.topic.open()
    await tab.read(3)
    texts = [line[3] for line in tab.lines]
    assert texts[:3] == ["hello", "ERROR no money", "   at pay"]
    assert [line[2] for line in tab.lines[:2]] == [0, 4]
    assert tab.lines[2][5]
    assert any("ended" in text and "3" in text for text in texts[3:]), texts
    await _do(engine.supervisor.driver(host.pk), container, "start")
    await tab.read(1)
    again = [line[3] for line in tab.lines][len(texts) :]
    assert [text for text in again if text == "hello"] == ["hello"]
    assert any(text.endswith("goes on") for text in again)
    await tab.topic.close()


LONG = (
    'BEGIN { print "needle in the beginning"; for (i = 1; i <= 15000; i++) print "line", i; print "needle at the end" }'
)


async def test_a_search_puts_what_older_lines_hold_above_and_says_how_far_it_looked(
    host: Cluster, ada: AbstractUser
) -> None:
    driver, name = engine.supervisor.driver(host.pk), f"ph-test-{uuid.uuid4().hex[:8]}"
    body = {"Image": "busybox:latest", "Cmd": ["awk", LONG]}
    await driver.call(Call("POST", ("containers", "create"), {"name": name}, body))
    try:
        await _do(driver, name, "start")
        await driver.call(Call("POST", ("containers", name, "wait"), timeout=30.0))
        row = await row_of(engine.supervisor.connections[host.pk], "container", name)
        tab = Tab(await actor_of(ada), rows=[row], q="needle")
        await tab.topic.open()
        async with asyncio.timeout(20):
            while not (looked := [frame["search"] for frame in tab.frames if "search" in frame]) or looked[-1][1]:
                await tab.read(0.1)
        await tab.topic.close()
        assert looked[-1][0] >= 5_000, "beyond the newest 10,000 that are searched at once"
        above = [line[3] for frame in tab.frames for line in frame.get("older", ())]
        assert above == ["needle in the beginning"]
        assert "needle at the end" in [line[3] for line in tab.lines]
        assert not [line for line in tab.lines if line[3].startswith("line ")]
    finally:
        await driver.call(Call("DELETE", ("containers", name), {"force": "1"}))


async def test_a_real_shell_answers_and_leaves_nothing_behind(host: Cluster, container: str, ada: AbstractUser) -> None:
    driver = engine.supervisor.driver(host.pk)
    row_id = await row_of(engine.supervisor.connections[host.pk], "container", container)
    await _do(driver, container, "restart")
    row = engine.supervisor.row(row_id)
    assert row is not None
    assert row.kind.logs is not None
    [source] = row.kind.logs(row.resource)
    shell = await engine.gateway.shell(await actor_of(ada), host.pk, source)
    await shell.write(b"echo $((6*7))\n")
    seen = b""
    async with asyncio.timeout(5):
        async for data in shell.output():
            seen += data
            if b"42" in seen:
                break
    assert shell.program.startswith("/bin/")
    await shell.close()
