"""Attacks on a machine through volumes: what an administrator bound to a folder is no way there for an operator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.models import AuditEntry, Cluster, Grant, Job
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name, remove
from tests.dashboard.test_registries import here  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
RUN = "/run/container/"
OPTIONS = {
    "a folder": {"type": "none", "o": "bind", "device": "/etc"},
    "a folder, in other words": {"type": "tmpfs", "o": "rw,RBIND", "device": "/etc"},
    "a disk": {"type": "ext4", "device": "/dev/sda1"},
    "a network share": {"type": "nfs", "o": "addr=127.0.0.1,rw", "device": ":/exports"},
}


@pytest_asyncio.fixture
async def operator(here: Cluster, async_client_for: ClientFor, otto: User) -> AsyncClient:  # noqa: F811
    """Otto, who may run what he likes on this engine."""
    await Grant.objects.acreate(user=otto, role=2, cluster=here, rights=["run", "files", "exec"])
    return async_client_for(otto)


@pytest_asyncio.fixture(params=list(OPTIONS))
async def volume(here: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[str]:  # noqa: F811
    """A volume that is more than its name says."""
    driver, name = engine.supervisor.driver(here.pk), a_name()
    await driver.call(Call("POST", ("volumes", "create"), body={"Name": name, "DriverOpts": OPTIONS[request.param]}))
    yield name
    await driver.call(Call("DELETE", ("volumes", name), {"force": "true"}))


async def container_with(driver: Driver, **host: object) -> str:
    """A container that is never started."""
    body = {"Image": "busybox:latest", "Cmd": ["true"], "HostConfig": host}
    made = await driver.call(Call("POST", ("containers", "create"), {"name": a_name()}, body))
    return str(made["Id"])


async def row_of(here: Cluster, kind: str, uid: str) -> str:  # noqa: F811
    """Its row, once the live list has it."""
    connection = engine.supervisor.connections[here.pk]
    with connection.wanted(kind):
        for _ in range(400):
            if uid in connection.stores[kind].resources:
                return f"{here.pk}~{kind}~{uid}"
            await asyncio.sleep(0.05)
    raise AssertionError(f"{uid} is not in the list")


async def refused(operator: AsyncClient, form: dict[str, str]) -> str:
    """What is said; nothing has begun, and the refusal is in the audit."""
    answer = await operator.post(RUN, form)
    assert answer.status_code == 403, answer.content.decode()
    assert not await Job.objects.aexists()
    assert await AuditEntry.objects.filter(stage="denied").aexists()
    return answer.content.decode()


async def test_an_operator_cannot_run_something_with_it(here: Cluster, operator: AsyncClient, volume: str) -> None:  # noqa: F811
    form = {"cluster": str(here.pk), "image": "busybox", "restart": "no", "volumes": f"{volume}:/x:ro"}
    assert f"mounts the volume {volume}" in await refused(operator, form)


@pytest.mark.parametrize("verb", ["edit", "duplicate"])
@pytest.mark.parametrize("way", ["Binds", "Mounts"])
async def test_nor_by_taking_it_over_from_another_container(
    here: Cluster,  # noqa: F811
    operator: AsyncClient,
    volume: str,
    verb: str,
    way: str,
) -> None:
    driver = engine.supervisor.driver(here.pk)
    mount = {"Type": "volume", "Source": volume, "Target": "/x"}
    uid = await container_with(driver, **{way: [f"{volume}:/x"] if way == "Binds" else [mount]})
    try:
        like = await row_of(here, "container", uid)
        form = {"like": like, "verb": verb, "image": "busybox:latest", "restart": "no", "volumes": f"{volume}:/x"}
        assert f"mounts the volume {volume}" in await refused(operator, form)
    finally:
        with suppress(ClusterError):
            await remove(driver, uid)


async def test_nor_look_into_its_files(here: Cluster, operator: AsyncClient, volume: str) -> None:  # noqa: F811
    row = await row_of(here, "volume", volume)
    answer = await operator.get("/files/", {"row": row, "path": "/"})
    assert answer.status_code in (403, 404)
    driver = engine.supervisor.driver(here.pk)
    found = await driver.call(Call("GET", ("containers", "json"), {"all": "1"}))
    assert not [one for one in found if one["Labels"].get("pilothouse.files") == volume]


async def test_nor_make_a_share_a_volume(here: Cluster, operator: AsyncClient) -> None:  # noqa: F811
    options = "\n".join(f"{name}={value}" for name, value in OPTIONS["a network share"].items())
    form = {"cluster": str(here.pk), "name": a_name(), "driver": "local", "options": options}
    answer = await operator.post("/run/volume/", form)
    assert answer.status_code == 403
    assert not await Job.objects.aexists()


async def test_a_plain_volume_and_memory_are_for_everybody_who_may_run(here: Cluster, operator: AsyncClient) -> None:  # noqa: F811
    driver, name = engine.supervisor.driver(here.pk), a_name()
    memory = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}
    await driver.call(Call("POST", ("volumes", "create"), body={"Name": name, "DriverOpts": memory}))
    try:
        form = {"cluster": str(here.pk), "image": "busybox:latest", "name": name, "restart": "no"}
        answer = await operator.post(RUN, {**form, "command": "sleep 100", "volumes": f"{name}:/x\n{name}-new:/y"})
        assert answer.status_code == 200, answer.content.decode()
        job = await Job.objects.aget()
        async with asyncio.timeout(30):
            while (job := await Job.objects.aget(pk=job.pk)).state == "running":
                await asyncio.sleep(0.1)
        assert job.state == "done", job.reason
    finally:
        with suppress(ClusterError):
            await remove(driver, name)
        for one in (name, f"{name}-new"):
            with suppress(ClusterError):
                await driver.call(Call("DELETE", ("volumes", one)))


async def test_an_administrator_is_told_before_and_may(
    here: Cluster,  # noqa: F811
    volume: str,
    async_client_for: ClientFor,
    ada: User,
) -> None:
    form = {"cluster": str(here.pk), "image": "busybox", "restart": "no", "volumes": f"{volume}:/x:ro"}
    answer = await async_client_for(ada).post("/run/container/?check=1", {**form, "check": "1"})
    assert f"For administrators only: it mounts the volume {volume}" in answer.content.decode()
