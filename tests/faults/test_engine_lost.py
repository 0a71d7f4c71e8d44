"""A Docker engine that hangs, dies, comes back or talks nonsense: the screen says so in time, and is right afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from clusters.drivers.base import Call
from clusters.drivers.docker import client as client_module
from clusters.errors import ClusterError, Unreachable, Unsupported
from clusters.live import contact
from tests.clusters.docker_engine import made, post, remove
from tests.faults.proxy import Mode, Proxy, soon
from tests.faults.scene import docker, hurry, scene, truth

NOT_LIVE = ("stale", "down", "refused")


def _there(shown: Callable[[], Any], *uids: str) -> Callable[[], bool]:
    return lambda: set(uids) <= set(shown())


async def test_an_engine_that_hangs_is_not_shown_as_live_and_is_found_again(
    line: Proxy, docker_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)  # 15 s of silence become 3 s
    direct = docker(docker_socket)
    async with made(direct) as stays, made(direct) as goes, scene(("one", docker(line.here))) as [one]:
        await soon(lambda: one.state == "live" and {stays.uid, goes.uid} <= set(one.shown))
        line.be("stall")
        began = time.time()
        await post(direct, goes.uid, "kill")
        await remove(direct, goes.uid)
        await soon(lambda: one.state in NOT_LIVE, 20 / 5 + 6)
        heard = one.connection.contact.heard
        await asyncio.sleep(1.0)
        assert one.connection.contact.heard == heard  # so its age grows
        assert one.sampler.first(("live",), began + 10) == float("inf")

        line.be("pass")
        assert await soon(lambda: one.state == "live", 10) <= 10
        assert goes.uid not in one.shown, "live again, and still showing what is gone"
        await soon(lambda: goes.uid not in one.rows() and stays.uid in one.rows(), 2)
        assert one.sampler.live_without_word() <= contact.STALE_AFTER + 0.5
    await direct.close()


async def test_one_slow_answer_is_no_alarm(line: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene(("one", docker(line.here))) as [one]:
        await soon(lambda: one.state == "live" and one.connection.about is not None)
        monkeypatch.setattr(client_module.EngineClient.ping, "__defaults__", (0.3,))
        await one.connection.line.ping()
        line.be("stall")
        await one.connection.line.ping()  # in vain
        line.be("pass")
        await one.connection.line.ping()
        assert one.sampler.states() in (["live"], ["connecting", "live"])


async def test_an_engine_that_dies_is_down_within_three_seconds_and_what_vanished_meanwhile_is_gone(
    line: Proxy, docker_socket: str
) -> None:
    direct = docker(docker_socket)
    async with AsyncExitStack() as stack:
        stays, goes = [await stack.enter_async_context(made(direct)) for _ in range(2)]
        drivers = ("sick", docker(line.here)), ("well", docker(docker_socket))
        sick, well = await stack.enter_async_context(scene(*drivers))
        await soon(lambda: {stays.uid, goes.uid} <= set(sick.shown) and well.state == "live")
        began = time.time()
        await line.vanish()
        assert await soon(lambda: sick.state == "down", 3) <= 3
        assert goes.uid in sick.shown, "what was known stays on the screen, marked as old"
        await remove(direct, goes.uid)
        new = await stack.enter_async_context(made(direct))
        await soon(lambda: new.uid in well.shown and goes.uid not in well.shown, 3)
        await line.listen()
        assert await soon(lambda: sick.state == "live", 10) <= 10
        assert goes.uid not in sick.shown, "live again, and still showing what is gone"
        assert new.uid in sick.shown
        await soon(lambda: set(well.shown) == set(sick.shown), 3)
        assert well.sampler.states(began) == ["live"], "a sick cluster made another one sick"
    await direct.close()


async def test_a_socket_that_is_closed_to_us_is_refused_with_a_hint_and_others_are_fine(
    line: Proxy, docker_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    import aiohttp

    driver = docker(line.here)
    async with scene(("shut", driver), ("well", docker(docker_socket))) as [shut, well]:
        await soon(lambda: shut.state == well.state == "live")

        async def no(self: Any, *_: Any, **__: Any) -> Any:  # root may open any socket: say what others would hear
            if str(getattr(self, "path", "")) == str(line.here):
                raise PermissionError(errno.EACCES, "Permission denied")
            return await real(self, *_, **__)

        real = aiohttp.UnixConnector._create_connection
        monkeypatch.setattr(aiohttp.UnixConnector, "_create_connection", no)
        await line.vanish()
        await soon(lambda: shut.state == "refused", 4)
        assert shut.connection.contact.error is not None
        assert "group" in shut.connection.contact.error.hint
        assert well.state == "live"


@pytest.mark.parametrize(("mode", "after"), [("reset", 700), ("cut", 300), ("cut", 4000), ("garbage", 0)])
async def test_answers_that_break_off_or_are_nonsense_never_reach_the_screen(
    line: Proxy, docker_socket: str, mode: Mode, after: int, caplog: pytest.LogCaptureFixture
) -> None:
    direct = docker(docker_socket)
    async with made(direct) as there, scene(("one", docker(line.here))) as [one]:
        await soon(lambda: one.state == "live" and there.uid in one.shown)
        before, line.after = one.shown, after
        line.be(mode)
        await post(direct, there.uid, "kill")  # an event comes, and whatever is asked for it breaks
        await soon(lambda: one.state != "live", 5)
        error = one.connection.contact.error
        assert isinstance(error, ClusterError)
        assert "Traceback" not in f"{error.message}{error.hint}{error.detail}"
        assert one.shown.keys() >= {there.uid}
        assert one.shown[there.uid] == before[there.uid], "half an answer changed what is shown"
        line.be("pass")
        await soon(lambda: one.state == "live", 10)
        await soon(lambda: one.shown[there.uid] != before[there.uid], 3)
        assert set(one.shown) == await truth(direct)
    assert not [record for record in caplog.records if record.exc_info], caplog.text
    await direct.close()


async def test_an_act_that_found_nobody_has_certainly_not_been_done_and_one_that_was_cut_may_have_been(
    line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = docker(line.here)
    await driver.ping()
    await driver.call(Call("GET", ("info",)))
    line.after = 20
    line.be("reset")
    with pytest.raises(Unreachable) as cut:
        await driver.call(Call("POST", ("containers", "nobody", "stop")))
    assert cut.value.sent
    await line.vanish()
    with pytest.raises(Unreachable) as nobody:
        await driver.call(Call("POST", ("containers", "nobody", "stop")))
    assert not nobody.value.sent
    await line.listen()
    line.be("stall")
    driver._client.forget_version()
    monkeypatch.setattr(client_module, "NEGOTIATE", 0.5)
    began = time.monotonic()
    calls = [driver.call(Call("POST", ("containers", "nobody", "stop"))) for _ in range(8)]
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert time.monotonic() - began < 3.5, "each waited for all that asked before"
    assert all(isinstance(error, Unreachable) and not error.sent for error in errors)
    await driver.close()


async def test_a_page_of_something_else_is_said_to_be_no_docker(tmp_path: Path, docker_socket: str) -> None:
    async with Proxy(tmp_path / "line.sock", Path(docker_socket)) as line:
        line.be("garbage")
        driver = docker(line.here)
        with pytest.raises(ClusterError) as caught:
            await driver.about()
        assert isinstance(caught.value, Unsupported)
        assert "not Docker" in caught.value.message
        await driver.close()


async def test_a_line_of_64_kilobits_is_slow_and_does_not_flap(line: Proxy, docker_socket: str) -> None:
    direct = docker(docker_socket)
    async with made(direct) as there, scene(("slow", docker(line.here))) as [one]:
        await soon(lambda: one.state == "live" and there.uid in one.shown)
        line.be("slow")
        began = time.time()
        await post(direct, there.uid, "kill")
        await soon(lambda: one.connection.stores["container"].resources[there.uid].state.status == "exited", 10)  # type: ignore[attr-defined]
        await asyncio.sleep(6.5)  # a ping or two
        assert one.sampler.states(began) == ["live"]
    await direct.close()
