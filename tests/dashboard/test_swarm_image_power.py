"""Another image for a service of a real Swarm: whoever says what runs in it has what it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.errors import Missing
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.dashboard.test_swarm import manager, until

__all__ = ["manager"]
pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
ClientFor = Callable[[User], AsyncClient]
HTMX = {"HX-Request": "true"}


@pytest_asyncio.fixture
async def services(manager: Cluster) -> AsyncIterator[dict[str, str]]:
    """Three without copies: a plain one, one with a folder of the machine, one on its network."""
    driver = engine.supervisor.driver(manager.pk)
    made: dict[str, str] = {}
    wanted: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("plain", {}, {}),
        ("folder", {"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/x"}]}, {}),
        ("network", {}, {"Networks": [{"Target": "host"}]}),
    ]
    for name, container, more in wanted:
        template = {"ContainerSpec": {"Image": "busybox:1.35", **container}, **more}
        spec = {"Name": a_name(), "TaskTemplate": template, "Mode": {"Replicated": {"Replicas": 0}}}
        made[name] = (await driver.call(Call("POST", ("services", "create"), body=spec)))["ID"]
    yield made
    for uid in made.values():
        with suppress(Missing):
            await driver.call(Call("DELETE", ("services", uid)))


async def test_an_operator_gives_another_image_only_to_what_has_no_power(
    nora: User, manager: Cluster, services: dict[str, str], async_client_for: ClientFor
) -> None:
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=manager)
    client, connection = async_client_for(nora), engine.supervisor.connections[manager.pk]

    def known(kind: str) -> Mapping[str, Any]:
        return connection.stores[kind].resources if kind in connection.stores else {}

    await until(lambda: all(uid in known("swarm-service") for uid in services.values()))
    rollout: dict[str, Any] = {"at_once": 1, "delay": 0, "order": "stop-first", "failure": "pause"}
    told = {}
    for name, uid in services.items():
        asked = {"verb": "set-image", "rows": f"{manager.pk}~swarm-service~{uid}", "image": "busybox:latest", **rollout}
        told[name] = (await client.post("/act/", asked, headers=HTMX)).content.decode()
    assert "uses the folder /etc of the machine" in told["folder"]
    assert "uses the machine&#x27;s own network" in told["network"]
    assert "Only administrators may do that" not in told["plain"]
    with connection.wanted("image"):
        image = await until(lambda: next((o for o in known("image").values() if "busybox:latest" in o.tags), None))
        asked = {"row": f"{manager.pk}~image~{image.uid}", "image": "busybox:latest"}
        page = (await client.get("/images/roll-out/", asked)).content.decode()
    assert page.count("Only administrators may do that") == 2

    driver = engine.supervisor.driver(manager.pk)
    images = {}
    for name, uid in services.items():
        spec = (await driver.call(Call("GET", ("services", uid))))["Spec"]
        images[name] = spec["TaskTemplate"]["ContainerSpec"]["Image"].partition("@")[0]
    assert images == {"plain": "busybox:latest", "folder": "busybox:1.35", "network": "busybox:1.35"}
    assert await AuditEntry.objects.filter(verb="set-image", stage="denied").acount() == 2
