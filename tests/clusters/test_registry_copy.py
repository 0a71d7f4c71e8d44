"""An image copied between registries: the same digest for all platforms, nothing sent twice, and the truth about how it ended."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from clusters import jobs
from clusters.access import Actor, Granted
from clusters.errors import Invalid, Refused
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Job, JobLine, Registry
from clusters.registries import kept
from clusters.registries.copying import End, begin_copy
from tests.clusters.fake_registry import FakeRegistry, fake_registry
from tests.clusters.fake_registry import json as answer
from tests.clusters.real_registry import OCI, Put, RealRegistry, find_private_registry, find_registry, repository
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Actor(0, "ada", (Granted(Role.ADMIN),))
OK = answer("{}", Docker_Distribution_Api_Version="registry/2.0")


@pytest.fixture
def source() -> Iterator[Put]:
    with repository(find_registry()) as put:
        yield put


@pytest.fixture
def target() -> Iterator[Put]:
    with repository(find_private_registry()) as put:
        yield put


async def store(registry: RealRegistry, **more: str) -> Registry:
    return await asyncio.to_thread(lambda: kept.add(ADA, kept.read_form({**registry.form, **more})))


async def ended(key: str) -> Job:
    async with asyncio.timeout(30):
        while (job := await Job.objects.aget(key=key)).state == "running":
            await asyncio.sleep(0.02)
    return job


async def said(job: Job) -> str:
    return "\n".join([line.text async for line in JobLine.objects.filter(job=job)])


def put_list(put: Put, tag: str, size: int = 1000) -> dict[str, Any]:
    """Two platforms, and an attestation beside them."""
    registry = put.registry
    images = [
        registry.put_image(put.name, "", architecture=name, layers=(os.urandom(size), b"same"))
        for name in ("amd64", "arm64")
    ]
    note = registry.put_image(put.name, "", architecture="unknown", layers=(b"provenance",))
    note |= {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    return registry.put_index(put.name, tag, [*images, note])


def read(registry: RealRegistry, name: str, version: str) -> bytes:
    accept = f"{OCI}.index.v1+json, {OCI}.manifest.v1+json"
    return registry.ask("GET", f"/v2/{name}/manifests/{version}", Accept=accept)[1]


async def test_all_platforms_come_over_byte_for_byte_and_once(source: Put, target: Put) -> None:
    made = await asyncio.to_thread(put_list, source, "1")
    here, there = await store(source.registry), await store(target.registry)
    job = await ended(await begin_copy(ADA, End(here, source.name, "1"), End(there, target.name, "one")))
    assert (job.state, made["digest"] in job.result["words"]) == ("done", True), job.reason
    assert job.result["image"] == f"{target.registry.host}/{target.name}:one"
    whole = await asyncio.to_thread(read, target.registry, target.name, "one")
    assert whole == await asyncio.to_thread(read, source.registry, source.name, "1")
    for member in json.loads(whole)["manifests"]:
        manifest = await asyncio.to_thread(read, target.registry, target.name, member["digest"])
        assert f"sha256:{hashlib.sha256(manifest).hexdigest()}" == member["digest"]
        for blob in json.loads(manifest)["layers"]:
            data = await asyncio.to_thread(target.registry.ask, "GET", f"/v2/{target.name}/blobs/{blob['digest']}")
            assert f"sha256:{hashlib.sha256(data[1]).hexdigest()}" == blob["digest"]
    lines = await said(job)
    assert lines.count("Done") == len({*_contents(whole, source)})
    assert "s3cret" not in lines + str(job.result) + str([row async for row in AuditEntry.objects.values()])
    again = await ended(await begin_copy(ADA, End(here, source.name, "1"), End(there, target.name, "one")))
    assert "nothing was to be done" in again.result["words"]
    beside = Put(target.registry)
    with repository(target.registry) as beside:
        inside = await ended(await begin_copy(ADA, End(there, target.name, "one"), End(there, beside.name, "two")))
        assert "taken over" in inside.result["words"], inside.reason
        assert "sent" not in inside.result["words"]
        assert await asyncio.to_thread(read, target.registry, beside.name, "two") == whole


def _contents(whole: bytes, put: Put) -> Iterator[str]:
    for member in json.loads(whole)["manifests"]:
        manifest = json.loads(read(put.registry, put.name, member["digest"]))
        yield from (one["digest"] for one in [*manifest["layers"], manifest["config"]])


@pytest_asyncio.fixture
async def lines() -> AsyncIterator[tuple[Proxy, Proxy]]:
    """Two ways to the open registry that can be disturbed; the first is slow."""
    name, _, port = find_registry().host.partition(":")
    there = socket.gethostbyname(name), int(port)
    async with Proxy(("127.0.0.1", 0), there) as slow, Proxy(("127.0.0.1", 0), there) as other:
        slow.be("slow")
        slow.rate = 600_000
        yield slow, other


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_side_that_goes_in_the_middle_is_named_and_copying_again_goes_on(
    source: Put, lines: tuple[Proxy, Proxy], lost: int
) -> None:
    await asyncio.to_thread(source.registry.put_image, source.name, "1", layers=(b"small", os.urandom(3_000_000)))
    hosts = [f"127.0.0.1:{line.here[1]}" for line in lines]  # type: ignore[index]
    here, there = [await store(RealRegistry(host)) for host in hosts]
    with repository(source.registry) as copied:
        way = End(here, source.name, "1"), End(there, copied.name, "1")
        key = await begin_copy(ADA, *way)
        await _moving(key)
        await lines[lost].vanish()
        job = await ended(key)
        assert (job.state, hosts[lost] in job.reason) == ("failed", True), job.reason
        assert "Done until then" in (told := await said(job))
        assert "nobody can pull" in told
        assert "Not sent to its end" in told
        await lines[lost].listen()
        cancelled = await begin_copy(ADA, *way)
        await _moving(cancelled)
        jobs.cancel(cancelled)
        assert (await ended(cancelled)).state == "cancelled"
        assert "nobody can pull" in await said(await Job.objects.aget(key=cancelled))
        lines[0].be("pass")
        again = await ended(await begin_copy(ADA, *way))
        assert (again.state, "there already" in again.result["words"]) == ("done", True), again.reason


async def _moving(key: str) -> None:
    for _ in range(400):
        if await JobLine.objects.filter(job__key=key, text__contains="Sending").aexists():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nothing moved")


async def test_wrong_credentials_are_said_and_nothing_is_sent(source: Put, target: Put) -> None:
    await asyncio.to_thread(source.registry.put_image, source.name, "1")
    here, there = await store(source.registry), await store(target.registry, password="canary-77")
    job = await ended(await begin_copy(ADA, End(here, source.name, "1"), End(there, target.name, "1")))
    assert (job.state, "does not accept the password of robot" in job.reason) == ("failed", True), job.reason
    assert "canary-77" not in await said(job) + str(job.result)
    missing = await ended(await begin_copy(ADA, End(here, source.name, "none"), End(there, target.name, "1")))
    assert "is not at registry.test" in missing.reason


CONTENT = b"x" * 200_000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MANIFEST = json.dumps(
    {"mediaType": f"{OCI}.manifest.v1+json", "layers": [{"mediaType": "x", "digest": DIGEST, "size": len(CONTENT)}]}
)
UPLOAD = "/v2/b/blobs/uploads/"


def _one(body: bytes = CONTENT) -> dict[str, Any]:
    """A registry that has one image with one content."""
    return {
        "/v2/": OK,
        "/v2/a/manifests/1": answer(MANIFEST, Content_Type=f"{OCI}.manifest.v1+json"),
        f"/v2/a/blobs/{DIGEST}": web.Response(body=body),
    }


async def _known(host: str, name: str) -> Registry:
    return await Registry.objects.filter(host=host).afirst() or await store(RealRegistry(host), name=name)


async def _copied(here: FakeRegistry, there: FakeRegistry) -> Job:
    ends = [await _known(one.host, name) for one, name in ((here, f"Here {here.host}"), (there, f"There {there.host}"))]
    return await ended(await begin_copy(ADA, End(ends[0], "a", "1"), End(ends[1], "b", "2")))


FULL = (
    '{"errors": [{"code": "UNKNOWN", "message": "unknown error", "detail": {"Enclosed": {"Op": "write", "Err": 28}}}]}'
)


async def test_why_a_registry_takes_nothing_is_said_in_words() -> None:
    told = (
        (answer(FULL, 500), "is full"),
        (answer("too large", 413), "too large"),
        (answer('{"errors": [{"code": "DENIED", "message": "no <b>"}]}', 403), "may not do that"),
        (answer("", 503), "a fault of its own"),
    )
    async with fake_registry(_one()) as here:
        for ends, words in told:
            there = await _refusing(here, ends, words)
            (sent,) = [one for one in there.asked if one[0] == "PUT"]
            assert f"&digest=sha256%3A{DIGEST[7:]}" in sent[1]


async def _refusing(here: FakeRegistry, ends: web.Response, words: str) -> FakeRegistry:
    async def keep(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=ends.status, body=ends.body)

    async with fake_registry({"/v2/": OK}) as there:
        there.answers[UPLOAD] = answer("", 202, Location="/v2/b/blobs/uploads/7?state=x")
        there.answers[f"{UPLOAD}7"] = keep
        job = await _copied(here, there)
    assert (job.state, words in job.reason) == ("failed", True), job.reason
    return there


async def test_nothing_is_sent_where_the_registry_is_not() -> None:
    async with fake_registry(_one()) as here, fake_registry({}) as other:
        port = other.host.partition(":")[2]
        for where in (f"http://localhost:{port}/x", "https://example.com/x", f"//localhost:{port}/x", "http://["):
            async with fake_registry({"/v2/": OK}) as there:
                there.answers[UPLOAD] = answer("", 202, Location=where)
                job = await _copied(here, there)
            assert (job.state, "wants it sent elsewhere" in job.reason) == ("failed", True), job.reason
        assert other.asked == []


async def test_a_content_that_is_not_what_was_promised_is_not_passed_on() -> None:
    taken = bytearray()

    async def keep(request: web.Request) -> web.Response:
        async for piece in request.content.iter_any():
            taken.extend(piece)
        return web.Response(status=201)

    async with fake_registry({"/v2/": OK}) as there:
        there.answers[UPLOAD] = answer("", 202, Location=f"{UPLOAD}7")
        there.answers[f"{UPLOAD}7"] = keep
        for body in (b"y" * len(CONTENT), CONTENT[:-1], CONTENT + b"y"):
            taken.clear()
            async with fake_registry(_one(body)) as here:
                job = await _copied(here, there)
            assert (job.state, "something else" in job.reason) == ("failed", True), job.reason
            assert len(taken) < len(CONTENT)
            await Registry.objects.all().adelete()
    assert not [one for one in there.asked if "manifests/2" in one[1] and one[0] == "PUT"]


async def test_who_may_not_push_may_not_copy_and_what_cannot_be_is_refused_before(settings: Any) -> None:
    async with fake_registry({"/v2/": OK}) as there:
        one = await store(RealRegistry(there.host), name="One")
        box = await Cluster.objects.acreate(name="Box", slug="box", driver="docker", platform="docker")
        runs = Actor(0, "otto", (Granted(Role.OPERATOR, box.pk, rights=frozenset({"run"})),))
        for actor in (Actor(0, "vera", (Granted(Role.VIEWER),)), Actor(0, "olga", (Granted(Role.OPERATOR),)), runs):
            with pytest.raises(Refused):
                await begin_copy(actor, End(one, "a", "1"), End(one, "b", "1"))
        assert await AuditEntry.objects.filter(stage="denied", verb="copy image").acount() == 3
        settings.READ_ONLY = True
        with pytest.raises(Refused):
            await begin_copy(ADA, End(one, "a", "1"), End(one, "b", "1"))
        settings.READ_ONLY = False
        one.operators_push = True
        assert await ended(await begin_copy(runs, End(one, "a", "1"), End(one, "b", "1")))
        await Cluster.objects.filter(pk=box.pk).aupdate(read_only=True)
        with pytest.raises(Refused):
            await begin_copy(runs, End(one, "a", "1"), End(one, "b", "1"))
        settings.READ_ONLY = True
        with pytest.raises(Refused):
            await begin_copy(ADA, End(one, "a", "1"), End(one, "b", "1"))
        settings.READ_ONLY = False
        for repository_, tag in (("a", "1"), ("Upper", "1"), ("../x", "1"), ("b", "a b"), ("b", DIGEST), ("b", "")):
            with pytest.raises(Invalid):
                await begin_copy(ADA, End(one, "a", "1"), End(one, repository_, tag))
