"""Rolling an image out as people meet it: what is listed, what is ticked, and what is said before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.actors import actor_for
from clusters.kinds.base import Role
from clusters.models import Cluster, Grant, Job
from clusters.registries.pullable import Pullable
from clusters.ship.uses import uses_of
from dashboard.engine import engine
from tests.dashboard.test_ship import IMAGE, host, row_id

__all__ = ["host"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]


async def test_only_what_is_ticked_is_rolled_out_and_the_job_says_how_each_ended(
    host: Cluster, shop: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    await engine.connect(shop)
    client = async_client_for(ada)
    row = await row_id(client, "image", IMAGE)
    page = (await client.get("/images/roll-out/", {"row": row, "image": IMAGE})).content.decode()
    assert "shop/shop-db-1" in page
    assert "It runs this very image." in page
    answer = await client.post("/images/roll-out/", {"row": row, "image": IMAGE})
    assert answer.status_code == 422
    assert "Nothing was chosen" in answer.content.decode()
    gone = await client.post("/images/roll-out/", {"row": row, "image": IMAGE, "place": "1~container~gone~"})
    assert "are not there any more" in gone.content.decode()
    assert not await Job.objects.aexists()
    assert (await client.get("/images/roll-out/", {"row": row, "image": "other:1"})).status_code == 404


async def test_an_image_of_several_names_is_rolled_out_by_the_one_that_runs(
    host: Cluster, async_client_for: ClientFor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = async_client_for(ada)
    row = await row_id(client, "image", IMAGE)
    store = engine.supervisor.connections[host.pk].stores["image"]
    one: Any = store.resources[row.split("~", 2)[2]]
    names = ["postgres:mine", IMAGE, "registry.example/shop/web:9"]
    store.resources[one.uid] = msgspec.structs.replace(one, repo_tags=names)
    shown = (await client.get("/images/life/", {"row": row})).content.decode()
    assert "image=registry.example%2Flibrary%2Fpostgres%3A17.2" in shown
    assert "image=postgres" not in shown
    page = (await client.get("/images/roll-out/", {"row": row})).content.decode()
    assert "shop/shop-db-1" in page
    assert "image=registry.example%2Fshop%2Fweb%3A9" in page, "the other one that runs"
    assert "image=postgres" not in page
    assert "are shown" not in shown + page
    monkeypatch.setattr("dashboard.views.life.MOST_USES", 1)
    assert "The first 1 are shown" in (await client.get("/images/life/", {"row": row})).content.decode()
    assert "The first 1 are shown" in (await client.get("/images/roll-out/", {"row": row})).content.decode()


async def test_whether_a_target_of_a_roll_out_can_get_the_image_is_said_before(
    host: Cluster,
    shop: Cluster,
    async_client_for: ClientFor,
    ada: User,
    nora: User,
    vera: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await engine.connect(shop)
    asked: list[tuple[Any, ...]] = []

    async def can_pull(gateway: Any, actor: Any, cluster: int, image: str, **more: Any) -> Pullable:
        asked.append((cluster, image, more["on_all_nodes"], more["namespace"], more["account"]))
        return Pullable(answer="no", why="Its registry does not have it.", ways=("add-registry",))

    monkeypatch.setattr("dashboard.views.ship_targets.can_pull", can_pull)
    client = async_client_for(ada)
    given = {"row": await row_id(client, "image", IMAGE), "image": IMAGE}
    connections = list(engine.supervisor.connections.values())
    actor = await actor_for(ada.pk)
    assert actor is not None
    uses = uses_of(engine.gateway, actor, connections, IMAGE)
    use = next(one for one in uses if one.row.kind.name == "stateful-set")
    page = (await client.get("/images/roll-out/pull/", {**given, "place": use.key})).content.decode()
    assert "Its registry does not have it." in page
    assert "/registries/add/?host=registry.example" in page, "where its registry is kept, with its address filled in"
    assert asked == [(shop.pk, IMAGE, False, use.row.namespace, "ledger")], "as the account that it names"
    for wrong in ({"place": "1~container~gone~"}, {"place": use.key, "image": "other:1"}):
        assert (await client.get("/images/roll-out/pull/", {**given, **wrong})).status_code == 404
    for one in (host, shop):
        await Grant.objects.acreate(user=nora, role=Role.ADMIN, cluster=one)
    page = (await async_client_for(nora).get("/images/roll-out/pull/", {**given, "place": use.key})).content.decode()
    assert "Its registry does not have it." in page
    assert "/registries/" not in page, "registries are for who administers all clusters"
    hidden = await async_client_for(vera).get("/images/roll-out/pull/", {**given, "place": use.key})
    assert hidden.status_code == 404
