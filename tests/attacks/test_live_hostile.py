"""A cluster that lies: endless answers, bombs, wrong types, broken streams. It is named, bounded, and alone with it."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clusters.drivers.base import Call
from clusters.drivers.docker.watch import versioned
from clusters.errors import ClusterError
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.kinds.kubernetes.pod import POD
from clusters.live.resource import Broken, Coming, FeedItem
from tests.attacks.liar import CURSED, MIB, Writer, lying, packed
from tests.clusters.docker_engine import PONG, Pretender, http
from tests.clusters.fake_api import FakeApi, pod
from tests.faults.fake_cluster import cluster
from tests.faults.proxy import soon
from tests.faults.scene import docker, kubernetes, scene


async def _all_ways(driver: Any, kind: Any) -> None:
    """Whatever a driver is asked, the answer is an error in our own words, soon."""
    path = ("containers", "json") if driver.platform == "docker" else ("api", "v1", "pods")
    asked = {
        "about": driver.about(),
        "get": driver.get(kind, "shop", "web"),
        "call": driver.call(Call("GET", path, timeout=8.0)),
    }
    for what, work in asked.items():
        async with asyncio.timeout(12):
            if what == "call":  # a list that is empty is an answer
                with contextlib.suppress(ClusterError):
                    await work
                continue
            with pytest.raises(ClusterError) as caught:
                await work
            assert caught.value.message
            assert "Traceback" not in caught.value.detail


@pytest.mark.parametrize("answer", CURSED, ids=lambda answer: answer.__name__.strip("_"))
async def test_an_answer_that_is_a_weapon_becomes_an_error_with_words_and_little_memory(
    answer: Callable[[Writer], Awaitable[None]], tmp_path: Path
) -> None:
    await asyncio.to_thread(__import__, "kubernetes.aio.client")  # its 25 MB are not what is measured here
    packed()
    async with lying(answer, tmp_path) as (engine, server):
        tracemalloc.start()
        try:
            for driver, kind in ((engine, CONTAINER), (server, POD)):
                await _all_ways(driver, kind)
                async with asyncio.timeout(12), aclosing(driver.watch(kind)) as feed:
                    async for item in feed:
                        assert isinstance(item, Broken), item
                        break
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 50 * MIB, f"{peak / MIB:.0f} MiB"


WRONG: list[bytes] = [
    b'[{"Id":"a","Names":null,"Created":"x","State":7,"Status":[]}]',
    b'[{"Id":"a","Id":"b","Names":[null],"Names":["/x"]}]',
    b'[null,1,"x",[],{"Id":null},{"Id":{}},{"Names":["/x"]}]',
    b'{"message":"no list"}',
    b"null",
    b"[" + b'{"Id":"' + b"a" * 5000 + b'"}]',
    b'[{"Id":"../../etc"},{"Id":"a/../b"},{"Id":"a?x=1"},{"Id":"a\\u0000b"}]',
]
ODD = b'{"Id":"a","Name":null,"Created":"x","RestartCount":' + b"9" * 400 + b',"State":{"Status":7,"ExitCode":"x"},"Config":[],"HostConfig":{"Memory":' + b"9" * 400 + b'},"Mounts":{},"Id":"b\\u0000c"}'  # fmt: skip


@pytest.mark.parametrize("listed", WRONG)
async def test_wrong_types_and_doubled_keys_leave_the_engine_live_or_named_but_never_break_us(
    listed: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = {"_ping": PONG, "/events": events, "/containers/json": http(200, listed), "/json": http(200, ODD), "/info": http(200, b'{"ServerVersion":"1","NCPU":' + b"9" * 400 + b"}")}  # fmt: skip
    good = FakeApi()
    await good.put("web")
    async with (
        Pretender(tmp_path / "engine.sock", answers),
        cluster(good) as address,
        scene(("liar", docker(tmp_path / "engine.sock"))) as [liar],
        scene(("well", kubernetes(address)), kind="pod") as [well],
    ):
        await soon(lambda: liar.state != "connecting" and well.state == "live", 10)
        await good.put("db")
        await soon(lambda: len(well.rows()) == 2, 3)
        assert isinstance(liar.sampler.window.snapshot()["rows"], list)
    assert not [record for record in caplog.records if record.exc_info], caplog.text


def test_a_container_of_nonsense_keeps_its_row_and_nothing_else() -> None:
    made = versioned(ODD, Container)
    assert made is None or (made.restart_count == 0 and made.memory_limit == 0.0)  # type: ignore[attr-defined]
    fair = versioned(ODD.replace(b',"Id":"b\\u0000c"', b""), Container)
    assert isinstance(fair, Container)
    assert fair.uid == "a"
    assert fair.restart_count == 0


async def test_identities_that_would_break_row_ids_are_left_out_and_the_rest_is_shown() -> None:
    api = FakeApi()
    await api.put("web")
    for name, uid in (("nul", "a\0b"), ("none", ""), ("long", "x" * 5000), ("tilde", "1~pod~zzz")):
        made = pod(name, 5)
        made["metadata"]["uid"] = uid
        api.pods[name] = made
    number = pod("number", 6)
    number["status"]["containerStatuses"] = [{"name": "main", "restartCount": 10**400, "ready": True}]
    api.pods["number"] = number
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await soon(lambda: one.state == "live" and one.connection.stores["pod"].listed)
        names = {
            row["cells"][0][0] if isinstance(row["cells"][0], list) else row["cells"][0]
            for row in one.sampler.window.snapshot()["rows"]
        }
        assert names >= {"web", "tilde", "number"}
        assert "nul" not in names
        await api.put("later")
        await soon(lambda: len(one.rows()) == 4, 3)


async def until_broken(feed: AsyncIterator[FeedItem]) -> AsyncIterator[FeedItem]:
    async for item in feed:
        yield item
        if isinstance(item, Broken):
            return


async def test_a_list_of_endless_pages_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusters.drivers.kubernetes.pages.MOST", 3000)
    api = FakeApi()

    async def endless(request: Any) -> Any:
        items = [pod(f"p{number}", 1) for number in range(500)]
        meta = {"resourceVersion": "1", "continue": "again"}
        return web.json_response({"kind": "PodList", "metadata": meta, "items": items})

    api._list = endless  # type: ignore[method-assign]
    async with cluster(api) as address:
        driver = kubernetes(address)
        async with asyncio.timeout(20), aclosing(driver.watch(POD)) as feed:
            heard = [item async for item in until_broken(feed)]
        assert all(isinstance(item, Coming) for item in heard[:-1])
        assert isinstance(heard[-1], Broken)
        assert "many" in heard[-1].error.message
        await driver.close()


async def test_an_object_twice_in_one_list_is_one_row() -> None:
    api = FakeApi()
    await api.put("web")
    twice = pod("web", 99)
    api.pods["again"] = twice
    async with cluster(api) as address, scene(("one", kubernetes(address)), kind="pod") as [one]:
        await soon(lambda: one.connection.stores["pod"].listed)
        assert len(one.sampler.window.snapshot()["rows"]) == 1
