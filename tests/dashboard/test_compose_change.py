"""A project that runs, on a real engine: scaled, compared, taken down with and without its volumes, brought back."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call, Driver
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, ComposeVersion, Grant, Job
from dashboard.engine import engine
from tests.clusters.docker_engine import unix
from tests.dashboard.test_compose import HTMX, containers, deployed, ended, filters, form, host, looked, name

__all__ = ["host", "name"]  # the fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]
TEXT = """services:
  web:
    image: busybox:latest
    command: sleep 1000
    init: true
    stop_grace_period: 0s
    volumes: [data:/data, /cache]
volumes:
  data:
"""


def row(host: Cluster, name: str) -> str:
    return f"{host.pk}~project~{name}"


async def seen(host: Cluster, name: str, *, there: bool = True) -> None:
    """Until the live list tells of it, or no longer does."""
    connection = engine.supervisor.connections[host.pk]
    with connection.wanted("project"):
        async with asyncio.timeout(10):
            while (name in connection.stores["project"].resources) != there:
                await asyncio.sleep(0.02)


async def acted(client: AsyncClient, host: Cluster, name: str, verb: str, **values: str) -> Any:
    return await client.post("/act/", {"verb": verb, "rows": row(host, name), **values}, headers=HTMX)


async def begun(answer: Any) -> Job:
    assert "HX-Redirect" in answer.headers, answer.content.decode()
    return await begun_at(str(answer.headers["HX-Redirect"]))


async def volumes(driver: Driver, name: str) -> list[str]:
    found = await driver.call(Call("GET", ("volumes",), {"filters": filters(name)}))
    return [one["Name"] for one in found["Volumes"] or ()]


async def test_it_is_scaled_taken_down_brought_back_and_at_last_goes_with_its_data(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor, docker_socket: str
) -> None:
    client, driver = async_client_for(ada), unix(docker_socket)
    assert (await deployed(client, form(host, name, TEXT))).state == "done"
    await seen(host, name)

    # Two copies; a version of its own remembers them, and what is deployed anew keeps them.
    dialog = (await client.get(f"/compose/scale/?row={row(host, name)}&service=web", headers=HTMX)).content.decode()
    assert "It has 1 copy now" in dialog
    first = {one["Id"] for one in await containers(driver, name)}
    asked = {"row": row(host, name), "service": "web", "copies": "2"}
    job = await begun(await client.post("/compose/scale/", asked, headers=HTMX))
    assert (job.state, job.title) == ("done", f"Scale web of {name} to 2 copies")
    both = {one["Id"] for one in await containers(driver, name)}
    assert len(both) == 2
    assert first < both, "the one that was there was made anew"
    again = (await client.get(f"/compose/?cluster=host&name={name}&version=last")).content.decode()
    assert re.search(r'name="copies-web" value="2"', again)
    assert "Left as it is" in await looked(client, {**form(host, name, TEXT), "copies-web": "2"})
    for wrong in ("101", "-1", ""):
        answer = await client.post("/compose/scale/", {**asked, "copies": wrong}, headers=HTMX)
        assert (answer.status_code, "a number from 0 to 100" in answer.content.decode()) == (422, True)

    # Down without volumes: everything is named, the data stays, its versions lead back.
    dialog = (await client.get(f"/act/?verb=down&rows={row(host, name)}", headers=HTMX)).content.decode()
    for part in (f"{name}-web-1", f"{name}-web-2", f"{name}_default", f"1 volume ({name}_data) stays with its data"):
        assert part in dialog
    job = await begun(await acted(client, host, name, "down"))
    assert job.state == "done"
    assert f"2 containers removed, 1 network removed. 1 volume ({name}_data) stays" in job.result["words"]
    assert [line.text async for line in job.lines.filter(text__contains="web-1")]
    assert not await containers(driver, name)
    assert await volumes(driver, name) == [f"{name}_data"]
    back = {"cluster": str(host.pk), "name": name, "version": "2"}
    job = await begun(await client.post("/compose/back/", back, headers=HTMX))
    assert job.state == "done"
    assert len(await containers(driver, name)) == 2, "the copies of that version are forgotten"
    notes = [one async for one in ComposeVersion.objects.values_list("note", flat=True)]
    assert notes == ["As version 2", f"Scale web of {name} to 2 copies", ""]

    # One thing at a time: a second one hears what is done, and where its job is.
    await seen(host, name)
    with engine.gateway.reservations.held(host.pk, "project", name, "scaled", job.key):
        offered = await client.get(f"/act/?verb=down&rows={row(host, name)}", headers=HTMX)
        for held in (
            offered,
            await acted(client, host, name, "down"),
            await client.post("/compose/back/", back, headers=HTMX),
        ):
            words = held.content.decode()
            assert f"{name} is being scaled already." in words
            assert f'href="/jobs/{job.key}/">Open its job' in words

    # Down with volumes: only for who says that the data may be lost.
    dialog = (await client.get(f"/act/?verb=down-volumes&rows={row(host, name)}", headers=HTMX)).content.decode()
    assert "is deleted with all that is in it" in dialog
    refused = await acted(client, host, name, "down-volumes")
    assert (refused.status_code, "may be lost" in refused.content.decode()) == (422, True)
    assert len(await containers(driver, name)) == 2
    job = await begun(await acted(client, host, name, "down-volumes", lose="1"))
    assert (job.state, await volumes(driver, name)) == ("done", [])
    assert "1 volume removed, 2 volumes without a name removed" in job.result["words"]
    await seen(host, name, there=False)
    assert name in (await client.get("/compose/")).content.decode()
    gone = (await client.get(f"/compose/versions/?cluster=host&name={name}")).content.decode()
    assert "Each of its versions brings it back" in gone
    ends = AuditEntry.objects.filter(verb__startswith="down", stage="outcome").values_list("verb", "result")
    assert sorted([one async for one in ends]) == [("down", "done"), ("down-volumes", "done")]
    await driver.close()


async def test_a_project_of_others_is_taken_down_by_its_labels_and_what_is_still_used_is_said(
    ada: User, vera: User, host: Cluster, name: str, async_client_for: ClientFor, docker_socket: str
) -> None:
    client, driver = async_client_for(ada), unix(docker_socket)
    label = {"com.docker.compose.project": name}
    network = {"Name": f"{name}_net", "Labels": {**label, "com.docker.compose.network": "net"}}
    volume = {"Name": f"{name}_data", "Labels": {**label, "com.docker.compose.volume": "data"}}
    await driver.call(Call("POST", ("networks", "create"), body=network))
    await driver.call(Call("POST", ("volumes", "create"), body=volume))
    of_service = {"service": "web", "container-number": "1", "oneoff": "False", "config-hash": "0"}
    labels = {**label, **{f"com.docker.compose.{key}": value for key, value in of_service.items()}}
    body = {"Image": "busybox:latest", "Cmd": ["sleep", "1000"], "HostConfig": {"NetworkMode": f"{name}_net"}}
    where = ("containers", "create")
    await driver.call(Call("POST", where, {"name": f"{name}-web-1"}, body={**body, "Labels": labels}))
    other = await driver.call(Call("POST", where, {"name": f"{name}-guest"}, body=body))
    await driver.call(Call("POST", ("containers", other["Id"], "start")))
    try:
        await seen(host, name)
        page = (await client.get(f"/clusters/host/project/{name}/")).content.decode()
        assert re.search(r"Scale web\"[^>]*disabled[^>]*not deployed from here", page)
        editor = f"/compose/?cluster=host&name={name}"
        assert f'href="{editor.replace("&", "&amp;")}"' in page, "its text can be put in"
        assert "so its text is not known" in (await client.get(editor)).content.decode()
        dialog = (await client.get(f"/act/?verb=down&rows={row(host, name)}", headers=HTMX)).content.decode()
        assert f"{name}-guest, which is not of this project: it cannot go" in dialog
        job = await begun(await acted(client, host, name, "down"))
        assert job.state == "failed"
        assert f"taken down in part: 1 container removed. Left: network {name}_net" in job.reason
        assert not await containers(driver, name)
    finally:
        await driver.call(Call("DELETE", ("containers", other["Id"]), {"force": "1"}))
    await Grant.objects.acreate(user=vera, role=Role.OPERATOR, cluster=host)
    answer = await acted(async_client_for(vera), host, name, "down")
    assert answer.status_code == 403, "without the right “Compose”"
    job = await begun(await acted(client, host, name, "down"))
    assert job.state == "done"
    assert await volumes(driver, name) == [f"{name}_data"]
    await driver.close()


async def test_ports_that_are_taken_are_told_before(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor, docker_socket: str
) -> None:
    client, driver = async_client_for(ada), unix(docker_socket)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    holder = {"Image": "busybox:latest", "Cmd": ["sleep", "1000"], "ExposedPorts": {"80/tcp": {}}}
    holder["HostConfig"] = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}}
    one = await driver.call(Call("POST", ("containers", "create"), {"name": f"{name}-holder"}, body=holder))
    try:
        await driver.call(Call("POST", ("containers", one["Id"], "start")))
        text = f"services:\n  web:\n    image: busybox:latest\n    ports: ['{port}:80']\n"
        told = await looked(client, {**form(host, name, text), "copies-web": "3"})
        assert f"port {port} of the machine is taken by the container {name}-holder" in told
        assert f"web publishes the port {port} of the machine: a port can be had by one copy only" in told
    finally:
        await driver.call(Call("DELETE", ("containers", one["Id"]), {"force": "1"}))
        await driver.close()


async def test_versions_are_compared_and_a_secret_is_only_said_to_be_another(
    ada: User, nora: User, host: Cluster, name: str, async_client_for: ClientFor
) -> None:
    from clusters.compose.versions import keep

    job = await Job.objects.acreate(key="0" * 32, title="x", verb="deploy", actor_id=ada.pk)
    values = {"DB_PASSWORD": "canary-1", "SIZE": "1"}
    await keep(job, host.pk, name, TEXT, values)
    values = {"DB_PASSWORD": "canary-2", "SIZE": "2"}
    await keep(job, host.pk, name, TEXT.replace("1000", "2000"), values, scale={"web": 3})
    client, where = async_client_for(ada), f"/compose/compare/?cluster=host&name={name}"
    for asked, words in ((f"{where}&version=2", "changed"), (f"{where}&version=1&back=1", "Go back to version 1")):
        page = (await client.get(asked, headers=HTMX)).content.decode()
        assert words in page
        assert re.search(r"sleep (1|2)000.*sleep (1|2)000", page, re.S)
        assert "••• (another)" in page
        assert "canary" not in page
        assert "as the text says" in page
    assert "the first that is kept" in (await client.get(f"{where}&version=1", headers=HTMX)).content.decode()
    assert (await client.get(f"{where}&version=7", headers=HTMX)).status_code == 404
    assert (await async_client_for(nora).get(f"{where}&version=1", headers=HTMX)).status_code == 404


async def begun_at(location: str) -> Job:
    return await ended(location.strip("/").split("/")[-1])
