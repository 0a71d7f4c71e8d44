"""The pages of YAML on the demonstration: shown before it is done, refused in words, and honest about what it cannot do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.errors import Conflict
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant
from dashboard.engine import engine
from tests.dashboard.conftest import Fakes

ClientFor = Callable[[User], AsyncClient]
pytestmark = pytest.mark.django_db(transaction=True)
WEB = {"kind": "deployment", "key": "shop/checkout-api"}
AT = "/clusters/shop/yaml/"


@pytest.fixture
async def demo(shop: Cluster) -> AsyncIterator[Cluster]:
    await engine.connect(shop)
    yield shop
    await engine.supervisor.close()


def field(page: str, name: str) -> str:
    """What a hidden field of the page holds."""
    area = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    found = area or re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1].replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")


async def opened(client: AsyncClient) -> dict[str, str]:
    page = (await client.get(AT, WEB)).content.decode()
    return {**WEB, **{name: field(page, name) for name in ("uid", "label", "opened", "text")}}


async def post(client: AsyncClient, given: dict[str, Any], **more: str) -> tuple[int, str]:
    answer = await client.post(AT, {**given, **more}, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def restless(driver: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The status of the deployment moves on right before every second write to it, which is refused then."""
    refused: list[str] = []
    real, writes = driver.call, 0

    async def call(call: Call) -> Any:
        nonlocal writes
        if call.method != "GET":
            writes += 1
            if writes % 2:
                thing = driver.world.named("apps/v1/deployments", "shop", "checkout-api")
                driver.world.save({**thing, "metadata": dict(thing["metadata"])})
        try:
            return await real(call)
        except Conflict:
            refused.append(call.method)
            raise

    monkeypatch.setattr(driver, "call", call)
    return refused


async def test_an_object_is_changed_as_it_was_shown_and_put_back_also_while_its_status_moves(
    demo: Cluster, async_client_for: ClientFor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = async_client_for(ada)
    refused = restless(engine.supervisor.connections[demo.pk].driver, monkeypatch)
    given = await opened(client)
    assert given["text"].startswith("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: checkout-api")
    assert "managedFields" not in given["text"]
    given["text"] = given["text"].replace("value: info", "value: debug")
    status, shown = await post(client, given, do="check")
    assert status == 200
    assert re.search(r"−</td><td> +value: info.*\+</td><td> +value: debug", shown, re.DOTALL)
    sealed = {name: field(shown, name) for name in ("seal", "apply_key")}
    status, done = await post(client, {**given, **sealed}, do="apply")
    assert (status, "Applied" in done) == (200, True), done
    assert "value: debug" in (await opened(client))["text"]
    status, undone = await post(client, {**given, "kept": field(done, "kept")}, do="undo")
    assert "Undone" in undone
    assert "value: info" in (await opened(client))["text"]
    assert {"PATCH", "PUT"} <= set(refused)
    assert [one.stage async for one in AuditEntry.objects.filter(verb__in=("apply", "undo")).order_by("id")] == [
        "intent",
        "outcome",
    ] * 2


async def test_what_is_not_what_was_shown_is_not_done(demo: Cluster, async_client_for: ClientFor, ada: User) -> None:
    client = async_client_for(ada)
    given = await opened(client)
    given["text"] = given["text"].replace("value: info", "value: debug")
    sealed = {name: field((await post(client, given, do="check"))[1], name) for name in ("seal", "apply_key")}
    given["text"] = given["text"].replace("value: debug", "value: trace")
    status, again = await post(client, {**given, **sealed}, do="apply")
    assert status == 422
    assert "no longer what you looked at" in again
    assert "value: info" in (await opened(client))["text"]


async def test_a_text_that_cannot_be_read_says_where(demo: Cluster, async_client_for: ClientFor, ada: User) -> None:
    client = async_client_for(ada)
    status, said = await post(client, {"text": "apiVersion: v1\nkind: ConfigMap\n\tx: 1"}, do="check")
    assert status == 422
    assert "Line 3: a tab stands here" in said
    answer = await client.post(f"{AT}check/", {"text": "a: {", "what": "check"})
    assert answer.json()["problems"][0]["line"] == 1


async def test_the_demonstration_says_that_it_makes_nothing_new(
    demo: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    client = async_client_for(ada)
    page = (await client.get(AT)).content.decode()
    assert "makes nothing new" in page
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh, namespace: shop}\n"
    _, said = await post(client, {"text": text}, do="check")
    assert "The demonstration cannot make new things." in said
    assert 'value="apply"' not in said


async def test_without_the_right_it_is_only_looked_at(
    demo: Cluster, async_client_for: ClientFor, ada: User, otto: User, vera: User
) -> None:
    given = await opened(async_client_for(ada))
    given["text"] = given["text"].replace("value: info", "value: debug")
    for person, why in ((vera, "role operator"), (otto, "right “YAML”")):
        client = async_client_for(person)
        page = (await client.get(AT, WEB)).content.decode()
        assert "Only to look at" in page
        assert why in page
        assert re.search(rf'disabled title="[^"]*{why}[^"]*">(?:(?!</button>).)*Show what', page, re.DOTALL)
        head = (await client.get("/clusters/shop/deployment/shop/checkout-api/")).content.decode()
        assert re.search(rf'disabled title="[^"]*{why}[^"]*">(?:(?!</button>).)*Edit YAML', head, re.DOTALL)
        _, said = await post(client, given, do="check")
        assert why in said
        assert 'value="apply"' not in said
    await sync_to_async(Grant.objects.filter(user=otto).update)(rights=["apply"])
    from clusters import actors

    await sync_to_async(actors.bump)()
    _, said = await post(async_client_for(otto), given, do="check")
    assert 'value="apply"' in said
    node = "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n"
    _, said = await post(async_client_for(otto), {"text": node}, do="check")
    assert "role admin" in said
    assert Role.ADMIN > Role.OPERATOR


async def test_secrets_reach_the_editor_as_names_alone(demo: Cluster, async_client_for: ClientFor, ada: User) -> None:
    client = async_client_for(ada)
    connection = engine.supervisor.connections[demo.pk]
    driver: Any = connection.driver
    secret = next(iter(driver.world.all("v1/secrets")))
    meta = secret["metadata"]
    page = (await client.get(AT, {"kind": "secret", "key": f"{meta['namespace']}/{meta['name']}"})).content.decode()
    assert "••••••" in page
    assert secret["data"]
    for name, value in secret["data"].items():
        assert name in page
        assert value not in page


async def test_what_is_no_object_of_kubernetes_is_not_shown_as_yaml_to_anybody(
    fakes: Fakes, async_client_for: ClientFor, vera: User
) -> None:
    """A Swarm's whole object holds the lines by which machines join, and what its configs hold."""
    answer = await async_client_for(vera).get(AT, {"kind": "app", "key": "u1"})
    assert answer.status_code == 404
    assert fakes.calls == []
