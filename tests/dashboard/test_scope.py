"""One cluster chosen in the switcher: the address says which, and lists, Home, palette and counts are of it alone."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters.actors import actor_for
from clusters.errors import Unreachable
from clusters.kinds.base import Role
from clusters.live.cluster import ClusterInfo
from clusters.models import Cluster, Grant
from dashboard.engine import engine
from dashboard.palette import find
from dashboard.scope import meant
from dashboard.topics.overview import OverviewTopic
from dashboard.topics.shell import ShellTopic

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]


@pytest.fixture
async def running(shop: Cluster, vault: Cluster) -> AsyncIterator[None]:
    await engine.start()
    async with asyncio.timeout(10):
        while not all(store.listed for store in engine.supervisor.stores() if store.kind.always):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    yield
    await engine.stop()
    engine.somebody = True  # as when somebody signed in


async def side(client: AsyncClient, address: str) -> str:
    response = await client.get(address)
    assert response.status_code == 200, address
    found = re.search(r'<nav class="side".*?</nav>', response.content.decode(), re.DOTALL)
    assert found
    return found.group()


async def test_the_sidebar_leads_on_within_the_cluster_and_out_of_it(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    within = await side(client, "/workloads/?cluster=shop&q=web")
    assert 'href="/list/pod/?cluster=shop"' in within
    assert 'href="/list/container/' not in within, "a host has those, this cluster has not"
    assert 'href="/?cluster=shop"' in within
    assert 'href="/workloads/?q=web" data-unscoped' in within
    assert 'href="/workloads/?q=web&amp;cluster=vault"' in within
    assert "This cluster only" in within
    all_of_them = await side(client, "/workloads/?q=web")
    assert "All clusters</b>" in all_of_them
    assert 'href="/list/pod/"' in all_of_them


async def test_who_administers_one_cluster_is_led_to_nothing_that_is_for_administrators_of_all(
    running: None, ada: AbstractUser, nora: AbstractUser, shop: Cluster, async_client_for: ClientFor
) -> None:
    await Grant.objects.acreate(user=nora, role=Role.ADMIN, cluster=shop)
    links = ("/clusters/connect/", "/people/", "/audit/", "/clusters/shop/edit/")
    for person, answer in ((ada, 200), (nora, 403)):
        client = async_client_for(person)
        pages = "".join([(await client.get(one)).content.decode() for one in ("/", "/clusters/shop/", "/compose/")])
        for link in links:
            assert (await client.get(link)).status_code == answer
            assert (f'href="{link}"' in pages) == (answer == 200), (person, link)
        listed = (await client.get("/list/pod/")).content.decode()
        assert ("data-may-connect" in listed) == (answer == 200), "lists lead to the choice of namespaces"


async def test_what_was_folded_in_the_sidebar_stays_so_but_never_hides_where_one_is(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)

    async def opened(address: str) -> set[str]:
        return set(re.findall(r'data-fold="([a-z-]+)" open', await side(client, address)))

    assert await opened("/") == {"workloads"}, "all kinds of two clusters are more than a screen shows"
    assert await opened("/list/secret/") == {"workloads", "config-and-secrets"}
    client.cookies["folds"] = "workloads:0.networking:1.nonsense.:"
    assert await opened("/") == {"networking"}
    assert await opened("/list/pod/") == {"networking", "workloads"}


async def test_a_list_that_the_other_cluster_does_not_have_leads_to_its_home(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    assert 'href="/?cluster=vault"' in await side(async_client_for(ada), "/list/pod/?cluster=shop")


async def test_what_belongs_to_the_whole_cluster_never_pretends_to_be_empty(
    running: None, shop: Cluster, nora: AbstractUser, async_client_for: ClientFor
) -> None:
    await Grant.objects.acreate(user=nora, role=Role.VIEWER, cluster=shop, namespaces=["shop"])
    client = async_client_for(nora)
    for kind, said in (("node", True), ("storage-class", True), ("deployment", False)):
        page = (await client.get(f"/list/{kind}/?cluster=shop")).content.decode()
        assert ("belong to the whole of Shop; only shop is shared with you." in page) is said, kind
        assert ("data-narrowed" in page) is said, kind


async def test_home_and_activity_are_of_the_cluster_alone(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    home = (await client.get("/?cluster=shop")).content.decode()
    assert "/clusters/shop/deployment/" in home
    assert "/clusters/vault/container/" not in home
    assert "/clusters/vault/container/" in (await client.get("/")).content.decode()
    assert (await client.get("/activity/?cluster=shop")).status_code == 200


async def test_what_is_not_shared_is_as_if_it_was_not_there(
    running: None, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    client = async_client_for(vera)
    for address in ("/?cluster=vault", "/?cluster=none", "/activity/?cluster=vault"):
        assert (await client.get(address)).status_code == 404
    assert "vault" not in await side(client, "/workloads/?cluster=vault")


async def test_counts_and_palette_are_of_the_cluster_alone(running: None, ada: AbstractUser) -> None:
    actor = await actor_for(ada.pk)
    assert actor is not None

    async def counts(**args: Any) -> dict[str, int]:
        topic = ShellTopic(actor, args, lambda: None)  # type: ignore[arg-type]
        await topic.open()
        await topic.close()
        return dict(topic.snapshot().body["counts"])

    shop, vault, everything = await counts(cluster="shop"), await counts(cluster="vault"), await counts()
    assert shop["workloads"] + vault["workloads"] == everything["workloads"]
    assert shop["workloads"]
    assert vault["workloads"]
    assert {
        one.href.split("/")[2] for one in await find(actor, "web", "shop") if one.href.startswith("/clusters/")
    } == {"shop"}
    assert "/?cluster=shop" in {one.href for one in await find(actor, "shop")}
    topic = OverviewTopic(actor, {"cluster": "shop"}, lambda: None)
    await topic.open()
    assert list(topic._scope) == [(await Cluster.objects.aget(slug="shop")).pk]
    await topic.close()


async def test_a_page_hears_of_its_clusters_only_what_it_would_show_differently(
    running: None, shop: Cluster, ada: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[None] = []
    actor = await actor_for(ada.pk)
    assert actor is not None
    topic = ShellTopic(actor, {}, lambda: woken.append(None))
    await topic.open()
    assert topic.take()
    woken.clear()
    connection, said = engine.supervisor.connections[shop.pk], engine.triage
    connection.contact.hear(time.time())
    said._tell()  # a cluster that changes all the time, and nothing of it stands around the page
    assert not woken
    before = connection.contact.heard
    connection.contact.lose(Unreachable("Nobody answers."))
    said._tell()
    frame = topic.take()
    assert woken
    assert frame
    told = next(one for one in frame.body["clusters"] if one["id"] == shop.pk)
    assert (told["state"], told["asof"]) == ("down", before)
    monkeypatch.setattr(connection.driver, "platform", "swarm")
    engine.supervisor._clusters_changed()  # an engine that begins a Swarm: its page gets another sidebar
    frame = topic.take()
    assert frame
    assert "swarm" in {one["platform"] for one in frame.body["clusters"]}
    await topic.close()


def test_a_number_is_looked_for_among_numbers_before_addresses() -> None:
    clusters = [ClusterInfo(7, "Third", "3", "docker", "docker"), ClusterInfo(3, "Shop", "shop", "docker", "docker")]
    found = [one.id if (one := meant(clusters, text)) else None for text in ("3", "7", "shop", "4")]
    assert found == [3, 7, 3, None]


async def test_the_palette_does_what_it_is_told(running: None, ada: AbstractUser) -> None:
    actor = await actor_for(ada.pk)
    assert actor is not None

    async def first(text: str) -> tuple[str, str]:
        found = (await find(actor, text))[0]
        return found.label, found.href.partition("?rows")[0]

    label, href = await first("scale web")
    assert (label, href.partition("&")[0]) == ("Scale web", "/act/?verb=scale"), "not the autoscaler that is called web"
    label, href = await first("logs checkout-api")
    assert label.startswith("Logs of checkout-api")
    assert href.endswith("?panel=logs")
    assert (await first("web-"))[1].startswith("/clusters/"), "a name is found as before"
    assert await first("connect") == ("Connect a cluster", "/clusters/connect/")
