"""A cluster whose account may see one namespace, or nothing at all: said as it is, and a namespace can be chosen."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.errors import Refused
from clusters.kinds import kind_named
from clusters.kinds.base import Role
from clusters.live.resource import Broken, Listed
from clusters.live.store import Store
from clusters.models import AuditEntry, Cluster, Grant
from clusters.permissions import NotPermitted
from clusters.triage.overview import overview
from clusters.triage.restarts import Restarts
from clusters.triage.symptoms import Heard
from dashboard.engine import engine
from tests.clusters.real_cluster import audited, changes

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
BUSY = ["sh", "-c", "trap 'exit 0' TERM; while true; do echo tick; sleep 0.2 & wait $!; done"]


@pytest_asyncio.fixture
async def as_ada(async_client_for: ClientFor, ada: User) -> AsyncIterator[AsyncClient]:
    await engine.start()
    yield async_client_for(ada)
    await engine.stop()


async def connected(client: AsyncClient, kubeconfig: Path, user: str) -> Cluster:
    """That user's kubeconfig, pasted as somebody would."""
    text = (kubeconfig.parent / f"{user}.yaml").read_text()
    context = json.loads(text)["current-context"]
    answer = await client.post("/clusters/connect/paste/", {"kubeconfig": text, "context": context})
    assert answer.status_code == 302, answer.content
    return await Cluster.objects.aget()


