"""Home answers first, shows only what is shared, and the demonstration's switches obey the roles."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters import actors
from clusters.drivers.kubernetes.access import Rule
from clusters.drivers.kubernetes.rights import Rights
from clusters.kinds.base import Level
from clusters.models import AuditEntry, Cluster, Moment
from clusters.triage.finding import Finding, FirstAction
from dashboard.engine import engine
from dashboard.topics.overview import OverviewTopic
from dashboard.views import home as views

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]


async def _until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


@pytest.fixture
async def running(shop: Cluster, vault: Cluster) -> AsyncIterator[None]:
    await engine.start()
    await _until(lambda: all(store.listed for store in engine.supervisor.stores() if store.kind.always))
    yield
    await engine.stop()


def driver(cluster: Cluster) -> Any:
    return engine.supervisor.connections[cluster.pk].driver


async def page(client: AsyncClient, path: str = "/") -> str:
    response = await client.get(path)
    assert response.status_code == 200
    return response.content.decode()


async def test_home_says_that_all_is_well_and_draws_every_app(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    html = await page(async_client_for(ada))
    assert "<h1>All is well</h1>" in html
    assert "37 of 40 apps are healthy" in html
    assert html.count('<a href="/clusters/shop/deployment/') >= 22
    assert "Nothing needs you." in html
    assert "40 apps on 2 clusters are watched." in html


async def test_home_leads_with_what_is_wrong_and_the_first_thing_to_do(
    running: None, vault: Cluster, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    driver(vault).switch("disk", True)
    everything = dict.fromkeys(engine.supervisor.connections)
    await _until(lambda: engine.triage.findings(everything))
    html = await page(async_client_for(ada))
    assert "<h1>1 thing needs attention</h1>" in html
    assert "shop-db-1 keeps restarting" in html
    assert "/act/?verb=restart&amp;rows=" in html
    assert "?panel=logs" in html


async def test_home_shows_the_worst_and_says_where_the_many_others_are(
    running: None, vault: Cluster, ada: AbstractUser, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_FINDINGS", 1)
    driver(vault).switch("disk", True)
    driver(vault).switch("stuck", True)
    everything = dict.fromkeys(engine.supervisor.connections)
    await _until(lambda: len(engine.triage.findings(everything)) > 1)
    html = await page(async_client_for(ada))
    assert html.count("data-finding=") == 1
    assert f"{len(engine.triage.findings(everything)) - 1} more, on Workloads" in html


@pytest.mark.parametrize("meanwhile", ["ways_back", "_finding"])
async def test_a_cluster_that_is_disconnected_while_home_is_drawn_is_left_out(
    running: None,
    vault: Cluster,
    ada: AbstractUser,
    async_client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: str,
) -> None:
    driver(vault).switch("disk", True)
    await _until(lambda: engine.triage.findings({vault.pk: None}))
    step = getattr(views, meanwhile)

    async def and_it_is_gone(*args: Any) -> Any:
        found = await step(*args)
        await engine.disconnect(vault.pk)
        return found

    monkeypatch.setattr(views, meanwhile, and_it_is_gone)
    html = await page(async_client_for(ada))
    assert "/clusters/shop/" in html
    assert ('href="/clusters/vault/"' in html) is False


async def test_what_somebody_may_not_do_first_is_off_with_the_reason(
    running: None, shop: Cluster, vera: AbstractUser, ada: AbstractUser, async_client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    row = next(iter(engine.supervisor.connections[shop.pk].stores["deployment"].resources))
    row = f"{shop.pk}~deployment~{row}"
    restart = FirstAction("restart", "Restart", "rotate-cw", row)
    one = Finding(
        row,
        Level.FAILING,
        shop.pk,
        "shop",
        "deployment",
        row,
        "shop/web",
        "web is down",
        "It is.",
        "failing",
        action=restart,
    )
    monkeypatch.setattr(engine.triage, "findings", lambda scope: [one])
    button = re.compile(r"<button[^>]*hx-get=./act/[^>]*>")
    assert "disabled title=" in button.findall(await page(async_client_for(vera)))[0]
    assert "disabled" not in button.findall(await page(async_client_for(ada)))[0]


async def test_who_may_not_list_services_reads_of_none_that_nobody_answers(
    running: None, shop: Cluster, vera: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = f"{shop.pk}~service~u1"
    one = Finding(row, Level.AT_RISK, shop.pk, "shop", "service", row, "shop/web", "web: nobody answers", "app=web", "")
    monkeypatch.setattr(engine.triage, "findings", lambda scope: [one])
    actor = await actors.actor_for(vera.pk)
    assert actor is not None
    apps = [Rule(["list"], [""], ["pods"]), Rule(["list"], ["apps", "batch"], ["*"])]
    for more, sees in ((), False), ((Rule(["list"], [""], ["services"]),), True):
        asked_as_them = replace(actor, limits=((shop.pk, Rights(inside=(("shop", (*apps, *more)),))),))
        scope = engine.scope(asked_as_them)
        assert scope[shop.pk] == frozenset({"shop"})
        assert bool(engine.findings(asked_as_them, scope)) is sees


async def test_a_viewer_of_one_cluster_sees_nothing_of_another(
    running: None, vault: Cluster, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    driver(vault).switch("disk", True)
    await asyncio.sleep(1.2)
    html = await page(async_client_for(vera))
    assert "All is well" in html
    assert "shop-db-1" not in html
    assert "Vault" not in html


async def test_somebody_without_a_role_is_told_whom_to_ask(
    running: None, nora: AbstractUser, async_client_for: ClientFor
) -> None:
    html = await page(async_client_for(nora))
    assert "Nothing is shared with you yet" in html
    assert "Shop" not in html


async def test_a_pilothouse_without_clusters_offers_to_connect(ada: AbstractUser, async_client_for: ClientFor) -> None:
    html = await page(async_client_for(ada))
    assert "Connect the first cluster" in html


async def test_what_moves_is_sent_alone(running: None, ada: AbstractUser, async_client_for: ClientFor) -> None:
    assert (await page(async_client_for(ada), "/?part=home")).lstrip().startswith('<div id="home"')


async def test_the_topic_says_once_that_home_is_different(running: None, shop: Cluster, ada: AbstractUser) -> None:
    from clusters.actors import actor_for

    actor = await actor_for(ada.pk)
    assert actor is not None
    topic = OverviewTopic(actor, {}, lambda: None)
    await topic.open()
    first = topic.take()
    assert first is not None
    driver(shop).switch("leak", True)
    await _until(lambda: topic._owes_snapshot)
    second = topic.take()
    assert second is not None
    assert first.body["mark"] != second.body["mark"]
    await topic.close()


async def test_what_changed_is_kept_and_listed(
    running: None, shop: Cluster, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    driver(shop).switch("leak", True)
    await _until(lambda: engine.triage.changes)
    await engine.triage.recorder.flush()
    assert await Moment.objects.filter(what="new version", name="checkout-api").acount() == 1
    assert "is changing from 1.4.1 to 1.4.2" in await page(async_client_for(ada), "/activity/?range=1h")
    assert (await async_client_for(ada).get("/activity/?range=9y")).status_code == 404


async def test_an_operator_switches_a_fault_and_it_is_recorded(
    running: None, shop: Cluster, otto: AbstractUser, async_client_for: ClientFor
) -> None:
    asked = {"cluster": "shop", "fault": "node", "on": "1"}
    response = await async_client_for(otto).post("/demo/fault/", asked)
    assert response.status_code == 302
    assert [one.key for one in driver(shop).faults() if one.on] == ["node"]
    stages = [one.stage async for one in AuditEntry.objects.filter(verb="fault").order_by("id")]
    assert stages == ["intent", "outcome"]


async def test_a_viewer_neither_sees_nor_turns_the_switches(
    running: None, shop: Cluster, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    client = async_client_for(vera)
    assert "There is no demonstration to switch" in await page(client, "/demo/")
    response = await client.post("/demo/fault/", {"cluster": "shop", "fault": "node", "on": "1"})
    assert response.status_code == 403
    assert not any(one.on for one in driver(shop).faults())


async def test_a_fault_that_there_is_none_of_is_not_found(
    running: None, shop: Cluster, otto: AbstractUser, async_client_for: ClientFor
) -> None:
    response = await async_client_for(otto).post("/demo/fault/", {"cluster": "shop", "fault": "meteor", "on": "1"})
    assert response.status_code == 404


async def test_an_open_home_is_somebody_looking_and_a_closed_one_is_nobody(running: None, ada: AbstractUser) -> None:
    from clusters.actors import actor_for

    actor = await actor_for(ada.pk)
    assert actor is not None
    topic = OverviewTopic(actor, {}, lambda: None)
    await topic.open()
    await _until(lambda: all(engine.totals.last(one) for one in engine.supervisor.connections))
    await _until(lambda: (frame := topic.take()) and frame.body["t"] == "usage")
    await topic.close()
    assert not engine.totals._lookers


async def test_who_may_see_a_part_of_a_cluster_is_told_no_usage_of_all_of_it(
    running: None, shop: Cluster, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    from clusters.models import Grant

    await Grant.objects.filter(user=vera).aupdate(namespaces=["data"])
    html = await page(async_client_for(vera), "/?part=numbers")
    assert html.lstrip().startswith('<div class="numbers" id="home-numbers"')
    assert html.count("told for whole clusters only") == 2


async def test_the_numbers_and_the_clusters_are_sent_alone(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    assert 'id="number-restarts"' in await page(client, "/?part=numbers")
    assert (await page(client, "/?part=clusters")).lstrip().startswith('<section class="card" id="home-clusters"')


async def test_a_cluster_of_which_only_some_namespaces_are_connected_says_so(
    running: None, shop: Cluster, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    """That all is well, is said of those alone."""
    words = "Chosen namespaces only · Kubernetes"
    assert words not in (await async_client_for(ada).get("/")).content.decode()
    connection = engine.supervisor.connections[shop.pk]
    connection.cluster = replace(connection.cluster, namespaces=frozenset({"shop"}))
    assert words in (await async_client_for(ada).get("/")).content.decode()


async def test_a_cluster_that_fell_silent_is_drawn_as_it_was_and_says_so(
    running: None, shop: Cluster, ada: AbstractUser, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = engine.supervisor.connections[shop.pk].contact
    monkeypatch.setattr(contact, "state", lambda now: "stale")
    html = await page(async_client_for(ada))
    assert re.search(rf'id="hive-{shop.pk}" data-stale>', html)
    assert html.count("data-stale") == 1, "the others are heard"
    assert "It does not answer: this is as it was" in html
