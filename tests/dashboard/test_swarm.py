"""A real Swarm as people meet it: recognised when its manager is connected, acted on with a trace, kept from who may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.real import find_swarm_manager

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
ClientFor = Callable[[User], AsyncClient]
HTMX = {"HX-Request": "true"}


@pytest_asyncio.fixture
async def manager(db: Any) -> AsyncIterator[Cluster]:
    """An engine that was taken for a Docker host, and manages a Swarm."""
    row = await Cluster.objects.acreate(
        name="Box",
        slug="box",
        driver="docker",
        platform="docker",
        settings={"address": f"unix://{find_swarm_manager()}"},
    )
    await engine.start()
    yield row
    await engine.stop()


async def until(right: Callable[[], Any]) -> Any:
    async with asyncio.timeout(20):
        while not (found := right()):
            await asyncio.sleep(0.05)
    return found


async def test_an_engine_that_manages_a_swarm_becomes_one_and_acts_are_recorded_or_refused(
    ada: User, nora: User, manager: Cluster, async_client_for: ClientFor
) -> None:
    def store(kind: str) -> Any:
        return engine.supervisor.connections[manager.pk].stores.get(kind)

    await until(lambda: store("swarm-service") and store("swarm-service").listed)
    await manager.arefresh_from_db()
    assert manager.platform == "swarm"
    driver, name = engine.supervisor.driver(manager.pk), a_name()
    container = {"Image": "busybox:latest", "Args": ["sleep", "1000"], "Env": ["DB_PASSWORD=hunter2"]}
    spec = {
        "Name": name,
        "TaskTemplate": {"ContainerSpec": container},
        "Mode": {"Replicated": {"Replicas": 0}},
        "EndpointSpec": {"Mode": "dnsrr"},
    }
    uid = (await driver.call(Call("POST", ("services", "create"), body=spec)))["ID"]
    try:
        await until(lambda: uid in store("swarm-service").resources)
        rows = f"{manager.pk}~swarm-service~{uid}"
        page = f"/clusters/box/swarm-service/{name}/"
        await Grant.objects.acreate(user=nora, role=Role.VIEWER, cluster=manager, rights=[])
        viewer, admin = async_client_for(nora), async_client_for(ada)
        for client in (viewer, admin):
            shown = (await client.get(page)).content.decode()
            assert "Stopped" in shown
            assert "hunter2" not in shown

        asked = {"verb": "scale", "rows": rows, "copies": "1", "key": "k-1"}
        assert (await viewer.post("/act/", asked, headers=HTMX)).status_code == 403
        assert store("swarm-service").resources[uid].replicas == 0
        assert (await admin.post("/act/", asked, headers=HTMX)).status_code == 204
        await until(lambda: store("swarm-service").resources[uid].replicas == 1)
        entries = [one async for one in AuditEntry.objects.filter(verb="scale", name=name)]
        assert {one.actor for one in entries} == {"ada", "nora"}

        swarm = next(iter(store("swarm").resources))
        joining = f"/clusters/box/swarm/{swarm}/?panel=joining"
        assert "SWMTKN" not in (await viewer.get(joining)).content.decode()
        assert "SWMTKN" in (await admin.get(joining)).content.decode()
        assert await AuditEntry.objects.filter(verb="joining", actor="ada").aexists()
    finally:
        await driver.call(Call("DELETE", ("services", uid)))
