"""Stacks from the page, on a real Swarm: looked at, deployed, changed, gone back to, kept from others."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.compose.versions import keep, open_version
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.kinds.swarm import service_rollout
from clusters.kinds.swarm.base import STACK, change_spec
from clusters.kinds.swarm.service_model import tagged
from clusters.models import AuditEntry, Cluster, Grant, Job
from clusters.stacks.deploy import versions_name
from clusters.stacks.program import find_docker
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.dashboard.test_swarm import manager, until
from tests.real import need

__all__ = ["manager"]
pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
ClientFor = Callable[[User], AsyncClient]
HTMX = {"HX-Request": "true"}
SECRET = "hunter22-canary"
TEXT = """services:
  web:
    image: busybox:latest
    command: sleep ${SECONDS_TO_SLEEP:-1000}
    stop_grace_period: 0s
    secrets: [password]
    deploy: {endpoint_mode: dnsrr}
  store:
    image: busybox:latest
    command: sleep 1000
    stop_grace_period: 0s
    deploy: {endpoint_mode: dnsrr}
secrets:
  password:
    environment: STORE_PASSWORD
"""


@pytest_asyncio.fixture
async def swarm(manager: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    found = await find_docker()
    need("compose", not found.why_not, f"{found.why_not} {found.install}")
    monkeypatch.setattr(service_rollout, "STAYS", 0.2)
    monkeypatch.setattr(service_rollout, "EVERY", 0.2)
    await until(
        lambda: (
            manager.pk in engine.supervisor.connections and "stack" in engine.supervisor.connections[manager.pk].stores
        )
    )
    return manager


@pytest_asyncio.fixture
async def name(swarm: Cluster) -> AsyncIterator[str]:
    made = a_name()
    yield made
    driver = engine.supervisor.driver(swarm.pk)
    for collection in ("services", "secrets", "networks"):
        for one in await _of(driver, collection, made):
            async with asyncio.timeout(20):
                while await _still(driver, collection, str(one.get("ID") or one.get("Id"))):
                    await asyncio.sleep(0.2)


async def _still(driver: Driver, collection: str, uid: str) -> bool:
    with suppress(ClusterError):
        await driver.call(Call("DELETE", (collection, uid)))
    try:
        await driver.call(Call("GET", (collection, uid)))
    except ClusterError:
        return False
    return collection != "services"


async def _of(driver: Driver, collection: str, stack: str) -> list[Any]:
    query = {"filters": json.dumps({"label": [f"{STACK}={stack}"]})}
    return list(await driver.call(Call("GET", (collection,), query)) or ())


def _form(swarm: Cluster, name: str, text: str = TEXT, **more: str) -> dict[str, str]:
    return {"cluster": str(swarm.pk), "name": name, "text": text, "value-STORE_PASSWORD": SECRET, **more}


async def _look(client: AsyncClient, form: dict[str, str]) -> str:
    return (await client.post("/stacks/", {**form, "do": "check"}, headers=HTMX)).content.decode()


def _fates(page: str) -> dict[str, str]:
    rows = re.findall(r'<span class="mono">([^<]+)</span></th>\s*<td><span class="tag"[^>]*>([^<]+)<', page)
    return {found.partition("_")[2]: fate for found, fate in rows}


async def _deployed(client: AsyncClient, form: dict[str, str], ahead: str) -> Job:
    seal = re.search(r'name="seal" value="([0-9a-f]+)"', ahead)
    assert seal
    await client.post("/stacks/", {**form, "do": "deploy", "seal": seal[1]}, headers=HTMX)
    return await _ended()


async def _ended() -> Job:
    async with asyncio.timeout(40):
        while (job := await Job.objects.alatest("id")).state == "running":
            await asyncio.sleep(0.05)
    return job


async def _removed(client: AsyncClient, swarm: Cluster, name: str) -> Any:
    store = engine.supervisor.connections[swarm.pk].stores["stack"]
    with engine.supervisor.connections[swarm.pk].wanted("stack"):
        await until(lambda: name in store.resources)
        return await client.post("/act/", {"verb": "remove", "rows": f"{swarm.pk}~stack~{name}"}, headers=HTMX)


async def test_a_stack_is_looked_at_deployed_changed_and_gone_back_to(
    ada: User, nora: User, vera: User, swarm: Cluster, name: str, async_client_for: ClientFor
) -> None:
    client, driver = async_client_for(ada), engine.supervisor.driver(swarm.pk)
    ahead = await _look(client, _form(swarm, name))
    assert _fates(ahead) == {"default": "Created", "password": "Created", "store": "Created", "web": "Created"}
    assert await _of(driver, "services", name) == []  # nothing was made by looking
    assert 'href="/stacks/' in (await client.get("/palette/?q=deploy+stack")).content.decode()
    assert 'href="/stacks/?cluster=box"' in (await client.get("/clusters/box/")).content.decode()

    job = await _deployed(client, _form(swarm, name), ahead)
    assert (job.state, job.reason) == ("done", "")
    assert len(await _of(driver, "services", name)) == 2
    lines = "\n".join([line.text async for line in job.lines.all()])
    assert f"Creating service {name}_web" in lines
    assert "This is version 1" in lines
    entries = [str(entry.detail) async for entry in AuditEntry.objects.filter(verb="deploy")]
    assert entries
    assert SECRET not in "".join([lines, *entries])

    again = await _look(client, _form(swarm, name))
    assert set(_fates(again).values()) == {"Left as it is"}
    assert SECRET not in again
    alone = TEXT.replace(TEXT[TEXT.index("  store:") : TEXT.index("secrets:\n  password")], "").replace(
        ":-1000", ":-900"
    )
    changed = await _look(client, _form(swarm, name, alone))
    assert _fates(changed)["web"] == "Changed"
    assert _fates(changed)["store"] == "Removed"
    assert "sleep 1000" in changed
    assert "sleep 900" in changed

    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=swarm, namespaces=["other"], rights=["compose"])
    refused = await async_client_for(nora).post("/stacks/", {**_form(swarm, name), "do": "check"}, headers=HTMX)
    assert refused.status_code == 422
    power = TEXT.replace("    secrets: [password]", "    volumes: ['/etc:/etc']")
    told = await _look(async_client_for(nora), _form(swarm, "other", power))
    assert "uses the folder /etc of the machine" in told
    assert not await _of(driver, "services", "other")

    # Whoever may deploy in this stack only may go on with it, and gets nothing of others.
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=swarm, namespaces=[name], rights=["compose"])
    more = TEXT.replace("    secrets: [", "    networks: [front]\n    volumes: ['data:/data']\n    secrets: [", 1)
    more += "networks: {front: {}}\nvolumes: {data: {}}\n"
    own = _fates(await _look(async_client_for(nora), _form(swarm, name, more)))
    assert (own["front"], own["web"], own["password"]) == ("Created", "Changed", "Left as it is")
    others = more.replace("front: {}", "front: {external: true, name: ingress}")
    told = await _look(async_client_for(nora), _form(swarm, name, others))
    assert "Only who may deploy on all of that Swarm may do that" in told
    assert "uses the network ingress, which is not of this stack" in told

    shown = (await client.get(f"/stacks/versions/?cluster=box&name={name}")).content.decode()
    assert "Deploy again" in shown
    back = {"cluster": str(swarm.pk), "name": name, "version": "1"}
    with engine.gateway.reservations.held(swarm.pk, "stack", name, "removed", job.key):
        for refused in (await client.post("/stacks/back/", back, headers=HTMX), await _removed(client, swarm, name)):
            said = refused.content.decode()
            assert f"{name} is being removed already." in said
            assert f'href="/jobs/{job.key}/">Open its job' in said
    await client.post("/stacks/back/", back, headers=HTMX)
    assert (await _ended()).state == "done"
    assert len(await _of(driver, "services", name)) == 2
    page = (await client.get(f"/stacks/?cluster=box&name={name}&version=last")).content.decode()
    assert "Stored. Leave it empty to keep it." in page
    assert SECRET not in page

    # Rolled out, another image is one new version of its text; what was scaled stays so, and nobody else sees the text.
    web = next(one for one in await _of(driver, "services", name) if one["Spec"]["Name"] == f"{name}_web")
    await change_spec(driver, "services", web["ID"], lambda spec: spec["Mode"].update(Replicated={"Replicas": 2}))
    await Grant.objects.acreate(user=vera, role=Role.VIEWER, cluster=swarm, namespaces=[], rights=[])
    job = await _rolled_out(client, async_client_for(vera), swarm, name)
    assert (job.state, job.reason, job.title) == ("done", "", "Roll out busybox:1.35 to 1 place")
    newest = await open_version(swarm.pk, versions_name(name))
    assert newest.scale == {"web": 2}
    assert newest.text == TEXT.replace("busybox:latest", "busybox:1.35")
    for one in await _of(driver, "services", name):
        assert tagged(one["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]) == "busybox:1.35"
        assert one["Spec"]["Mode"]["Replicated"]["Replicas"] == (2 if one["ID"] == web["ID"] else 1)
    await _is_known_by_another_manager(client, async_client_for(vera), swarm, vera, name)


async def _is_known_by_another_manager(
    client: AsyncClient, viewer: AsyncClient, swarm: Cluster, vera: User, name: str
) -> None:
    """A Swarm that is connected through two managers: the second one leads to the first, for who may look there."""
    twin = await Cluster.objects.acreate(
        name="Twin", slug="twin", driver="docker", platform="swarm", settings=swarm.settings
    )
    await engine.connect(twin)
    await until(lambda: "stack" in engine.supervisor.connections[twin.pk].stores)
    with (
        engine.supervisor.connections[twin.pk].wanted("stack"),
        engine.supervisor.connections[swarm.pk].wanted("stack"),
    ):
        await until(lambda: name in engine.supervisor.connections[twin.pk].stores["stack"].resources)
        page = (await client.get(f"/clusters/twin/stack/{name}/")).content.decode()
        assert "has its text and its versions" in page
        assert f'href="/clusters/box/stack/{name}/"' in page
        assert "Deploy its text" not in page
        await Grant.objects.filter(user=vera).aupdate(cluster=twin, rights=["compose"], role=Role.OPERATOR)
        hidden = (await viewer.get(f"/clusters/twin/stack/{name}/")).content.decode()
        assert "Deploy its text" in hidden
        assert "/clusters/box/" not in hidden, "what is not shared with them is not told"


async def _rolled_out(client: AsyncClient, viewer: AsyncClient, swarm: Cluster, name: str) -> Job:
    """By the page that lists where an image runs: the stack is one place, whose text differs."""
    connection = engine.supervisor.connections[swarm.pk]
    with connection.wanted("image", "swarm-service", "stack"):
        stores: Any = connection.stores

        def image() -> str:
            held = stores["image"].resources.values()
            return next((one.uid for one in held if "busybox:1.35" in one.tags), "")

        def is_scaled() -> bool:
            return any((one.namespace, one.replicas) == (name, 2) for one in stores["swarm-service"].resources.values())

        asked = {"row": f"{swarm.pk}~image~{await until(image)}", "image": "busybox:1.35"}
        await until(is_scaled)
        page = (await client.get("/images/roll-out/", asked)).content.decode()
        key = re.search(rf'value="({swarm.pk}~stack~{name}~\d+)"', page)
        assert key, page
        assert f">{name}_web<" not in page, "its services do not change by themselves"
        place = {**asked, "place": key[1]}
        text = (await client.get("/images/roll-out/text/", place, headers=HTMX)).content.decode()
        assert "busybox:1.35" in text
        assert "Copies, which stay as they were scaled" in text
        assert SECRET not in text
        hidden = (await viewer.get("/images/roll-out/text/", place, headers=HTMX)).content.decode()
        assert 'role="alert"' in hidden
        assert "sleep" not in hidden, "whoever may only look gets no text"
        key = re.search(r"/jobs/(\w+)/", (await client.post("/images/roll-out/", place))["Location"])
        assert key
        async with asyncio.timeout(150):
            while (job := await Job.objects.aget(key=key[1])).state == "running":
                await asyncio.sleep(0.1)
        return job


async def test_the_versions_of_a_stack_that_was_removed_are_found_again(
    ada: User, swarm: Cluster, name: str, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    job = await Job.objects.acreate(key="0" * 32, title="Deploy", verb="deploy", cluster=swarm, actor=ada, state="done")
    await keep(job, swarm.pk, versions_name(name), TEXT, {})
    page = (await client.get("/stacks/")).content.decode()
    assert f'href="/stacks/versions/?cluster=box&amp;name={name}"' in page
    await keep(
        job, swarm.pk, versions_name(name), TEXT.replace("${SECONDS", "${MORE_SECONDS"), {"STORE_PASSWORD": SECRET}
    )
    versions = (await client.get(f"/stacks/versions/?cluster=box&name={name}")).content.decode()
    assert f'href="/clusters/box/stack/{name}/"' not in versions, "that page is not there"
    where = f"/stacks/compare/?cluster=box&name={name}"
    for asked, words in (
        (f"{where}&version=2", "What version 2"),
        (f"{where}&version=1&back=1", "Go back to version 1"),
    ):
        differ = (await client.get(asked, headers=HTMX)).content.decode()
        assert words in differ
        assert 'action="/stacks/back/"' in differ
        assert "MORE_" in differ
        assert "STORE_PASSWORD" in differ
        assert SECRET not in differ
