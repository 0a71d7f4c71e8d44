"""Services of a real Swarm: seen as they change, changed by actions, read over all their copies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest

from clusters.drivers.base import Call, LogOptions
from clusters.drivers.docker import DockerDriver
from clusters.errors import Conflict, Missing
from clusters.kinds.base import Look
from clusters.kinds.swarm import images
from clusters.kinds.swarm.service import SERVICE
from clusters.kinds.swarm.task import TASK
from clusters.live.connection import Connection
from clusters.live.row import Row
from tests.clusters.docker_engine import a_name, unix
from tests.clusters.docker_things import connected, until
from tests.clusters.fakes import all_shared, held
from tests.real import find_swarm_manager, find_swarm_worker

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
TALKS = ["sh", "-c", "trap exit TERM; i=0; while :; do i=$((i+1)); echo said $i; sleep 0.2; done"]


@pytest.fixture
async def driver() -> AsyncIterator[DockerDriver]:
    """The manager of a real Swarm."""
    found = unix(find_swarm_manager())
    found.platform = "swarm"
    yield found
    await found.close()


@asynccontextmanager
async def a_service(
    driver: DockerDriver, copies: int = 2, labels: dict[str, str] | None = None, **container: Any
) -> AsyncIterator[str]:
    """The id of a service, which is removed afterwards."""
    spec = {
        "Name": a_name(),
        "Labels": labels or {},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "busybox:latest", "Args": TALKS, **container},
            "RestartPolicy": {"Delay": 100_000_000},
        },
        "Mode": {"Replicated": {"Replicas": copies}},
        "UpdateConfig": {"Parallelism": 0, "Monitor": 1_000_000, "FailureAction": "pause", "Order": "start-first"},
        "EndpointSpec": {"Mode": "dnsrr"},
    }
    uid = (await driver.call(Call("POST", ("services", "create"), body=spec)))["ID"]
    try:
        yield uid
    finally:
        with suppress(Missing):
            await driver.call(Call("DELETE", ("services", uid)))


def _row(connection: Connection, uid: str) -> Row:
    found = connection.row(connection.stores["swarm-service"], uid)
    assert found
    return found


async def _act(connection: Connection, uid: str, verb: str, **values: Any) -> str | None:
    action = SERVICE.action(verb)
    assert action
    one = connection.stores["swarm-service"].resources[uid]
    assert not action.refuse or not action.refuse(one), action.refuse(one)
    return await action.run(connection.driver, one, values)


@pytest.fixture(autouse=True)
def _no_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside answers for a registry here: that is known after a moment, too."""
    monkeypatch.setattr(images, "PATIENCE", 0.5)


async def test_a_service_is_scaled_changed_put_back_and_removed_and_each_step_is_seen(driver: DockerDriver) -> None:
    async with connected(driver, "swarm-service", "task") as connection, a_service(driver) as uid:
        services, tasks = connection.stores["swarm-service"], connection.stores["task"]

        def running(image: str = "busybox:latest") -> int:
            mine = [one for one in held(tasks).values() if one.service_id == uid]
            return sum(one.running and one.wanted and one.spec.container.image == image for one in mine)

        await until(lambda: uid in services.resources and running() == 2, 20)
        names = {one.short for one in held(tasks).values() if one.service_id == uid}
        name = services.resources[uid].name
        assert names == {f"{name}.1", f"{name}.2"}
        await until(lambda: _row(connection, uid).health.word == "Running")

        assert await _act(connection, uid, "scale", copies=3) == f"{name}: 2 → 3 copies"
        await until(lambda: running() == 3, 20)

        settings = {"at_once": 0, "delay": 0, "order": "start-first", "failure": "pause"}
        said = await _act(connection, uid, "set-image", image="busybox:1.35", **settings)
        assert said
        assert said.startswith(f"{name} changes to busybox:1.35")
        assert "registry did not say" in said  # it is on these nodes only
        await until(lambda: running("busybox:1.35") == 3, 30)
        await until(lambda: held(services)[uid].previous_spec is not None)

        await _act(connection, uid, "roll-back")
        await until(lambda: running() == 3, 30)

        await _act(connection, uid, "remove")
        await until(lambda: uid not in services.resources)


async def test_an_image_that_is_nowhere_stops_the_update_and_says_so(driver: DockerDriver) -> None:
    async with connected(driver, "swarm-service", "task") as connection, a_service(driver, copies=1) as uid:
        await until(lambda: _row(connection, uid).health.word == "Running" if uid in _known(connection) else False, 20)
        settings = {"at_once": 1, "delay": 0, "order": "start-first", "failure": "pause"}
        await _act(connection, uid, "set-image", image="registry.test:5000/not-there:1", **settings)
        health = await until(lambda: _held(_row(connection, uid)), 30)
        assert "registry.test:5000/not-there:1" in health.reason or "registry.test:5000" in health.reason
        assert _row(connection, uid).resource.running == 1  # the old copy serves on


