"""On real engines: what is ticked is rolled out and the job says how it ended; an image goes from one to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.docker.container_model import Container
from clusters.models import AuditEntry, Cluster, Job, JobLine
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name, made, unix
from tests.clusters.docker_things import until
from tests.clusters.fakes import held
from tests.real import find_old_docker_socket

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
ClientFor = Callable[[User], AsyncClient]


@pytest_asyncio.fixture
async def host(transactional_db: None, docker_socket: str) -> AsyncIterator[Cluster]:
    settings = {"address": f"unix://{docker_socket}"}
    row = await Cluster.objects.acreate(name="Real", slug="real", driver="docker", platform="docker", settings=settings)
    await engine.connect(row)
    yield row
    await engine.supervisor.close()


@pytest_asyncio.fixture
async def versions(docker_socket: str) -> AsyncIterator[tuple[str, str]]:
    """Two versions of an image: the second one says so by a label."""
    driver, name = unix(docker_socket), f"pilothouse-test/{a_name()}"
    await driver.call(Call("POST", ("images", "busybox:1.35", "tag"), {"repo": name, "tag": "1"}))
    changed = {"comment": "x", "repo": name, "tag": "2", "changes": "LABEL version=2"}
    async with made(driver, start=False) as one:
        await driver.call(Call("POST", ("commit",), {"container": one.uid, **changed}, {}))
    yield f"{name}:1", f"{name}:2"
    for tag in ("1", "2"):
        with suppress(ClusterError):
            await driver.call(Call("DELETE", ("images", *f"{name}:{tag}".split("/")), {"force": "1"}))
    await driver.close()


async def test_what_is_ticked_runs_the_new_version_and_the_rest_stays(
    host: Cluster, versions: tuple[str, str], async_client_for: ClientFor, ada: User, docker_socket: str
) -> None:
    old, new = versions
    client, driver = async_client_for(ada), unix(docker_socket)
    check = {"Test": ["CMD", "true"], "Interval": 10**9}
    async with made(driver, Image=old, Healthcheck=check) as first, made(driver, Image=old) as second:
        store = engine.supervisor.connections[host.pk].stores["image"]
        with engine.supervisor.connections[host.pk].wanted("image"):
            await until(lambda: any(new in one.tags for one in held(store).values()))
            uid = next(one.uid for one in held(store).values() if new in one.tags)
            row = f"{host.pk}~image~{uid}"
            page = (await client.get("/images/roll-out/", {"row": row, "image": new})).content.decode()
            places = [f"{host.pk}~container~{one.uid}~" for one in (first, second)]
            assert all(one in page for one in places)
            answer = await client.post("/images/roll-out/", {"row": row, "image": new, "place": places[:1]})
            job = await ended(answer["Location"].split("/")[2])
        lines = [one.text async for one in JobLine.objects.filter(job=job)]
        assert job.state == "done", (job.reason, lines)
        assert await runs(driver, first) == new
        assert await runs(driver, second) == old
        assert await AuditEntry.objects.filter(verb="edit", stage="outcome", result="done").aexists()
        with suppress(ClusterError):
            await driver.call(Call("DELETE", ("containers", first.name), {"force": "1"}))
    await driver.close()


async def runs(driver: Any, one: Container) -> str:
    found = await driver.call(Call("GET", ("containers", one.name, "json")))
    return str(found["Config"]["Image"]) if found["State"]["Running"] else "nothing"


async def ended(key: str) -> Job:
    async with asyncio.timeout(40):
        while (job := await Job.objects.aget(key=key)).state == "running":
            await asyncio.sleep(0.05)
    return job


async def test_an_image_is_loaded_from_one_engine_onto_another(
    host: Cluster, versions: tuple[str, str], async_client_for: ClientFor, ada: User
) -> None:
    image, other = versions[1], unix(find_old_docker_socket())
    settings = {"address": f"unix://{find_old_docker_socket()}"}
    old = await Cluster.objects.acreate(name="Old", slug="old", driver="docker", platform="docker", settings=settings)
    await engine.connect(old)
    client, connection = async_client_for(ada), engine.supervisor.connections[host.pk]
    with connection.wanted("image"):
        await until(lambda: any(image in one.tags for one in held(connection.stores["image"]).values()))
        asked = {"image": image, "to": f"container~{old.pk}"}
        can = (await client.get("/ship/pull/", asked)).content.decode()
        assert "It is only on Real" in can
        assert "Load it from Real" in can
        assert "Push it to a registry" in can
        answer = await client.post("/ship/load/", {**asked, "from": "real"}, headers={"HX-Request": "true"})
        job = await ended(answer["HX-Redirect"].split("/")[2])
    assert job.state == "done", job.reason
    found = await other.call(Call("GET", ("images", *image.split("/"), "json")))
    assert image in found["RepoTags"]
    assert "It is there already." in (await client.get("/ship/pull/", asked)).content.decode()
    assert await AuditEntry.objects.filter(verb="save", cluster="Real", stage="outcome", result="done").aexists()
    await other.call(Call("DELETE", ("images", *image.split("/")), {"force": "1"}))
    await other.close()
