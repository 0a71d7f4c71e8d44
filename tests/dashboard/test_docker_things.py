"""Images, networks, volumes, projects and hosts as people meet them: found, opened, acted on, and cleaned up by a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant, Job
from dashboard.engine import engine

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
HOST = "/clusters/host/host/demo-host/"
CLEAN = "/clean/host/host/volumes/demo-host/"


@pytest_asyncio.fixture
async def host(db: Any) -> AsyncIterator[Cluster]:
    """The demonstration's Docker host, connected."""
    row = await Cluster.objects.acreate(
        name="Host", slug="host", driver="demo", platform="docker", settings={"shape": "docker", "seed": 7}
    )
    await engine.connect(row)
    yield row
    await engine.supervisor.close()


async def text(client: AsyncClient, where: str) -> str:
    answer = await client.get(where)
    assert answer.status_code == 200, (where, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("/clusters/host/volume/shop/shop_db/", "shop-db-1"),
        ("/clusters/host/volume/shop_db/", "shop-db-1"),
        ("/clusters/host/network/shop/shop_default/", "shop-web-1"),
        ("/clusters/host/image/registry.example/library/postgres:17.2/", "linux/amd64"),
        ("/clusters/host/image/registry.example/library/postgres:17.2/?panel=layers", "apk add"),
        ("/clusters/host/project/shop/", "/srv/shop/compose.yaml"),
        ("/clusters/host/project/shop/?panel=usage", "The sum of its containers, sampled every second"),
        ("/clusters/host/container/shop/shop-db-1/?panel=usage", "Sampled every second"),
        (HOST, "swap"),
        (f"{HOST}?panel=disk", "Build cache"),
        ("/clusters/host/volume/shop/shop_db/?panel=size", "MiB"),
        ("/clusters/host/container/shop/shop-db-1/", "/clusters/host/volume/shop_db/"),
        ("/clusters/host/container/shop/shop-db-1/", "/clusters/host/project/shop/"),
        ("/clusters/host/container/shop/shop-db-1/", "/clusters/host/image/sha256%3A"),
        ("/clusters/host/container/shop/shop-db-1/", "/clusters/host/network/shop_default/"),
    ],
)
async def test_every_page_says_what_it_is_about_and_links_both_ways(
    host: Cluster, async_client_for: ClientFor, ada: User, where: str, words: str
) -> None:
    assert words in await text(async_client_for(ada), where)


async def test_each_list_is_there_and_what_nobody_looked_at_is_found_by_searching(
    host: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    client = async_client_for(ada)
    assert "office_wiki_2024" in await text(client, "/palette/?q=wiki_2024")
    for kind in ("project", "network", "volume", "image", "host"):
        assert "Host" in await text(client, f"/list/{kind}/")


async def test_cleaning_up_shows_all_first_and_removes_exactly_what_was_ticked(
    host: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    client = async_client_for(ada)
    shown = await text(client, CLEAN)
    assert "office_wiki_2024" in shown
    assert "Nothing is ticked" in shown, "a volume that somebody named is not ticked by us"
    assert 'data-needs-tick aria-describedby="clean-total" disabled' in shown
    assert "shop_db" not in shown
    assert (await client.post(CLEAN, {"uid": "shop_db"})).status_code == 422
    checked = await client.post(CLEAN, {"uid": "office_wiki_2024", "check": "1"})
    assert "1 ticked" in checked.content.decode()
    begun = await client.post(CLEAN, {"uid": ["office_wiki_2024", "shop_db"]})
    assert begun.headers["HX-Redirect"].startswith("/jobs/")
    async with asyncio.timeout(10):
        while (job := await Job.objects.alatest("pk")).state == "running":
            await asyncio.sleep(0.05)
    assert (job.state, job.result["words"].split(";")[0]) == ("done", "1 of 1 removed")
    volumes = engine.supervisor.connections[host.pk].driver.world.objects["volumes"]  # type: ignore[attr-defined]
    assert "office_wiki_2024" not in volumes
    assert "shop_db" in volumes
    entries = [one async for one in AuditEntry.objects.filter(verb="clean")]
    assert {one.result for one in entries} >= {"done"}


async def test_who_may_only_look_or_sees_a_part_cleans_nothing_up(
    host: Cluster, async_client_for: ClientFor, vera: User, otto: User
) -> None:
    await Grant.objects.acreate(user=vera, role=Role.VIEWER, cluster=host)
    assert (await async_client_for(vera).get(CLEAN)).status_code == 403
    assert (await async_client_for(vera).post(CLEAN, {"uid": "office_wiki_2024"})).status_code == 403
    assert (await async_client_for(vera).get(HOST)).status_code == 200
    await Grant.objects.filter(user=otto).adelete()
    await Grant.objects.acreate(user=otto, role=Role.OPERATOR, cluster=host, namespaces=["shop"])
    client = async_client_for(otto)
    assert (await client.get(CLEAN)).status_code == 404
    assert (await client.get(HOST)).status_code == 404
    assert (await client.get("/clusters/host/image/registry.example/library/postgres:17.2/")).status_code == 404
    assert (await client.get("/clusters/host/volume/shop/shop_db/")).status_code == 200
    assert (await client.get("/clusters/host/volume/backups/")).status_code == 404
    assert (await client.get("/clusters/host/project/shop/")).status_code == 200
    assert (await client.get("/clusters/host/project/office/")).status_code == 404


async def test_a_container_of_others_cannot_be_put_on_a_network_of_ones_own(
    host: Cluster, async_client_for: ClientFor, otto: User
) -> None:
    await Grant.objects.filter(user=otto).adelete()
    await Grant.objects.acreate(user=otto, role=Role.OPERATOR, cluster=host, namespaces=["shop"])
    client = async_client_for(otto)
    await text(client, "/clusters/host/network/shop/shop_default/")
    found = engine.supervisor.connections[host.pk].stores["network"].find("shop/shop_default")
    assert found is not None
    row = f"{host.pk}~network~{found.uid}"
    asked = {"verb": "connect", "rows": row, "container": "office-wiki-1"}
    refused = await client.post("/act/", asked)
    assert refused.status_code == 404
    assert "no container called office-wiki-1" in refused.content.decode()
    dialog = await text(client, f"/act/?verb=connect&rows={row}")
    assert 'value="shop-web-1"' in dialog
    assert "office-wiki-1" not in dialog
