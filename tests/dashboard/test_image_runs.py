"""Which clusters run which digest of an image and what is behind its tag; and the page that searches images."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.actors import actor_for
from clusters.calls import Calls
from clusters.drivers.base import Call
from clusters.drivers.demo.shop.apps import REGISTRY
from clusters.models import Cluster, Grant, Registry
from clusters.registries import lately, search, where
from clusters.registries.way import Way
from dashboard.engine import engine
from dashboard.palette import find
from tests.clusters.fake_registry import FakeRegistry, fake_registry, json
from tests.clusters.real_registry import OCI, find_registry, repository

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
OK = json("{}", Docker_Distribution_Api_Version="registry/2.0")
EMPTY = json(f'{{"mediaType": "{OCI}.manifest.v1+json", "layers": []}}', Content_Type=f"{OCI}.manifest.v1+json")


@pytest.fixture
def as_ada(async_client_for: ClientFor, ada: User) -> AsyncClient:
    return async_client_for(ada)


@pytest_asyncio.fixture
async def there() -> AsyncIterator[FakeRegistry]:
    async with fake_registry({"/v2/": OK}) as made:
        yield made


@pytest_asyncio.fixture
async def demo(shop: Cluster, there: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Registry]:
    """The demonstration, and the registry that its images name: it answers as it is told."""
    await engine.connect(shop)
    monkeypatch.setattr(where, "way_to", lambda registry: Way(host=there.host, plain=True))
    yield await Registry.objects.acreate(name="Demo", slug="demo", host=REGISTRY)
    await engine.supervisor.close()


async def runs(client: AsyncClient, repository_: str, asked: str = "") -> str:
    for _ in range(100):
        found = await client.get(f"/registries/demo/runs/{repository_}/{asked}{'&' if asked else '?'}anew=1")
        if b"not known yet" not in found.content:
            break
        await asyncio.sleep(0.05)
    return found.content.decode() if found.status_code == 200 else str(found.status_code)


async def test_workloads_are_told_with_their_copies_and_what_is_behind(
    as_ada: AsyncClient, async_client_for: ClientFor, demo: Registry, there: FakeRegistry, vera: User, nora: User
) -> None:
    page = await runs(as_ada, "shop/web")
    assert "/clusters/shop/deployment/shop/web/" in page
    assert "Tag is gone" in page
    there.answers["/v2/shop/web/manifests/5.11.3"] = EMPTY
    behind = await runs(as_ada, "shop/web")
    assert ("Behind its tag" in behind, '<td class="end">4</td>' in behind, "1 behind its tag" in behind) == (
        True,
        True,
        True,
    )
    assert "Nothing that you can see runs it" in await runs(as_ada, "shop/web", "?tag=9")
    assert "Behind its tag" in await runs(as_ada, "shop/web", "?tag=5.11.3")
    assert await runs(as_ada, "shop/web", "?tag=../x") == "404"
    there.answers["/v2/shop/web/manifests/5.11.3"] = json("{", 503)
    assert "Cannot tell" in await runs(as_ada, "shop/web")
    assert "/deployment/shop/web/" in await runs(async_client_for(vera), "shop/web")
    assert await runs(async_client_for(nora), "shop/web") == "403"
    await Grant.objects.filter(user=vera).aupdate(namespaces=["data"])
    hidden = await runs(async_client_for(vera), "shop/web")
    assert ("Nothing that you can see runs it" in hidden, "deployment" in hidden) == (True, False)
    assert "/stateful-set/data/" in await runs(async_client_for(vera), "library/postgres")


@pytest.mark.docker
async def test_a_container_is_behind_when_its_tag_leads_to_another_content(
    as_ada: AsyncClient, docker_socket: str
) -> None:
    settings = {"address": f"unix://{docker_socket}"}
    here = await Cluster.objects.acreate(
        name="Here", slug="here", driver="docker", platform="docker", settings=settings
    )
    await engine.connect(here)
    driver, real = engine.supervisor.driver(here.pk), find_registry()
    one = await Registry.objects.acreate(name="Demo", slug="demo", host=real.host, settings={"plain": True})
    called = f"pilothouse-test-{secrets.token_hex(3)}"
    with repository(real) as put:

        async def push(image: str) -> None:
            name, _, tag = put.image("1").rpartition(":")
            await driver.call(Call("POST", ("images", *image.split("/"), "tag"), {"repo": name, "tag": tag}))
            async for said in driver.stream(
                Call("POST", ("images", *name.split("/"), "push"), {"tag": tag}, registry=real.host)
            ):
                assert "error" not in said, said

        try:
            await push("busybox:latest")
            body: dict[str, Any] = {"Image": put.image("1"), "Cmd": ["sleep", "60"], "HostConfig": {"Init": True}}
            await driver.call(Call("POST", ("containers", "create"), {"name": called}, body=body))
            await driver.call(Call("POST", ("containers", called, "start")))
            page = await _with(as_ada, put.name, called)
            assert ("As its tag" in page, "/clusters/here/container/" in page) == (True, True), page
            await asyncio.to_thread(real.put_image, put.name, "1")
            assert "Behind its tag" in await _with(as_ada, put.name, called)
        finally:
            await driver.call(Call("DELETE", ("containers", called), {"force": "1"}))
            await driver.call(Call("DELETE", ("images", *put.image("1").split("/")), {"force": "1"}))
            await engine.supervisor.close()
    await one.adelete()


async def _with(client: AsyncClient, name: str, called: str) -> str:
    for _ in range(100):
        if called in (page := await runs(client, name)):
            return page
        await asyncio.sleep(0.05)
    raise AssertionError("it is not told")


async def test_images_are_searched_on_docker_hub_and_in_every_registry(
    as_ada: AsyncClient, async_client_for: ClientFor, there: FakeRegistry, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Registry.objects.acreate(name="Ours", slug="ours", host=there.host, settings={"plain": True})
    page = (await as_ada.get("/registries/search/?q=web")).content.decode()
    assert ("part=hub&amp;q=web" in page, "part=ours&amp;q=web" in page, there.asked) == (True, True, [])
    there.answers["/v2/_catalog"] = json('{"repositories": ["shop/web", "tools/x"]}')
    ours = (await as_ada.get("/registries/search/?part=ours&q=web")).content.decode()
    assert (f"{there.host}/shop/web" in ours, "tools/x" in ours, "1 repository" in ours) == (True, False, True)
    found = '{"count": 1, "results": [{"repo_name": "nginx", "short_description": "<b>x</b>", "is_official": true, "star_count": 7}]}'
    there.answers["/v2/search/repositories/"] = json(found)
    real, hub = search.search_hub, Way(host=there.host, plain=True)
    monkeypatch.setattr(search, "search_hub", lambda by, text, page: real(by, text, page, way=hub))
    hits = (await as_ada.get("/registries/search/?part=hub&q=web")).content.decode()
    assert ("Official" in hits, "&lt;b&gt;" in hits, "<b>x" in hits) == (True, True, False)
    monkeypatch.setattr(search, "search_hub", lambda by, text, page: real(by, text, page, way=Way(host="127.0.0.1:1")))
    silent = (await as_ada.get("/registries/search/?part=hub&q=web")).content.decode()
    assert "Docker Hub cannot be searched" in silent
    monkeypatch.setattr(lately, "_asked", Calls(1))
    answers = [await as_ada.get(f"/registries/search/?part=ours&q={words}") for words in ("web", "web", "shop")]
    assert [one.status_code for one in answers] == [200] * 3, "one answer of the registry is enough for all words"
    waits = await as_ada.get("/registries/ours/tags/shop/web/?part=list")
    assert waits.status_code == 200
    waits = await as_ada.get("/registries/ours/tags/shop/web/?part=list")
    assert (waits.status_code, b"more than 240 times within a minute" in waits.content) == (429, True)
    assert (await as_ada.get("/registries/search/?part=none&q=web")).status_code == 404
    assert (await async_client_for(nora).get("/registries/search/?part=ours&q=web")).status_code == 403


async def test_the_palette_leads_to_the_search(ada: User) -> None:
    actor = await actor_for(ada.pk)
    assert actor is not None
    assert [one.href for one in await find(actor, "search images for node exporter") if "search" in one.href] == [
        "/registries/search/?q=node+exporter"
    ]
