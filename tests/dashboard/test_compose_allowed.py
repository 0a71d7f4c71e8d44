"""Compose projects from the page: who may deploy which text where, and what it takes on the machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, override_settings

from clusters.drivers.base import Call
from clusters.kinds.base import Role
from clusters.models import Cluster, ComposeVersion, Grant, Job
from tests.clusters.docker_engine import unix
from tests.dashboard.test_compose import HTMX, TEXT, form, host, looked, name

__all__ = ["host", "name"]  # the fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]


async def test_what_was_not_looked_at_is_not_deployed(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    given = {**form(host, name, "services: {a: {image: busybox}}"), "do": "deploy", "seal": "0" * 64}
    answer = await client.post("/compose/", given, headers=HTMX)
    assert answer.status_code == 422
    assert "Look again" in answer.content.decode()
    assert not await Job.objects.aexists()


async def test_each_may_what_was_granted(
    ada: User, nora: User, vera: User, host: Cluster, name: str, async_client_for: ClientFor, docker_socket: str
) -> None:
    await ComposeVersion.objects.acreate(cluster=host, project=name, number=1, sealed=b"x")
    edit = f"/compose/?cluster=host&name={name}&version=last"
    grant = await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=host, namespaces=[name])
    for person in (nora, vera):
        client = async_client_for(person)
        assert "no Docker host" in (await client.get("/compose/")).content.decode()
        assert (await client.get(edit)).status_code == 404
        assert (await client.post("/compose/check/", {"text": TEXT})).status_code == 404
        assert "no such host" in await looked(client, form(host, name))
    grant.rights = ["compose"]
    await grant.asave()
    client = async_client_for(nora)
    plain = "services:\n  a:\n    image: busybox:latest\n"
    assert 'name="seal"' in await looked(client, form(host, name, plain))
    assert 'name="seal"' not in await looked(client, form(host, f"{name}-other", plain))
    powerful = await looked(client, form(host, name, plain + "    privileged: true\n"))
    assert "Only administrators may do that: it is privileged" in powerful
    other = await looked(client, form(host, name, plain + "networks: {default: {external: true, name: other}}\n"))
    assert "not of this project alone" in other
    disk = f"{plain}    volumes: ['disk:/host']\nvolumes: {{disk: {{external: true, name: /}}}}\n"
    root = await looked(client, form(host, name, disk))
    assert "cannot be the name of a volume" in root
    # The name of that volume could be of this project; that it is not, only the engine knows.
    driver, text = unix(docker_socket), f"{plain}    volumes: ['b_data:/d']\nvolumes: {{b_data: }}\n"
    owner = {"com.docker.compose.project": f"{name}_b"}
    assert 'name="seal"' in await looked(client, form(host, name, text))
    await driver.call(Call("POST", ("volumes", "create"), body={"Name": f"{name}_b_data", "Labels": owner}))
    try:
        told = await looked(client, form(host, name, text))
    finally:
        await driver.call(Call("DELETE", ("volumes", f"{name}_b_data")))
        await driver.close()
    assert f"volume {name}_b_data, which is not of this project alone" in told
    told = plain + "    privileged: true\n    environment: {API_TOKEN: canary}\n"
    ahead = await looked(async_client_for(ada), form(host, name, told))
    assert "For administrators only: it is privileged" in ahead
    assert (
        "what looks like a secret, and whoever may see it, or inspect its containers, can read it: API_TOKEN of a"
        in ahead
    )
    assert 'name="seal"' in ahead, "it may be deployed all the same"


async def test_without_the_program_the_page_says_how_to_install_it(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    with override_settings(COMPOSE="/nowhere/docker-compose"):
        page = (await async_client_for(ada).get("/compose/")).content.decode()
        assert "apt-get install docker-compose-plugin" in page
        assert "no program at /nowhere" in await looked(async_client_for(ada), form(host, "shop"))
