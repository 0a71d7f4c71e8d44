"""The form for a workload on the demonstration: what it shows, what it refuses, and for whom it is there."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.deploy.held import held
from clusters.errors import Invalid
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant, Registry
from dashboard.engine import engine

ClientFor = Callable[[User], AsyncClient]
pytestmark = pytest.mark.django_db(transaction=True)
FILLED = {"cluster": "shop", "kind": "deployment", "namespace": "shop", "name": "greeter", "image": "nginx:1.29"}


@pytest.fixture
async def demo(shop: Cluster) -> AsyncIterator[Cluster]:
    await engine.connect(shop)
    yield shop
    await engine.supervisor.close()


async def post(client: AsyncClient, **given: Any) -> tuple[int, str]:
    answer = await client.post("/deploy/", {**FILLED, **given}, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def problems(page: str, name: str = "deploy-problems") -> dict[str, str]:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page)
    assert found, page
    told: dict[str, str] = json.loads(found[1])
    return told


async def test_the_yaml_comes_about_while_the_form_is_filled_in(
    demo: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    client = async_client_for(ada)
    page = (await client.get("/deploy/", {"cluster": "shop", "namespace": "shop"})).content.decode()
    assert "Still to be filled in: Name, Image." in page
    assert problems(page) == {}  # what is not filled in yet is no mistake
    assert '<option value="shop" selected>shop</option>' in page
    _, shown = await post(client, ports="8080", service="ClusterIP", environment="A=<b>")
    text = html.unescape(shown)
    assert "kind: Deployment" in text
    assert "kind: Service" in text
    assert "kubectl apply --server-side --field-manager=pilothouse -f greeter.yaml" in text
    assert "A=<b>" not in shown
    assert 'data-from="#deploy-text"' in shown
    _, hidden = await post(client, environment="DB_PASSWORD=canary-1")
    assert "stays as it was typed as long as you leave it so" in hidden
    for left_out in ("canary-1", 'data-from="#deploy-text"', "kubectl apply"):
        assert left_out not in hidden, "what hides something makes nothing elsewhere"
    _, shown = await post(client, memory_limit="64m", volumes="/data claim nowhere", name="")
    assert set(problems(shown)) == {"memory_limit"}
    assert "There is no claim nowhere in shop yet" in shown


async def test_a_name_that_is_taken_and_a_form_that_is_wrong_ask_the_cluster_nothing(
    demo: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    client = async_client_for(ada)
    status, said = await post(client, do="check", name="checkout-api")
    assert status == 422
    assert "There is a deployment checkout-api in shop already" in problems(said, "deploy-wrong")["name"]
    status, said = await post(client, do="apply", image="", ports="x")
    assert (status, set(problems(said, "deploy-wrong"))) == (422, {"image", "ports"})
    assert "Nothing was done" in said
    assert not await AuditEntry.objects.filter(verb="apply").aexists()
    _, said = await post(client, do="check")  # the demonstration says so by the way that all YAML goes
    assert "yaml-step" in said


async def test_the_text_goes_on_in_the_editor_and_another_cluster_keeps_what_was_typed(
    demo: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    client = async_client_for(ada)
    opened = await client.post("/clusters/shop/yaml/", {"do": "open", "text": "kind: <Deployment>"})
    assert "kind: &lt;Deployment&gt;</textarea>" in opened.content.decode()
    # What is secret goes along sealed, for who typed it and where; the mask is never the value.
    _, shown = await post(client, environment="DB_PASSWORD=canary-1")
    sealed = re.search(r'name="held" value="([^"]+)"', shown)
    assert sealed
    text = html.unescape(re.search(r'name="text" form="deploy-as-yaml">\n(.*?)</textarea>', shown, re.DOTALL)[1])  # type: ignore[index]
    asked = {"do": "open", "text": text, "held": sealed[1]}
    editor = (await client.post("/clusters/shop/yaml/", asked)).content.decode()
    assert "stay as they were typed in the form" in editor
    assert sealed[1] in editor
    assert "canary-1" not in editor + shown
    planned = {"do": "check", "text": text.replace("greeter", "another"), "namespace": "shop"}
    assert (
        "is hidden (••••••), and there is none" in (await client.post("/clusters/shop/yaml/", planned)).content.decode()
    )
    kept = (await client.post("/clusters/shop/yaml/", {**planned, "held": sealed[1]})).content.decode()
    assert "is hidden (" not in kept
    damaged = {**planned, "held": sealed[1][:-8] + "AAAAAAA="}
    assert "is not known any more" in (await client.post("/clusters/shop/yaml/", damaged)).content.decode()
    assert [one["stringData"] for one in held(sealed[1], ada.pk, demo.pk) if one["kind"] == "Secret"] == [
        {"DB_PASSWORD": "canary-1"}
    ]
    for user, cluster in ((ada.pk + 1, demo.pk), (ada.pk, demo.pk + 1)):
        with pytest.raises(Invalid, match="not known any more"):
            held(sealed[1], user, cluster)
    _, again = await post(client, do="elsewhere", environment="A=1\nB=2")
    assert 'value="greeter"' in again
    assert ">A=1\nB=2</textarea>" in again


async def test_only_who_may_apply_finds_it_and_never_on_another_cluster(
    demo: Cluster, async_client_for: ClientFor, vera: User, otto: User
) -> None:
    viewer = async_client_for(vera)
    assert "You may not deploy here" in (await viewer.get("/deploy/")).content.decode()
    assert (await post(viewer, do="apply"))[0] == 404
    off = r'disabled title="This needs the role operator\.">(?:(?!</button>).)*'
    page = (await viewer.get("/list/deployment/")).content.decode()
    assert re.search(f"{off}Deploy", page, re.DOTALL)
    assert "/deploy/?" not in page
    page = (await viewer.get("/clusters/shop/")).content.decode()
    for label in ("Deploy", "New from YAML"):
        assert re.search(f"{off}{label}", page, re.DOTALL)
    for label, words in (("Deploy", "deploy"), ("New from YAML", "new yaml"), ("Run or deploy an image", "run image")):
        found = (await viewer.get("/palette/", {"q": words})).content.decode()
        assert re.search(
            rf'aria-disabled="true" title="[^"]*role operator[^"]*">(?:(?!</div>).)*{label}', found, re.DOTALL
        )
    await Grant.objects.filter(user=otto).aupdate(role=Role.OPERATOR, namespaces=["shop"], rights=["apply"])
    operator = async_client_for(otto)
    assert "/deploy/?cluster=shop" in (await operator.get("/list/deployment/")).content.decode()
    assert "/deploy/?cluster=shop" in (await operator.get("/palette/", {"q": "deploy"})).content.decode()
    page = (await operator.get("/deploy/")).content.decode()
    names = re.search(r'<select id="field-namespace".*?</select>', page, re.DOTALL)
    assert names
    assert re.findall('value="([^"]*)"', names[0]) == ["shop"]
    assert (await post(operator, cluster="vault", do="check"))[0] == 404
    _, said = await post(operator, do="check", namespace="payments")
    assert "Not allowed" in said


async def test_an_image_of_a_registry_is_deployed_from_its_page(
    demo: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    one = await Registry.objects.acreate(name="Ours", slug="ours", host="registry.example.com")
    page = (await async_client_for(ada).get(f"/registries/{one.slug}/tag/shop/web/", {"tag": "2"})).content.decode()
    assert "/ship/?image=registry.example.com%2Fshop%2Fweb%3A2" in page
    form = (await async_client_for(ada).get("/deploy/", {"image": "registry.example.com/shop/web:2"})).content.decode()
    assert 'value="registry.example.com/shop/web:2"' in form
