"""The live socket under attack: other people's topics, broken frames and floods."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import AbstractUser

from clusters.kinds.base import Role
from clusters.live.resource import Changed
from clusters.models import AuditEntry, Cluster
from dashboard import logs
from dashboard import socket as module
from dashboard.asgi import router
from dashboard.engine import engine
from dashboard.topics import TOPICS
from dashboard.topics import logs as logs_topic
from dashboard.topics.base import Topic
from tests.attacks.tabs import opened, quiet
from tests.clusters.fakes import copy
from tests.dashboard.conftest import Fakes, fakes  # noqa: F401
from tests.faults.proxy import soon
from tests.tab import ORIGIN, Tab, cookies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def started(shop: Cluster, vault: Cluster) -> AsyncIterator[None]:
    """The engine runs on this test's loop, with both clusters connected."""
    await engine.start()
    yield
    await engine.stop()


@pytest.fixture(autouse=True)
def _nobody_is_in() -> None:
    module._sockets.clear()


# --- What is not shared does not exist (W10) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "args"),
    [
        ("*", {}),
        ("cluster:2:events", {}),
        ("table:*", {"table": "workloads"}),
        ("table", {"table": "*"}),
        ("resource", {"cluster": "*", "kind": "*", "key": "*"}),
        ("resource", {"cluster": "vault", "kind": "app", "key": "front/web"}),
        ("logs", {"rows": ["*"]}),
        ("logs", {"rows": ["*~*~*"]}),
        ("__proto__", {}),
        ("constructor", {}),
        ("table", {"table": "__proto__"}),
    ],
)
async def test_wildcards_and_other_peoples_topics_end_as_if_they_were_not_there(
    fakes: Fakes, vera: AbstractUser, topic: str, args: Any
) -> None:  # fmt: skip
    tab = await opened(vera)
    await tab.follow(topic, **args)
    end = await tab.frame("end")
    assert "vault" not in json.dumps(end).casefold()
    assert fakes.calls == []
    await tab.close()


async def test_traffic_of_a_cluster_that_is_not_shared_is_no_byte_on_any_topic(
    fakes: Fakes, vera: AbstractUser
) -> None:  # fmt: skip
    tab = await opened(vera)
    vault = fakes.vault.pk
    for number, (topic, args) in enumerate(
        [
            ("table", {"table": "app", "query": ""}),
            ("table", {"table": "app", "query": "cluster=vault"}),
            ("table", {"table": "app", "query": f"cluster=vault,shop&scope={vault}&cluster_id={vault}"}),
            ("shell", {"cluster": vault, "scope": {str(vault): None}}),
            ("overview", {}),
        ]
    ):
        await tab.send({"op": "sub", "id": number, "topic": topic, "args": args})
    await quiet(tab, 1.0)
    connection = engine.supervisor.connections[vault]
    store = connection.stores["app"]
    end, copies, heard = time.monotonic() + 4.0, 1, []
    with connection.wanted("app"):
        await soon(lambda: store.resources)
        await quiet(tab, 0.5)
        while time.monotonic() < end:
            for _ in range(20):
                copies += 1
                store.apply(Changed([copy(one, copies=copies) for one in store.resources.values()]))
            heard += await quiet(tab, 0.1)
    assert copies > 300
    assert heard == []
    await tab.close()


async def test_a_cluster_named_beside_the_topic_changes_nothing(fakes: Fakes, vera: AbstractUser) -> None:
    tab = await opened(vera, query=f"cluster={fakes.vault.pk}".encode())  # Z2
    await tab.send({"op": "sub", "id": 1, "topic": "table", "cluster": fakes.vault.pk, "scope": "*",
                    "args": {"table": "app", "cluster": fakes.vault.pk, "scope": {"2": None}, "actor": 1}})  # fmt: skip
    snapshot = await tab.frame("snap")
    assert {row["cluster"] for row in snapshot["rows"]} <= {fakes.shop.pk}
    await tab.close()


