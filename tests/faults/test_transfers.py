"""Pulls and pushes when something goes wrong in the middle: lost lines, a full disk, a cancel; the job tells the truth."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from clusters import job_lines, jobs
from clusters.access import Actor, Granted
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.kinds.docker.pull import inspect, pull
from clusters.kinds.docker.push import push, tag_image
from clusters.models import Job, Registry
from clusters.registries.copying import End, begin_copy
from tests.clusters.docker_engine import Line, unix
from tests.clusters.real_registry import Put, find_registry, repository
from tests.faults.proxy import Proxy
from tests.real import find_docker_socket

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
BIG = 8_000_000  # bytes of a layer: it takes long enough to be disturbed


@pytest_asyncio.fixture
async def driver() -> AsyncIterator[DockerDriver]:
    made = unix(find_docker_socket())
    yield made
    await made.close()


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Proxy]:
    """A way to the open registry that can be disturbed; an engine takes addresses of its machine without TLS."""
    name, _, port = find_registry().host.partition(":")
    async with Proxy(("127.0.0.1", 0), (socket.gethostbyname(name), int(port))) as made:
        yield made


@pytest_asyncio.fixture
async def put() -> AsyncIterator[Put]:
    with repository(find_registry()) as made:
        await asyncio.to_thread(made.registry.put_image, made.name, "1", layers=(os.urandom(BIG), os.urandom(BIG)))
        yield made


def through(line: Proxy, put: Put, tag: str = "1") -> str:
    """The name of the image, by way of the line."""
    return f"127.0.0.1:{line.here[1]}/{put.name}:{tag}"  # type: ignore[index]


async def begin(driver: DockerDriver, image: str, *, up: bool = False) -> str:
    async def work(says: jobs.Reporter) -> str:
        return await (push if up else pull)(driver, image, says)

    return await jobs.start("Transfer", "pull", Actor(0, "nobody"), None, work)


async def counted(key: str) -> list[job_lines.Line]:
    """Wait until some of its bars moves."""
    for _ in range(400):
        async for news in jobs.follow(key):
            bars = [one for one in news.lines if one.total and 0 < (one.done or 0) < one.total]
            if bars or news.state != "running":
                return bars
            break
        await asyncio.sleep(0.05)
    raise AssertionError("nothing moved")


async def ended(key: str, within: float = 90.0) -> Job:
    async with asyncio.timeout(within):
        while (job := await Job.objects.aget(key=key)).state == "running":
            await asyncio.sleep(0.05)
    return job


async def forget(driver: DockerDriver, image: str) -> None:
    with suppress(ClusterError):
        await driver.call(Call("DELETE", ("images", *image.split("/")), {"force": "1"}))


async def test_a_registry_that_is_gone_in_the_middle_of_a_pull_is_said(
    driver: DockerDriver, line: Proxy, put: Put
) -> None:
    line.be("slow")
    line.rate = 700_000
    key = await begin(driver, through(line, put))
    assert await counted(key)
    await line.vanish()
    job = await ended(key)
    assert job.state == "failed"
    assert "lost in the middle" in job.reason or "does not answer" in job.reason, (job.reason, job.result)
    assert await inspect(driver, through(line, put)) is None


async def test_a_registry_that_is_gone_in_the_middle_of_a_push_is_said(
    driver: DockerDriver, line: Proxy, put: Put
) -> None:
    direct, other = put.image("1"), through(line, put, "2").replace(put.name, f"{put.name}-copy")
    await pull(driver, direct, jobs.Reporter(Job()))
    await tag_image(driver, direct, other)
    try:
        line.be("slow")
        line.rate = 700_000
        key = await begin(driver, other, up=True)
        await counted(key)
        await line.vanish()
        job = await ended(key)
        assert job.state == "failed", job.result
        assert "lost in the middle" in job.reason or "does not answer" in job.reason, (job.reason, job.result)
        told = [one.text for one in await job_lines.kept_lines(job)]
        # What is there is said, and what of its name is known: all parts may have been there by then.
        assert any("The name comes last" in one or "its registry knows" in one for one in told), told
    finally:
        await forget(driver, other)
        await forget(driver, direct)


async def test_an_engine_that_is_gone_in_the_middle_of_a_pull_is_said(tmp_path: Path, line: Proxy, put: Put) -> None:
    way = Line(tmp_path / "engine.sock", find_docker_socket())
    await way.heal()
    driver = unix(way.path)
    line.be("slow")
    line.rate = 700_000
    key = await begin(driver, through(line, put))
    assert await counted(key)
    await way.cut()
    job = await ended(key, 20)
    await driver.close()
    assert job.state == "failed"
    assert "lost in the middle" in job.reason, job.reason
    assert job.result["hint"]


async def test_cancelling_a_pull_ends_it_in_the_engine(driver: DockerDriver, line: Proxy, put: Put) -> None:
    line.be("slow")
    line.rate = 700_000
    key = await begin(driver, through(line, put))
    assert await counted(key)
    assert jobs.cancel(key)
    assert (await ended(key)).state == "cancelled"
    line.be("pass")
    await asyncio.sleep(2)
    assert await inspect(driver, through(line, put)) is None
    before = len(line.carried)
    await asyncio.sleep(2)
    assert len(line.carried) == before, "the engine goes on to fetch it"


async def test_who_comes_back_finds_how_far_it_is(driver: DockerDriver, line: Proxy, put: Put) -> None:
    line.be("slow")
    line.rate = 1_000_000
    key = await begin(driver, through(line, put))
    bars = await counted(key)
    async for news in jobs.follow(key):
        again = {one.number: one.done or 0 for one in news.lines if one.total}
        break
    assert all(again[one.number] >= (one.done or 0) for one in bars)
    line.be("pass")
    job = await ended(key)
    assert job.state == "done"
    kept = await job_lines.kept_lines(job)
    assert all(one.done == one.total for one in kept if one.total)
    await forget(driver, through(line, put))


@pytest.fixture
def small_registry() -> Iterator[str]:
    """A real registry whose disk has 8 MB."""
    program = shutil.which("docker-registry")
    if program is None or os.geteuid() != 0:
        pytest.skip("no small disk: that needs root and the program docker-registry")
    folder = Path(tempfile.mkdtemp(prefix="pilothouse-registry-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=False).returncode == 0
    if not mounted:
        folder.rmdir()
        pytest.skip("no small disk: a tmpfs cannot be mounted here")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = folder / "config.yml"
    settings.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}', secret: {secrets.token_hex(8)}}}\n"
    )
    process = subprocess.Popen([program, "serve", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        subprocess.run(["umount", folder], check=False)
        folder.rmdir()


async def test_a_registry_whose_disk_is_full_is_said(driver: DockerDriver, put: Put, small_registry: str) -> None:
    direct, full = put.image("1"), f"{small_registry}/web:1"
    await pull(driver, direct, jobs.Reporter(Job()))
    await tag_image(driver, direct, full)
    try:
        job = await ended(await begin(driver, full, up=True))
        assert job.state == "failed"
        told = (f"The disk of {small_registry} is full.", f"{small_registry} could not keep what was sent.")
        assert job.reason in told, (job.reason, job.result)
    finally:
        await forget(driver, full)
        await forget(driver, direct)


async def test_a_copy_to_a_registry_whose_disk_is_full_is_said(small_registry: str) -> None:
    with repository(find_registry()) as put:
        await asyncio.to_thread(put.registry.put_image, put.name, "1", layers=(os.urandom(9_000_000),))
        hosts = put.registry.host, small_registry
        ends = [
            await Registry.objects.acreate(name=one, slug=one[:3], host=one, settings={"plain": True}) for one in hosts
        ]
        admin = Actor(0, "ada", (Granted(Role.ADMIN),))
        job = await ended(await begin_copy(admin, End(ends[0], put.name, "1"), End(ends[1], "web", "1")))
    assert (job.state, job.reason) == ("failed", f"The disk of {small_registry} is full."), job.result