def _known(connection: Connection) -> dict[str, Any]:
    return connection.stores["swarm-service"].resources


def _held(row: Row) -> Any:
    return row.health if row.health.word == "Update paused" and "copy runs" in row.health.reason else None


async def test_logs_of_a_task_are_read_wherever_it_runs_and_end_where_they_are_to(driver: DockerDriver) -> None:
    async with connected(driver, "swarm-service", "task") as connection, a_service(driver, copies=3) as uid:
        tasks = connection.stores["task"]
        mine = await until(
            lambda: (
                found
                if len(found := [one for one in held(tasks).values() if one.service_id == uid and one.running]) == 3
                else None
            ),
            20,
        )
        await asyncio.sleep(0.6)
        for task in mine:
            assert TASK.logs
            (source,) = TASK.logs(task)
            assert source.once, "a task is never started again"
            chunks = [one async for one in driver.logs(source, LogOptions(follow=False))]
            lines = [line for chunk in chunks for line in chunk.lines]
            assert [text for _, _, text in lines][:2] == ["said 1", "said 2"]
            assert all(at > 1.7e9 for at, _, _ in lines)
            until_first = LogOptions(follow=False, until=lines[0][0])
            ended = [line async for chunk in driver.logs(source, until_first) for line in chunk.lines]
            assert [text for _, _, text in ended] == ["said 1"]
        async with aclosing(driver.logs(source, LogOptions(tail=1))) as following:  # type: ignore[type-var]
            async with asyncio.timeout(5):
                heard = [line async for line in _first(following, 3)]
        assert len(heard) >= 3


async def _first(chunks: Any, most: int) -> AsyncIterator[str]:
    number = 0
    async for chunk in chunks:
        for _, _, text in chunk.lines:
            yield text
            number += 1
        if number >= most:
            return


async def test_its_page_hides_what_is_secret_and_says_what_a_rollback_would_change(driver: DockerDriver) -> None:
    async with (
        connected(driver, "swarm-service", "task") as connection,
        a_service(driver, copies=1, Env=["DB_PASSWORD=hunter2", "MODE=fast"]) as uid,
    ):
        await until(lambda: uid in _known(connection))
        await _act(connection, uid, "restart")
        await until(lambda: _known(connection)[uid].previous_spec is not None)
        for panel in SERVICE.panels:
            if panel.load:
                assert "hunter2" not in str(await panel.load(_look(connection, uid)))
        preview = SERVICE.action("roll-back").preview  # type: ignore[union-attr]
        assert preview
        found = await preview(_look(connection, uid), {})
        assert [one.what for one in found.differences] == ["ForceUpdate"]


def _look(connection: Connection, uid: str) -> Look:
    async def related(name: str) -> list[Any]:
        return list(connection.stores[name].resources.values())

    return Look(
        cluster_id=1,
        kind=SERVICE,
        resource=_known(connection)[uid],
        driver=connection.driver,
        related=related,
        sees=all_shared,
    )


async def test_an_engine_that_begins_and_leaves_a_swarm_is_noticed_without_being_connected_anew() -> None:
    socket = find_swarm_worker()
    manager, worker = unix(find_swarm_manager()), unix(socket)
    turned: list[str] = []
    about = await worker.about()
    assert about.platform == "docker"
    token = (await manager.call(Call("GET", ("swarm",))))["JoinTokens"]["Worker"]
    node = (await worker.call(Call("GET", ("info",))))["Swarm"]
    async with connected(worker, "container") as connection:
        connection._turned = lambda _, platform: turned.append(platform)
        try:
            await worker.call(Call("POST", ("swarm", "leave"), {"force": "true"}))
            await worker.call(Call("POST", ("swarm", "init"), body={"ListenAddr": "127.0.0.1:2377"}))
            await until(lambda: turned == ["swarm"], 10)
            worker.platform, turned[:] = "swarm", []
        finally:
            with suppress(Conflict):
                await worker.call(Call("POST", ("swarm", "leave"), {"force": "true"}))
            remote = [one["Addr"] for one in node["RemoteManagers"]]
            body = {
                "RemoteAddrs": remote,
                "JoinToken": token,
                "ListenAddr": "0.0.0.0:2377",
                "AdvertiseAddr": node["NodeAddr"],
            }
            await worker.call(Call("POST", ("swarm", "join"), body=body))
            await manager.call(Call("DELETE", ("nodes", node["NodeID"]), {"force": "true"}))
    await manager.close()