# --- Frames that are none (W11, D1) ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "args"),
    [
        ("job", {"key": "\ud800"}),
        ("job", {"key": "a" * 32, "from": 10**40}),
        ("job", {"key": "a" * 32, "from": True}),
        ("resource", {"cluster": "\ud800", "kind": "\udfff", "key": "\0"}),
        ("table", {"table": "app", "query": "q=\ud800&sort=\0"}),
        ("table", {"table": "app", "query": "q=" + "x" * 60_000}),
        ("table", {"table": "app", "offset": 2**53, "limit": 10**18}),
        ("logs", {"rows": ["\ud800"]}),
        ("logs", {"rows": [1, None, {}]}),
        ("logs", {"rows": ["1~app~u1"], "tail": 10**30, "since": "1e400"}),
        ("logs", {"rows": ["1~app~u1"], "since": {}, "until": [], "tail": -1}),
        ("shell", {"__proto__": {"x": 1}, "constructor": 1}),
    ],
)
async def test_arguments_made_to_break_things_end_their_topic_and_not_the_socket(
    fakes: Fakes, ada: AbstractUser, topic: str, args: Any, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    tab = await opened(ada)
    await tab.send(json.dumps({"op": "sub", "id": 1, "topic": topic, "args": args}))
    await quiet(tab, 0.3)
    await tab.send({"op": "sub", "id": 2, "topic": "shell", "args": {}})
    while (await tab.frame())["id"] != 2:
        pass
    await tab.close()
    assert not [record for record in caplog.records if record.exc_info], caplog.text


@pytest.mark.parametrize(
    "frame", ['{"op":"sub","op":"drop"}', '{"op":"ping","id":NaN}', "[" * 100_000, '{"op":"sub","id":1,"args":[]}']
)
async def test_doubled_keys_numbers_that_are_none_and_depth_are_refused(
    fakes: Fakes, ada: AbstractUser, frame: str
) -> None:  # fmt: skip
    tab = await opened(ada)
    await tab.send(frame)
    message = await tab.output()
    refused = message["type"] == "websocket.close" and message["code"] == module.BAD
    assert refused or json.loads(message["text"])["t"] == "end"
    await tab.close()


async def test_bytes_on_a_socket_of_text_close_it(fakes: Fakes, ada: AbstractUser) -> None:
    tab = await opened(ada)
    await tab._communicator.send_input({"type": "websocket.receive", "bytes": b"\x00\x01"})
    assert await tab.closed() == module.BAD


# --- Too much (W17, D13) --------------------------------------------------------------------------------------------


async def test_one_person_opens_so_many_sockets_and_no_more(
    fakes: Fakes, vera: AbstractUser, ada: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "MAX_SOCKETS", 3)
    tabs = [await opened(vera) for _ in range(3)]
    over = Tab(router, headers=[await cookies(vera), ORIGIN])
    assert not await over.open()
    others = await opened(ada)
    await tabs.pop().close()
    again = await opened(vera)
    for tab in (*tabs, again, others):
        await tab.close()
    assert not +module._sockets


async def test_one_tab_follows_so_many_things_and_no_more(fakes: Fakes, ada: AbstractUser) -> None:
    tab = await opened(ada)
    for number in range(module.MAX_TOPICS + 1):
        await tab.send({"op": "sub", "id": number, "topic": "shell", "args": {}})
    end = await tab.frame("end")
    assert end["id"] == module.MAX_TOPICS
    await tab.close()


async def test_a_hundred_logs_of_one_person_are_twenty(started: None, ada: AbstractUser) -> None:
    store = next(one for one in engine.supervisor.stores() if one.kind.name == "container")
    with engine.supervisor.connections[store.cluster_id].wanted("container"):
        async with asyncio.timeout(10):
            while not store.resources:
                await asyncio.sleep(0.05)
        row = store.prefix + next(iter(store.resources))
        tabs = [await opened(ada), await opened(ada)]
        ended = snapped = 0
        for number in range(50):
            for tab in tabs:
                await tab.send({"op": "sub", "id": number, "topic": "logs", "args": {"rows": [row]}})
        async with asyncio.timeout(20):
            while ended + snapped < 100:
                for tab in tabs:
                    for message in await quiet(tab, 0.3):
                        ended += '\\"t\\":\\"end\\"' in message
                        snapped += '\\"t\\":\\"snap\\"' in message
        assert snapped == logs_topic.MAX_OPEN
        assert ended == 100 - logs_topic.MAX_OPEN
        assert len(logs.streams) == 1, "the same log was read twice"
        for tab in tabs:
            await tab.close()
        await asyncio.sleep(0.1)
        assert len(logs.streams) == 0


# --- Every topic says what it needs ---------------------------------------------------------------------------------


def test_every_topic_declares_what_it_needs() -> None:
    for topic in TOPICS.values():
        assert topic.need.role >= Role.VIEWER, topic.name
        assert topic.open is not Topic.open, topic.name


async def test_nothing_of_all_this_is_written_as_done(fakes: Fakes, vera: AbstractUser) -> None:
    tab = await opened(vera)
    await tab.follow("resource", cluster="vault", kind="app", key="web")
    await tab.frame("end")
    await tab.close()
    written = {one.verb async for one in AuditEntry.objects.exclude(stage="denied")}
    assert written <= {"sign in"}
    assert fakes.calls == []
