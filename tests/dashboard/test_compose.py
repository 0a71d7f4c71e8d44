"""Compose projects from the page, on a real engine: looked at, deployed, changed, gone back to, kept from others."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.compose import deploy
from clusters.compose.check import Checked
from clusters.compose.versions import keep
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.models import AuditEntry, Cluster, ComposeVersion, Job
from dashboard.engine import engine
from tests.clusters.docker_engine import unix
from tests.real import need

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
HTMX = {"HX-Request": "true"}
CANARY = "hunter22-canary"
TEXT = """services:
  web:
    image: busybox:latest
    command: sleep ${SECONDS_TO_SLEEP:-1000}
    init: true
    stop_grace_period: 0s
    environment:
      STORE_PASSWORD: ${STORE_PASSWORD:?from Ada}
    volumes: [data:/data]
    depends_on: [store]
  store:
    image: busybox:latest
    command: sleep 1000
    init: true
    stop_grace_period: 0s
volumes:
  data:
"""


@pytest_asyncio.fixture
async def host(transactional_db: None, docker_socket: str) -> AsyncIterator[Cluster]:
    from clusters.compose.program import find_program

    found = await find_program()
    need("compose", not found.why_not, f"{found.why_not} {found.install}")
    one = await Cluster.objects.acreate(
        name="Host", slug="host", driver="docker", platform="docker", settings={"address": f"unix://{docker_socket}"}
    )
    await engine.start()
    async with asyncio.timeout(10):
        while one.pk not in engine.supervisor.connections or not engine.supervisor.connections[one.pk].about:
            await asyncio.sleep(0.02)
    yield one
    await engine.stop()


@pytest_asyncio.fixture
async def name(docker_socket: str) -> AsyncIterator[str]:
    made = f"pilothouse-compose-{secrets.token_hex(4)}"
    yield made
    driver = unix(docker_socket)
    for one in await containers(driver, made):
        await driver.call(Call("DELETE", ("containers", one["Id"]), {"force": "1", "v": "1"}))
    for section, key in (("networks", ""), ("volumes", "Volumes")):
        listed = await driver.call(Call("GET", (section,), {"filters": filters(made)}))
        for one in (listed[key] if key else listed) or []:
            with suppress(ClusterError):
                await driver.call(Call("DELETE", (section, one["Name"])))
    await driver.close()


def filters(name: str) -> str:
    return json.dumps({"label": [f"com.docker.compose.project={name}"]})


async def containers(driver: Driver, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await driver.call(
        Call("GET", ("containers", "json"), {"all": "1", "filters": filters(name)})
    )
    return found


def form(host: Cluster, name: str, text: str = TEXT, **values: str) -> dict[str, str]:
    return {"cluster": str(host.pk), "name": name, "text": text, **values}


async def looked(client: AsyncClient, given: dict[str, str]) -> str:
    answer = await client.post("/compose/", {**given, "do": "check"}, headers=HTMX)
    return str(answer.content.decode())


async def deployed(client: AsyncClient, given: dict[str, str]) -> Job:
    page = await looked(client, given)
    seal = re.search(r'name="seal" value="([0-9a-f]{64})"', page)
    assert seal, page
    answer = await client.post("/compose/", {**given, "do": "deploy", "seal": seal[1]}, headers=HTMX)
    assert "HX-Redirect" in answer.headers, answer.content.decode()
    return await ended(str(answer.headers["HX-Redirect"]).strip("/").split("/")[-1])


async def ended(key: str) -> Job:
    async with asyncio.timeout(60):
        while (job := await Job.objects.aget(key=key)).state == "running":
            await asyncio.sleep(0.05)
    return job


async def test_it_is_looked_at_deployed_changed_and_gone_back_to(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor, docker_socket: str
) -> None:
    client, driver = async_client_for(ada), unix(docker_socket)
    missing = await looked(client, form(host, name))
    assert "STORE_PASSWORD needs a value: from Ada" in missing
    given = form(host, name, **{"value-STORE_PASSWORD": CANARY})
    ahead = await looked(client, given)
    assert f"{name}-web-1" in ahead
    assert "Created" in ahead
    assert "STORE_PASSWORD: ••••••" in ahead  # as the program reads it, its values filled in
    assert CANARY not in ahead
    assert "what looks like a secret" not in ahead  # the text asks for it
    assert not await containers(driver, name)  # looking changes nothing
    assert not await Job.objects.aexists()

    first = await deployed(client, given)
    assert (first.state, first.reason) == ("done", "")
    assert "2 containers created" in first.result["words"]
    running = await containers(driver, name)
    assert {one["State"] for one in running} == {"running"}
    assert len(running) == 2

    # Another text: what it makes anew and what it leaves is told before, and so it comes.
    changed = {**given, "version": "1", "of": str(host.pk), "value-SECONDS_TO_SLEEP": "2000"}
    del changed["value-STORE_PASSWORD"]  # left empty, it stays as it was
    told = await looked(client, changed)
    assert "Re-created" in told
    assert "What differs of <bdi>web</bdi>" in told
    assert re.search(r"<td>sleep 1000</td>\s*<td>sleep 2000</td>", told)
    assert "Left as it is" in told
    second = await deployed(client, changed)
    assert "1 container re-created, 1 container left" in second.result["words"]

    # Back by one click: the first text with its values, also from one that nobody can open any more.
    await ComposeVersion.objects.filter(number=2).aupdate(sealed=b"with a key that is lost")
    compared = f"/compose/compare/?cluster=host&name={name}&version=1&back=1"
    dialog = (await client.get(compared, headers=HTMX)).content.decode()
    assert "The text of version 2, the newest, cannot be read any more" in dialog
    assert "Go back to 1</button>" in dialog
    versions = (await client.get(f"/compose/versions/?cluster=host&name={name}")).content.decode()
    assert "Go back to this" in versions
    back = await client.post("/compose/back/", {"cluster": str(host.pk), "name": name, "version": "1"}, headers=HTMX)
    third = await ended(str(back.headers["HX-Redirect"]).strip("/").split("/")[-1])
    assert third.state == "done"
    commands = {one["Command"] for one in await containers(driver, name)}
    assert commands == {"sleep 1000"}
    assert [one async for one in ComposeVersion.objects.values_list("number", flat=True)] == [3, 2, 1]

    # The secret is on no page, in no line, not in the audit, and sealed in the database.
    edit = (await client.get(f"/compose/?cluster=host&name={name}&version=last")).content.decode()
    assert "Stored. Leave it empty to keep it." in edit
    job_page = (await client.get(f"/jobs/{first.key}/")).content.decode()
    kept = b"".join([bytes(one.sealed) async for one in ComposeVersion.objects.all()])
    audited = str([one async for one in AuditEntry.objects.values()])
    for shown in (versions, edit, job_page, audited, str(kept)):
        assert CANARY not in shown
    entries = [one async for one in AuditEntry.objects.filter(verb="deploy").values_list("stage", "result")]
    assert sorted(entries) == sorted([("intent", ""), ("outcome", "done")] * 3)
    await driver.close()


async def test_what_cannot_be_brought_to_its_end_is_told_truthfully(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    text = "services:\n  a:\n    image: busybox:latest\n    command: [/no/such/program]\n    restart: 'no'\n"
    job = await deployed(client, form(host, name, text))
    assert job.state == "failed"
    assert "/no/such/program" in job.result["detail"]
    assert "By then: 1 container created" in job.result["hint"]
    gone = await looked(client, form(host, name, text.replace("busybox:latest", "127.0.0.1:1/nothing:1")))
    assert "This is not" not in gone
    assert 'name="seal"' not in gone

    # What ends a moment after it was started: the job says so, and Home leads back to the version that was well.
    well = text.replace("[/no/such/program]", "sleep 1000\n    init: true\n    stop_grace_period: 0s")
    assert (await deployed(client, form(host, name, well))).state == "done"
    job = await deployed(client, form(host, name, text.replace("[/no/such/program]", "sh -c 'sleep 0.3; exit 3'")))
    assert (job.state, f"{name}-a-1 ended with code 3." in job.reason) == ("failed", True), job.reason
    assert [one async for one in job.lines.filter(text__startswith="Does it stay up? 0 of 1 container well")]
    way = f"/compose/compare/?cluster=host&amp;name={name}&amp;version=2&amp;back=1"
    async with asyncio.timeout(15):
        while way not in (home := (await client.get("/")).content.decode()):
            await asyncio.sleep(0.1)
    assert "Go back to version 2" in home
    assert f"version 3 of {name} came." in home
    assert "Go back to version 2 of" in (await client.get(way.replace("&amp;", "&"), headers=HTMX)).content.decode()
    back = await client.post("/compose/back/", {"cluster": str(host.pk), "name": name, "version": "2"}, headers=HTMX)
    assert (await ended(str(back.headers["HX-Redirect"]).strip("/").split("/")[-1])).state == "done"


async def test_it_is_checked_while_it_is_typed(ada: User, host: Cluster, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    text = TEXT.replace("    init: true\n", "    xinit: true\n", 1)
    found = (await client.post("/compose/check/", form(host, "", text))).json()
    assert found["problems"] == [{"line": 5, "words": "“xinit” is not known here.", "level": "error"}]
    fields = (await client.post("/compose/values/", form(host, "", TEXT))).content.decode()
    assert re.search(r'type="password"[^>]*name="value-STORE_PASSWORD"', fields)
    assert re.search(r'type="text"[^>]*name="value-SECONDS_TO_SLEEP"[^>]*placeholder="1000"', fields)


async def test_while_it_is_typed_a_name_that_is_not_there_yet_is_no_fault_of_the_text(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    text = "name: shop\nservices: {a: {image: busybox}}\n"
    for name, wrong in (("", []), ("My Shop", []), ("shop", []), ("other", [1])):
        found = (await client.post("/compose/check/", form(host, name, text))).json()
        assert [one["line"] for one in found["problems"]] == wrong, name
    broken = (await client.post("/compose/check/", form(host, "My Shop", text + "foo: 1\n"))).json()
    assert [one["line"] for one in broken["problems"]] == [3]


async def test_a_key_of_many_lines_can_be_given_whole_or_not_at_all(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = async_client_for(ada)
    text = "services: {a: {image: 'busybox:latest'}}\nsecrets: {tls: {environment: PEM}}\n"
    fields = (await client.post("/compose/values/", form(host, name, text, **{"value-PEM": CANARY}))).content.decode()
    assert re.search(r'<textarea[^>]*data-masked[^>]*name="value-PEM"', fields)
    assert CANARY not in fields
    assert "maxlength" not in fields
    key = "-----BEGIN KEY-----\r\n" + "x" * 9000
    assert 'name="seal"' in await looked(client, form(host, name, text, **{"value-PEM": key}))
    long = form(host, name, text, **{"value-PEM": "x" * 70_000})
    assert "PEM is longer than 64 KiB" in await looked(client, long)
    assert (await client.post("/compose/values/", long)).status_code == 200

    # Stored, it is told to nobody, whatever another text asks for it.
    job = await Job.objects.acreate(key="0" * 32, title="Deploy", verb="deploy", actor=ada, cluster=host)
    await keep(job, host.pk, name, text, {"PEM": CANARY})
    other = form(host, name, "services: {a: {image: 'busybox:latest', labels: {x: '${PEM}'}}}")
    told = await looked(client, {**other, "of": str(host.pk), "version": "last"})
    assert "x: ••••••" in told
    assert CANARY not in told
    own = {**other, "of": str(host.pk), "version": "last", "value-PEM": "typed now"}
    assert "x: typed now" in await looked(client, own)

    # And where that text was deployed: it is a secret of that project in every later version.
    await keep(job, host.pk, name, other["text"], {"PEM": CANARY})
    edit = (await client.get(f"/compose/?cluster=host&name={name}&version=last")).content.decode()
    assert 'name="value-PEM"' in edit
    assert CANARY not in edit

    # Another one that is typed is in no line of the job either, also where no version was opened.
    asked: list[Checked] = []

    async def begin(*given: Any) -> str:
        asked.append(given[3])
        return job.key

    monkeypatch.setattr(deploy, "begin", begin)
    typed = {**other, "value-PEM": "typed now"}
    seal = re.search(r'name="seal" value="([0-9a-f]{64})"', await looked(client, typed))
    assert seal
    await client.post("/compose/", {**typed, "do": "deploy", "seal": seal[1]}, headers=HTMX)
    assert asked[0].hide("x: typed now") == "x: •••"