async def until(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def stores(cluster: Cluster) -> dict[str, Store]:
    return engine.supervisor.connections[cluster.pk].stores


async def words(client: AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).replace("&#x27;", "'")


@pytest.fixture
def shop_pod() -> Iterator[str]:
    """A pod of ours where shop-only may look."""
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    run = ["kubectl", "run", name, "-n", "shop", "--image=busybox:latest", "--image-pull-policy=IfNotPresent", "--"]
    subprocess.run([*run, *BUSY], check=True, capture_output=True)
    ready = ["kubectl", "wait", f"pod/{name}", "-n", "shop", "--for=condition=Ready", "--timeout=60s"]
    subprocess.run(ready, check=True, capture_output=True)  # before it runs, its files are refused in other words
    yield name
    delete = ["kubectl", "delete", "pod", name, "-n", "shop", "--wait=false", "--grace-period=1", "--ignore-not-found"]
    subprocess.run(delete, check=True, capture_output=True)


@pytest.mark.kubernetes
async def test_nothing_that_may_not_be_seen_pretends_to_be_empty(as_ada: AsyncClient, kubeconfig: Path) -> None:
    cluster = await connected(as_ada, kubeconfig, "nobody")
    looked_after = [one for one in stores(cluster).values() if one.kind.always and one.kind.api]
    await until(lambda: all(isinstance(one.trouble, NotPermitted) for one in looked_after))
    home = await words(as_ada, "/")
    assert "Nothing can be seen" in home
    assert f"What runs on {cluster.name} cannot be seen: its account may not list it in all namespaces" in home
    assert "All is well" not in home
    assert "0 apps" not in home
    workloads = await words(as_ada, "/workloads/")
    assert f"{cluster.name}: this cluster's account may not list deployments, stateful sets" in workloads
    assert "in all namespaces. Where it may, choose the namespace." in workloads
    page = await words(as_ada, f"/clusters/{cluster.slug}/")
    assert "Not all of it can be seen" in page
    assert "Choose namespaces" in page


@pytest.mark.kubernetes
async def test_a_namespace_is_chosen_and_all_that_may_be_done_there_works(
    as_ada: AsyncClient, kubeconfig: Path, shop_pod: str
) -> None:
    cluster = await connected(as_ada, kubeconfig, "shop-only")
    address = f"/clusters/{cluster.slug}/namespaces/"
    wrong = await as_ada.post(address, {"namespaces": "default"})
    assert wrong.status_code == 422
    assert "account may not list pods in default." in wrong.content.decode()
    assert (await as_ada.post(address, {"namespaces": "Not A Name"})).status_code == 422
    assert (await as_ada.post(address, {"namespaces": "shop"})).status_code == 302
    await until(lambda: any(one.name == shop_pod for one in stores(cluster)["pod"].resources.values()))
    await until(lambda: stores(cluster)["deployment"].listed)
    assert {one.namespace for one in stores(cluster)["pod"].resources.values()} == {"shop"}
    assert "cannot be seen" not in await words(as_ada, "/")
    assert "Only what is in shop is looked at." in await words(as_ada, f"/clusters/{cluster.slug}/")
    await until(lambda: [one.name for one in stores(cluster)["namespace"].resources.values()] == ["shop"])
    assert "In it" in await words(as_ada, f"/clusters/{cluster.slug}/namespace/shop/")
    assert "Nodes of" in await words(as_ada, "/list/node/")
    page = f"/clusters/{cluster.slug}/pod/shop/{shop_pod}/"
    # All but that: the role that Kubernetes itself has for editors leaves debug containers out.
    but = "account may not put debug containers into pods in shop."
    assert "account may not" not in (await words(as_ada, page)).replace(but, "")
    async with asyncio.timeout(20):  # a busy node takes its time
        while "Pulled" not in await words(as_ada, f"{page}?panel=events"):
            await asyncio.sleep(0.2)
    row = next(uid for uid, one in stores(cluster)["pod"].resources.items() if one.name == shop_pod)
    act = {"verb": "delete", "rows": f"{cluster.pk}~pod~{row}"}
    assert (await as_ada.post("/act/", act, headers={"HX-Request": "true"})).status_code == 204
    await until(lambda: row not in stores(cluster)["pod"].resources)


@pytest.mark.kubernetes
async def test_what_the_account_may_not_do_is_disabled_with_the_reason_and_makes_no_call(
    as_ada: AsyncClient, kubeconfig: Path, shop_pod: str
) -> None:
    cluster = await connected(as_ada, kubeconfig, "viewer")
    await until(lambda: any(one.name == shop_pod for one in stores(cluster)["pod"].resources.values()))
    uid = next(uid for uid, one in stores(cluster)["pod"].resources.items() if one.name == shop_pod)
    buttons: list[str] = []
    async with asyncio.timeout(30):  # a busy cluster takes its time to say what the account may
        while not any("account may not delete pods in shop." in button for button in buttons):
            head = await as_ada.get(f"/clusters/{cluster.slug}/pod/shop/{shop_pod}/")
            buttons = re.findall(r"<button[^>]*disabled[^>]*>", head.content.decode())
            await asyncio.sleep(0.2)
    assert any("account may not evict pods in shop." in button for button in buttons)
    assert any("account may not change pods in shop." in button for button in buttons)  # Edit YAML
    yaml = (await as_ada.get(f"/clusters/{cluster.slug}/yaml/?kind=pod&key=shop/{shop_pod}")).content.decode()
    assert "account may not change pods in shop. Somebody who runs the cluster can grant it" in unescape(yaml)
    assert f"name: {shop_pod}" in yaml
    assert 'value="check"' not in yaml
    about = {"verb": "delete", "rows": f"{cluster.pk}~pod~{uid}"}
    dialog = (await as_ada.get("/act/", about, headers={"HX-Request": "true"})).content.decode()
    assert "account may not delete pods in shop." in dialog
    assert 'type="submit"' not in dialog
    answer = await as_ada.post("/act/", about, headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "account may not delete pods in shop." in answer.content.decode()
    assert [row.stage async for row in AuditEntry.objects.filter(verb="delete")] == ["denied"]
    selected = (await as_ada.get("/act/refused/", {"rows": about["rows"]})).json()["refused"]
    assert selected["delete"] == "This cluster's account may not delete pods in shop."
    found = (await as_ada.get("/palette/", {"q": f"delete {shop_pod}"})).content.decode()
    assert re.search(r'aria-disabled="true" title="This cluster&#x27;s account may not delete pods in shop."', found)
    assert uid in stores(cluster)["pod"].resources


@pytest.mark.kubernetes
async def test_choosing_namespaces_keeps_the_secrets_of_the_connection(as_ada: AsyncClient, kubeconfig: Path) -> None:
    cluster = await connected(as_ada, kubeconfig, "shop-only")
    form = {"name": "Shop", "colour": "grey", **cluster.settings, "namespaces": "shop"}
    assert (await as_ada.post(f"/clusters/{cluster.slug}/edit/", form)).status_code == 302
    await cluster.arefresh_from_db()
    assert cluster.settings["namespaces"] == "shop"
    await until(lambda: stores(cluster)["pod"].listed)


async def test_only_administrators_choose_them(async_client_for: ClientFor, otto: User, shop: Cluster) -> None:
    await engine.start()
    try:
        answer = await async_client_for(otto).post(f"/clusters/{shop.slug}/namespaces/", {"namespaces": "shop"})
    finally:
        await engine.stop()
    assert answer.status_code == 403


async def test_who_may_see_one_namespace_sees_that_one_with_its_page_and_may_not_end_it(
    async_client_for: ClientFor, otto: User, shop: Cluster
) -> None:
    rights = ["apply", "exec", "run"]
    await Grant.objects.filter(user=otto).aupdate(cluster=shop, namespaces=["shop"], role=Role.ADMIN, rights=rights)
    await engine.start()
    try:
        await until(lambda: stores(shop)["namespace"].listed and stores(shop)["pod"].listed)
        client = async_client_for(otto)
        assert (await client.get("/list/namespace/ids/")).json()["total"] == 1
        page = await words(client, f"/clusters/{shop.slug}/namespace/shop/")
        assert "Who may talk" in page
        assert (await client.get(f"/clusters/{shop.slug}/namespace/shop/?panel=yaml")).status_code == 200
        assert (await client.get(f"/clusters/{shop.slug}/namespace/data/")).status_code == 404
        listed = (await client.get("/list/namespace/")).content.decode()
        assert re.search(
            r'<button [^>]*disabled title="[^"]*as a whole[^"]*">(?:(?!</button>).)*New namespace', listed, re.DOTALL
        )
        (uid,) = [uid for uid, one in stores(shop)["namespace"].resources.items() if one.name == "shop"]
        for verb in ("delete", "edit-labels"):
            act = {"verb": verb, "rows": f"{shop.pk}~namespace~{uid}", "pairs": "a=b"}
            assert (await client.post("/act/", act, headers={"HX-Request": "true"})).status_code in (403, 404), verb
        assert uid in stores(shop)["namespace"].resources
    finally:
        await engine.stop()


def in_part(name: str) -> Heard:
    """A cluster whose account sees one of two namespaces."""
    kinds = [kind_named("kubernetes", one) for one in ("pod", "deployment")]
    found = {kind.name: Store(1, kind) for kind in kinds if kind}
    for store in found.values():
        for item in (Listed([]), Broken(NotPermitted("May not."), 0.0, frozenset({"data"}))):
            store.apply(item)
    return Heard(1, name, "kubernetes", "live", found)


def test_home_says_what_is_hidden_in_which_namespace_to_those_who_may_know_it() -> None:
    seen = overview([in_part("narrow")], {1: None}, [], Restarts(0, 0.0), [], 0.0)
    assert "Not all of narrow can be seen: its account may not list deployments and pods in data." in seen.sentence
    assert seen.headline != "All is well"
    other = overview([in_part("narrow")], {1: frozenset({"shop"})}, [], Restarts(0, 0.0), [], 0.0)
    assert "data" not in other.sentence


def hidden(name: str, error: Refused) -> Heard:
    pods = kind_named("kubernetes", "pod")
    assert pods is not None
    store = Store(1, pods)
    store.apply(Broken(error, 0.0))
    return Heard(1, name, "kubernetes", "live", {"pod": store})


@pytest.mark.parametrize(
    ("error", "headline"),
    [(NotPermitted("May not."), "Nothing can be seen"), (Refused("A quota."), "All is well")],
)
def test_home_calls_nothing_well_that_it_may_not_see(error: Refused, headline: str) -> None:
    found = overview([hidden("narrow", error)], {1: None}, [], Restarts(0, 0.0), [], 0.0)
    assert found.headline == headline
    assert found.hive[0].hidden is found.unseen is (headline == "Nothing can be seen")
    assert [one.value for one in found.numbers if one.key == "copies"] == ["–" if found.unseen else "0"]


@pytest.mark.kubernetes
@pytest.mark.parametrize("user", ["viewer", "nobody"])
async def test_addresses_typed_by_hand_are_refused_in_words_and_the_cluster_hears_nothing_of_it(
    as_ada: AsyncClient, kubeconfig: Path, shop_pod: str, user: str
) -> None:
    cluster = await connected(as_ada, kubeconfig, user)
    pods = stores(cluster)["pod"]
    await until(lambda: pods.trouble or any(one.name == shop_pod for one in pods.resources.values()))
    known = [uid for uid, one in pods.resources.items() if one.name == shop_pod]
    row = f"{cluster.pk}~pod~{known[0] if known else 'never-seen'}"
    changed = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {shop_pod}, namespace: shop}}\n"
    typed = [
        *(("/act/", {"verb": verb, "rows": row}) for verb in ("delete", "evict", "debug", "edit-labels")),
        (f"/clusters/{cluster.slug}/yaml/", {"text": changed, "step": "show"}),
        ("/ports/open/", {"row": row, "port": "80"}),
    ]
    with audited(user) as calls:
        page = await as_ada.get(f"/clusters/{cluster.slug}/pod/shop/{shop_pod}/")
        answers = [await as_ada.post(address, form, headers={"HX-Request": "true"}) for address, form in typed]
        shell = await as_ada.get("/files/", {"row": row, "path": "/"}, headers={"HX-Request": "true"})
    assert changes(calls) == []
    assert all(answer.status_code in (200, 403, 404, 422) for answer in answers)
    if user == "viewer":
        assert calls, "it was asked whether this may be: so the log tells of this user"
        assert "account may not delete pods in shop." in answers[0].content.decode()
        assert "account may not make config maps in shop." in answers[4].content.decode().replace("&#x27;", "'")
        assert "may not" in shell.content.decode()
    else:
        assert page.status_code == 403
        assert "account may not list pods in all namespaces" in page.content.decode(), "it may well be there"
