"""The picture of the layers: whole and linked, pushed as a reload would show it, and nothing in it that is not shared."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters.actors import actor_for
from clusters.drivers.base import Call, Found, full_name
from clusters.errors import Unreachable
from clusters.kinds.base import Role
from clusters.kinds.kubernetes.layered import ROUTES
from clusters.kinds.layered import Thing
from clusters.layers.picture import LAYERS
from clusters.live.resource import Changed
from clusters.models import Cluster, Grant, Registry
from dashboard.asgi import router
from dashboard.engine import engine
from dashboard.layers import Sheet, first_sheet, made_of
from dashboard.topics.layers import LayersTopic
from tests.tab import ORIGIN, Tab, cookies

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]
WORKLOADS = (
    "deployment",
    "stateful-set",
    "daemon-set",
    "replica-set",
    "job",
    "cron-job",
    "pod",
    "container",
    "project",
)


@pytest.fixture
async def running(shop: Cluster, vault: Cluster) -> AsyncIterator[None]:
    await engine.start()
    async with asyncio.timeout(10):
        while not all(store.listed for store in engine.supervisor.stores() if store.kind.always):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    yield
    await engine.stop()


async def a_row(kind_name: str, name: str = "") -> Any:
    """The page of that resource, or of the first of its kind, as its row."""
    for connection in engine.supervisor.connections.values():
        store = connection.stores.get(kind_name)
        if store is None:
            continue
        with connection.wanted(kind_name):
            async with asyncio.timeout(5):
                while not store.listed:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        found = [one for one in store.resources.values() if not name or one.name == name]
        if found:
            return connection.row(store, sorted(found, key=lambda one: one.name)[0].uid)
    raise AssertionError(f"no {kind_name} {name}")


async def sheet_of(user: AbstractUser, kind_name: str, name: str = "") -> Sheet:
    actor = await actor_for(user.pk)
    assert actor
    return await first_sheet(actor, await a_row(kind_name, name))


def things_of(sheet: Sheet, layer: str) -> list[Thing]:
    return [thing for one in sheet.picture.layers if one.key == layer for thing in one.things]


def names(sheet: Sheet, layer: str) -> list[str]:
    return [thing.name for thing in things_of(sheet, layer)]


def links_to(sheet: Sheet) -> set[str]:
    found = {address for part in sheet.parts.values() for address in re.findall(r'href="(/[^"]+)"', part)}
    return {html.unescape(one) for one in found if not one.startswith("/static/")}


async def test_a_deployment_is_shown_from_its_people_down_to_its_machines(
    running: None, ada: AbstractUser, nora: AbstractUser, async_client_for: ClientFor
) -> None:
    row = await a_row("deployment", "checkout-api")
    address = f"/clusters/shop/deployment/{row.key}/?panel=layers"
    assert "<live-layers" in (await async_client_for(ada).get(address)).content.decode()
    assert (await async_client_for(nora).get(address)).status_code == 404
    sheet = await sheet_of(ada, "deployment", "checkout-api")
    shown = {layer.key: [thing.name for thing in layer.things] for layer in sheet.picture.layers}
    assert list(shown) == [key for key in LAYERS if key in shown], "from top to bottom"
    assert shown["workload"] == ["checkout-api"]
    assert shown["service"]
    assert shown["copy"]
    assert len(shown["container"]) >= len(shown["copy"])
    assert shown["machine"]
    assert shown["image"]
    assert shown["registry"]
    below = {above: {under for one, under in sheet.links if one == above} for above, _ in sheet.links}
    ids: dict[str, set[str]] = {layer.key: {thing.id for thing in layer.things} for layer in sheet.picture.layers}
    for upper, lower in (("service", "workload"), ("workload", "copy"), ("copy", "container"), ("engine", "machine")):
        assert all(below[one] & ids[lower] for one in ids[upper]), f"every {upper} leads to a {lower}"


async def test_every_workload_has_a_picture_whose_links_lead_to_real_pages(
    running: None, ada: AbstractUser, async_client_for: ClientFor
) -> None:
    await Registry.objects.acreate(name="Ours", slug="ours", host="registry.example")
    client = async_client_for(ada)
    asked: dict[str, str] = {}  # one page of each sort
    for kind_name in WORKLOADS:
        sheet = await sheet_of(ada, kind_name)
        there = {thing.id for layer in sheet.picture.layers for thing in layer.things}
        assert there
        assert {uid for link in sheet.links for uid in link} <= there, kind_name
        asked |= {"/".join(address.split("/")[:4]): address for address in links_to(sheet)}
    assert len(asked) > 10
    assert "/registries/ours/" in asked.values()
    for address in asked.values():
        assert (await client.get(address)).status_code == 200, address


async def test_nothing_of_what_is_not_shared_is_in_it(running: None, shop: Cluster, nora: AbstractUser) -> None:
    row = await a_row("deployment", "checkout-api")
    await Grant.objects.acreate(user=nora, role=Role.VIEWER, cluster=shop, namespaces=[row.namespace], rights=[])
    sheet = await sheet_of(nora, "deployment", "checkout-api")
    assert names(sheet, "copy")
    assert names(sheet, "service")
    allowed = re.compile(rf"/clusters/shop/[a-z-]+/{row.namespace}/|/list/pod/\?|/registries/")
    assert [one for one in links_to(sheet) if not allowed.match(one)] == []
    machines = things_of(sheet, "machine")
    assert all(not one.href and one.health is None for one in machines), "a node is known by its name alone"
    assert names(sheet, "engine") == []
    for connection in engine.supervisor.connections.values():
        for store in connection.stores.values():
            hidden = [one for one in store.resources.values() if getattr(one, "namespace", "") != row.namespace]
            ids = {f"{store.prefix}{store.kind.key(one)}" for one in hidden}
            assert not ids & {thing.id for layer in sheet.picture.layers for thing in layer.things}


async def test_a_container_whose_engine_is_connected_is_that_engines_and_shown_once(
    running: None, vault: Cluster, ada: AbstractUser, vera: AbstractUser
) -> None:
    row = await a_row("pod")
    host = engine.supervisor.connections[vault.pk]
    one = next(iter(host.stores["container"].resources.values()))
    said = row.resource.status.container_statuses
    same = msgspec.structs.replace(said[0], container_id=f"docker://{one.uid}")
    status = msgspec.structs.replace(row.resource.status, container_statuses=(same, *said[1:]))
    metadata = msgspec.structs.replace(row.resource.metadata, resource_version="another")
    pod = msgspec.structs.replace(row.resource, status=status, metadata=metadata)
    store = engine.supervisor.by_slug("shop").stores["pod"]  # type: ignore[union-attr]
    store.apply(Changed([pod]))
    page = f"/clusters/vault/container/{host.stores['container'].kind.key(one)}/"
    sheet = await sheet_of(ada, "pod", pod.name)
    containers = things_of(sheet, "container")
    assert [thing.href for thing in containers].count(page) == 1
    assert len(containers) == len(pod.containers)
    assert "/clusters/vault/" in links_to(sheet), "its engine"
    host.contact.lose(Unreachable("It does not answer."))
    silent = await sheet_of(ada, "pod", pod.name)
    assert [thing.health.word for thing in things_of(silent, "container") if thing.href == page and thing.health] == [
        "No answer"
    ], "what an engine that fell silent said last is not so now"
    store.apply(Changed([pod]))
    others = await sheet_of(vera, "pod", pod.name)  # the vault is not shared with her
    assert not any("/clusters/vault/" in address for address in links_to(others))
    assert len(names(others, "container")) == len(pod.containers)
    assert one.name not in "".join(others.parts.values())


async def test_nobody_knows_how_the_containers_of_a_machine_are_that_does_not_answer(
    running: None, shop: Cluster, ada: AbstractUser
) -> None:
    sheet = await sheet_of(ada, "deployment", "checkout-api")
    gone = things_of(sheet, "machine")[0].name
    store = engine.supervisor.by_slug("shop").stores["node"]  # type: ignore[union-attr]
    node = next(one for one in store.resources.values() if one.name == gone)
    conditions = [
        msgspec.structs.replace(one, status="Unknown") if one.type == "Ready" else one for one in node.status.conditions
    ]
    metadata = msgspec.structs.replace(node.metadata, resource_version="silent")
    status = msgspec.structs.replace(node.status, conditions=conditions)
    store.apply(Changed([msgspec.structs.replace(node, metadata=metadata, status=status)]))
    (containers,) = [
        one for one in (await sheet_of(ada, "deployment", "checkout-api")).picture.layers if one.key == "container"
    ]
    words = {column.name: {one.health.word for one in column.things if one.health} for column in containers.columns}
    assert words.pop(gone) == {"Unknown"}
    assert all(others == {"Running"} for others in words.values())


async def test_what_was_pushed_is_what_a_reload_shows(running: None, shop: Cluster, ada: AbstractUser) -> None:
    row = await a_row("deployment", "checkout-api")
    tab = Tab(router, headers=[await cookies(ada), ORIGIN])
    assert await tab.open()
    await tab.follow("layers", cluster="shop", kind="deployment", key=row.key)
    first = await tab.frame("snap")
    parts, order, links, told = first["parts"], first["order"], first["links"], []
    driver = engine.supervisor.driver(shop.pk)
    path = ("apis", "apps", "v1", "namespaces", row.namespace, "deployments", row.resource.name, "scale")
    await driver.call(Call("PATCH", path, body={"spec": {"replicas": 9}}))
    with suppress(TimeoutError):
        while True:  # until it stands still
            came = parts["copy"].count('class="thing"')
            frame = await tab.frame("patch", seconds=1.5 if came == 9 else 15)
            parts |= frame["parts"]
            order, links = frame["order"] or order, frame["links"] or links
            told += frame["told"]
    assert parts["copy"].count('class="thing"') == 9
    assert any("appeared" in one for one in told)
    sheet = await sheet_of(ada, "deployment", "checkout-api")
    assert {name: parts[name] for name in order} == sheet.parts
    assert [tuple(link) for link in links] == list(sheet.links)


async def test_an_app_that_is_deleted_is_shown_to_go_with_its_copies(
    running: None, shop: Cluster, ada: AbstractUser
) -> None:
    row = await a_row("deployment", "gift-cards")
    tab = Tab(router, headers=[await cookies(ada), ORIGIN])
    assert await tab.open()
    await tab.follow("layers", cluster="shop", kind="deployment", key=row.key)
    parts = (await tab.frame("snap"))["parts"]
    driver = engine.supervisor.driver(shop.pk)
    path = ("apis", "apps", "v1", "namespaces", row.namespace, "deployments", row.resource.name)
    await driver.call(Call("DELETE", path))
    async with asyncio.timeout(15):
        while "Gone" not in parts["workload"] or "No copies" not in parts["copy"]:
            parts |= (await tab.frame("patch"))["parts"]
    assert f"/deployment/{row.key}/" not in parts["workload"], "no link to a page that is not there"


async def test_it_is_pushed_four_times_a_second_at_most(running: None, ada: AbstractUser) -> None:
    row = await a_row("deployment", "checkout-api")
    actor = await actor_for(ada.pk)
    assert actor
    topic = LayersTopic(actor, {"cluster": "shop", "kind": "deployment", "key": row.key}, lambda: None)
    await topic.open()
    topic.take()
    drawn = 0
    draw = topic._draw

    def counted() -> None:
        nonlocal drawn
        drawn += 1
        draw()

    topic._draw = counted  # type: ignore[method-assign]
    store = engine.supervisor.by_slug("shop").stores["pod"]  # type: ignore[union-attr]
    pod = next(one for one in store.resources.values() if one.namespace == row.namespace)
    for _ in range(40):
        topic._changed(store, [(pod, pod)])
        await asyncio.sleep(0.015)
    assert 1 <= drawn <= 4
    other = next(one for one in store.resources.values() if one.namespace != row.namespace)
    await asyncio.sleep(0.3)
    before = drawn
    topic._paced.rest()  # the shop is alive: something of the app itself may have changed just now
    topic._changed(store, [(other, other)])
    assert topic._paced._due is None
    assert drawn == before, "what changes in another namespace is no part of it"
    for _ in range(20):
        topic.owe_snapshot()
        assert topic.take()
    assert drawn == before, "a tab that asks again gets what was drawn"
    await topic.close()


async def test_what_a_cluster_does_not_have_is_not_watched_for_it(running: None, shop: Cluster) -> None:
    connection = engine.supervisor.connections[shop.pk]
    row = await a_row("deployment", "checkout-api")
    assert "http-route" in {store.kind.name for store in made_of(connection, row.kind)}, "as long as it has not told"
    kinds = [store.kind for store in connection.stores.values() if store.kind.api and "gateway" not in store.kind.api]
    connection.discovered.found = {full_name(kind.api): Found(kind.api, kind.label, kind.namespaced) for kind in kinds}
    names = {store.kind.name for store in made_of(connection, row.kind)}
    assert {"deployment", "pod", "service", "ingress"} <= names
    assert not names & set(ROUTES)
