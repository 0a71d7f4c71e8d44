"""Building from the page, on a real engine: a job with its steps, found again, cancelled for real, kept from others."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Build, Cluster, Grant, Job
from dashboard.engine import engine
from tests.clusters.docker_engine import unix
from tests.clusters.test_build_real import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
HTMX = {"HX-Request": "true"}


@pytest_asyncio.fixture
async def host(transactional_db: None, docker_socket: str) -> AsyncIterator[Cluster]:
    one = await Cluster.objects.acreate(
        name="Host", slug="host", driver="docker", platform="docker", settings={"address": f"unix://{docker_socket}"}
    )
    await engine.start()
    yield one
    await engine.stop()
    driver = unix(docker_socket)
    async for build in Build.objects.exclude(image=""):
        with suppress(ClusterError):
            await driver.call(Call("DELETE", ("images", build.image), {"force": "1"}))
    await driver.close()


def form(host: Cluster, dockerfile: str, **values: str) -> dict[str, str]:
    tag = f"pilothouse-build/page-{secrets.token_hex(4)}:1"
    return {"cluster": str(host.pk), "tag": tag, "dockerfile": dockerfile, **values}


async def begun(client: AsyncClient, host: Cluster, dockerfile: str, **values: str) -> str:
    answer = await client.post("/builds/new/", form(host, dockerfile, **values), headers=HTMX)
    assert "HX-Redirect" in answer.headers, answer.content.decode()
    return str(answer.headers["HX-Redirect"])


async def ended(key: str) -> Job:
    async with asyncio.timeout(60):
        while (job := await Job.objects.aget(key=key)).state == "running":
            await asyncio.sleep(0.05)
    return job


def key_of(address: str) -> str:
    return address.strip("/").split("/")[-1]


async def test_it_is_checked_while_it_is_typed(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    answer = await client.post("/builds/new/?check=1", form(host, "FROM busybox\n", check="1", tag="shop/web:2"))
    assert "docker build --tag shop/web:2 - &lt; Dockerfile" in answer.content.decode()
    nothing_yet = await client.post("/builds/new/?check=1", form(host, "FROM busybox\n", check="1", tag=""))
    assert "is missing" not in nothing_yet.content.decode()
    assert "is missing" in (await client.post("/builds/new/", form(host, "FROM busybox\n", tag=""))).content.decode()
    wrong = await client.post("/builds/new/", form(host, "FROM busybox\n", arguments="no pair"), headers=HTMX)
    assert wrong.status_code == 422
    assert "no pair" in wrong.content.decode()
    assert not await Job.objects.aexists()


async def test_a_build_is_found_again_with_its_steps_and_its_truthful_end(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    address = await begun(client, host, f"FROM busybox\nRUN echo {secrets.token_hex(4)} | tee /made; sleep 1\n")
    page = (await client.get(address)).content.decode()
    assert 'data-state="running"' in page
    job = await ended(key_of(address))
    assert job.state == "done", job.reason
    one = await Build.objects.aget(job=job)
    page = (await client.get(address)).content.decode()
    assert 'data-state="done"' in page
    assert one.image in page
    run = next(step for step in one.steps if step["line"] == 2)
    assert run["state"] == "done"
    answer = (await client.get(f"{address}output/?step={run['id']}")).json()
    assert len(answer["lines"]) == 1
    assert one.tag in (await client.get("/builds/")).content.decode()
    assert (await client.get(f"/jobs/{job.key}/")).headers["Location"] == address


async def test_a_failed_build_shows_the_line_and_the_reason(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    address = await begun(client, host, "FROM busybox\nENV DB_PASSWORD=hunter22\nRUN exit 7\n")
    assert (await ended(key_of(address))).state == "failed"
    page = (await client.get(address)).content.decode()
    assert "Line 3: " in page
    assert '<li class="wrong"><span>3</span><code>RUN exit 7</code></li>' in page
    assert "DB_PASSWORD=•" in page


async def test_cancel_ends_it_on_the_engine(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client, mark = async_client_for(ada), str(secrets.randbelow(10**8) + 10**8)
    address = await begun(client, host, f"FROM busybox\nRUN sleep {mark}\n")
    await until(True, mark)
    await client.post(f"/jobs/{key_of(address)}/cancel/")
    await until(False, mark)
    assert (await ended(key_of(address))).state == "cancelled"
    one = await Build.objects.aget()
    assert next(step for step in one.steps if step["line"] == 2)["state"] == "cancelled"


async def test_a_secret_argument_is_nowhere_afterwards(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    text = "FROM busybox\nARG API_TOKEN\nRUN echo it is $API_TOKEN; exit 1\n"
    address = await begun(client, host, text, arguments="API_TOKEN=hunter22")
    job = await ended(key_of(address))
    one = await Build.objects.aget()
    kept = [job.title, job.reason, str(job.result), *[line.text async for line in job.lines.all()]]
    kept += [str(entry.detail) async for entry in AuditEntry.objects.all()]
    kept += [json.dumps([one.settings, one.steps, one.output, one.failure, one.warnings]), one.dockerfile]
    kept += [
        (await client.get(path)).content.decode() for path in (address, "/builds/", f"/builds/new/?repeat={job.key}")
    ]
    assert any("API_TOKEN=•" in text for text in kept)
    assert not any("hunter22" in text for text in kept)


async def test_it_is_repeated_with_what_it_was_made_from(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    address = await begun(
        client, host, "FROM busybox\nRUN exit 1\n", labels="team=shop", tag="pilothouse-build/again:7"
    )
    await ended(key_of(address))
    page = (await client.get(f"/builds/new/?repeat={key_of(address)}")).content.decode()
    assert "RUN exit 1" in page
    assert "team=shop" in page
    assert "pilothouse-build/again:7" in page


async def test_only_who_may_build_builds_and_only_who_may_see_sees(
    ada: User, nora: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(nora)
    address = await begun(async_client_for(ada), host, "FROM busybox\nRUN true\n")
    await ended(key_of(address))
    assert (await client.get(address)).status_code == 404
    assert (await client.get(f"{address}output/?step=x")).status_code == 404
    assert (await client.get(f"/builds/new/?repeat={key_of(address)}")).status_code == 404
    assert "no Docker host" in (await client.get("/builds/new/")).content.decode()
    grant = await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=host, rights=["run"])
    assert (await client.get(address)).status_code == 200
    assert (await client.get(f"/builds/new/?repeat={key_of(address)}")).status_code == 404
    assert "HX-Redirect" not in (await client.post("/builds/new/", form(host, "FROM busybox\n"), headers=HTMX)).headers
    assert await Job.objects.acount() == 1
    grant.rights = ["build"]
    await grant.asave()
    await ended(key_of(await begun(client, host, "FROM busybox\nRUN true\n")))


async def test_what_a_step_prints_and_is_called_is_only_text(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    text = "FROM busybox\nRUN echo '</script><img src=x onerror=__p=1>'; exit 1\n"
    address = await begun(client, host, text)
    await ended(key_of(address))
    page = (await client.get(address)).content.decode()
    assert "<img src=x" not in page
    assert len(re.findall("</script>", page)) == len(re.findall("<script", page))


async def test_of_many_at_once_only_some_run(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    texts = [f"FROM busybox\nRUN sleep 20 # {secrets.token_hex(4)}\n" for _ in range(4)]
    addresses = [await begun(client, host, text) for text in texts[:3]]
    refused = await client.post("/builds/new/", form(host, texts[3]), headers=HTMX)
    assert refused.status_code == 422
    assert "running already" in refused.content.decode()
    for address in addresses:
        await client.post(f"/jobs/{key_of(address)}/cancel/")
        assert (await ended(key_of(address))).state == "cancelled"
    assert await sync_to_async(Build.objects.count)() == 3


async def send(client: AsyncClient, data: bytes, **query: str) -> dict[str, Any]:
    where = f"/builds/files/?{urlencode(query)}"
    answer = await client.post(where, data=data, content_type="application/octet-stream")
    found: dict[str, Any] = answer.json()
    return {"status": answer.status_code, **found}


async def test_files_are_sent_and_copied_into_the_image(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    token = (await send(client, b"hello "))["token"]
    await send(client, b"world*.tmp", token=token, at="6")
    index = json.dumps([["greeting.txt", 11], [".dockerignore", 5]]).encode()
    assert "2 files" in (await send(client, index, token=token, end="files"))["words"]
    text = "FROM busybox\nCOPY . /here/\nRUN ls -a /here && cat /here/greeting.txt\n"
    address = await begun(client, host, text, upload=token, no_cache="1")
    job = await ended(key_of(address))
    assert job.state == "done", job.reason
    one = await Build.objects.aget()
    printed = " ".join(text for lines in one.output.values() for _, text in lines)
    assert "hello world" in printed
    assert "docker build --tag" in one.settings["line"]
    assert one.settings["line"].endswith(" .")


async def test_an_upload_is_of_no_use_to_others_and_hostile_ones_are_refused(
    ada: User, nora: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    token = (await send(client, b"x"))["token"]
    assert (await send(async_client_for(nora), b"x", token=token, at="1"))["status"] == 403
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=host, rights=["build"])
    other = async_client_for(nora)
    assert "not kept" in (await send(other, b"x", token=token, at="1"))["error"]
    answer = await other.post("/builds/new/", form(host, "FROM busybox\n", upload=token), headers=HTMX)
    assert answer.status_code == 422
    assert "leads out" in (await send(client, b'[["../../x", 1]]', token=token, end="files"))["error"]
    for query in ({"at": "-1"}, {"at": "x"}, {"end": "files"}, {"end": "archive"}):
        fresh = (await send(client, b"x"))["token"]
        assert (await send(client, b"{", token=fresh, **query))["status"] == 400


async def test_a_build_is_compared_with_the_one_before(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client, tag = async_client_for(ada), f"pilothouse-build/compared-{secrets.token_hex(4)}:1"
    text = f"FROM busybox\nRUN sleep 1; echo {secrets.token_hex(4)} > /x\n"
    first = await begun(client, host, text, tag=tag)
    await ended(key_of(first))
    second = await begun(client, host, text, tag=tag)
    await ended(key_of(second))
    page = (await client.get(second)).content.decode()
    assert "s faster than before" in page
    assert "as large as before" in page
    assert f'href="{first}"' in page
    assert "before:" not in (await client.get(first)).content.decode()


async def test_a_build_secret_is_nowhere_afterwards(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    text = f"FROM busybox\nRUN --mount=type=secret,id=token cat /run/secrets/token; : {secrets.token_hex(4)}; exit 1\n"
    answer = await client.post("/builds/new/?check=1", form(host, text, check="1", mounts="token=hunter22"))
    assert "--secret id=token" in answer.content.decode()
    assert "hunter22" not in answer.content.decode()
    wrong = await client.post("/builds/new/", form(host, "", mounts="token=hunter22"), headers=HTMX)
    address = await begun(client, host, text, mounts="token=hunter22")
    job = await ended(key_of(address))
    one = await Build.objects.aget()
    assert "•" in str(one.output)
    kept = [job.title, job.reason, str(job.result), *[line.text async for line in job.lines.all()]]
    kept += [str(entry.detail) async for entry in AuditEntry.objects.all()]
    kept += [json.dumps([one.settings, one.steps, one.output, one.failure, one.warnings]), wrong.content.decode()]
    kept += [
        (await client.get(path)).content.decode() for path in (address, "/builds/", f"/builds/new/?repeat={job.key}")
    ]
    assert not any("hunter22" in text for text in kept)
