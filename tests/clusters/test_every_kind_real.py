"""Every kind that a real cluster knows: one of each is applied, listed, opened, its YAML kept as it was, and deleted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from msgspec import structs

from clusters.access import Actor, Granted
from clusters.apply import writing
from clusters.apply.edit import Edited
from clusters.apply.plan import Asked, plan
from clusters.drivers.base import Found
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Missing
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.kubernetes.names import page_of
from clusters.kinds.masking import masked
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from tests.clusters.apply_real import OneCluster
from tests.clusters.docker_things import until
from tests.clusters.kubernetes_objects import page
from tests.clusters.one_of_each import MARK, NOT_OURS, THERE, objects
from tests.clusters.real_cluster import driver, namespace  # noqa: F401

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
WITH_ANOTHER = {"endpoints"}  # those of a service go with it, which is deleted at the same time
NOBODY = "00000000-0000-0000-0000-000000000000"
STREAMS = {"logs", "terminal"}  # tabs that load nothing by themselves


@dataclass(frozen=True)
class One:
    """An object, and the name that its kind has in addresses."""

    kind: str
    key: str
    tree: dict[str, Any]


def _kubectl(*words: str) -> Any:
    return json.loads(subprocess.run(["kubectl", *words, "-o", "json"], capture_output=True, check=True).stdout)


@pytest.fixture(scope="module")
def gone_afterwards(namespace: str) -> Iterator[None]:
    yield
    known = ("kubectl", "api-resources", "-o", "name")
    there = set(subprocess.run(known, capture_output=True, check=False, text=True).stdout.split())
    wanted = [
        f"{name}/{tree['metadata']['name']}"
        for name, tree in objects(namespace).items()
        if "namespace" not in tree["metadata"]  # the others go with their namespace
        and name in there  # kubectl deletes nothing at all where it does not know one of them
    ]
    words = ("kubectl", "delete", "--ignore-not-found", "--wait=false", *wanted)
    subprocess.run(words, capture_output=True, check=False)


@pytest.fixture
async def connection(driver: KubernetesDriver) -> AsyncIterator[Connection]:
    made = Connection(ClusterInfo(1, "real", "real", "kubernetes", "kubernetes"), driver, lambda _: None)
    yield made
    await made.close()


async def known(driver: KubernetesDriver) -> dict[str, Found]:
    """What the cluster knows, but kinds that others taught it."""
    custom = {one["metadata"]["name"] for one in _kubectl("get", "crd")["items"]} - set(objects(""))
    return {one.name: one for one in await driver.discover() if one.name not in custom}


async def test_one_of_every_kind_is_applied_listed_opened_its_yaml_kept_and_deleted(
    driver: KubernetesDriver, connection: Connection, namespace: str, gone_afterwards: None
) -> None:
    cluster, gateway_kinds = OneCluster(driver), "gateway.networking.k8s.io"
    before = await known(driver)
    made = {
        name: tree
        for name, tree in objects(namespace).items()
        if name in before or not name.endswith(gateway_kinds)  # of these only clusters know that were taught
    }
    assert set(before) - set(made) == (THERE | NOT_OURS) & set(before), "a kind that nothing is tried of"
    await _apply(cluster, made)
    everything = [*_trees(made, namespace), *_some(before)]
    for one in everything:
        await connection.discovered.learn(one.kind)
    names = [one.kind for one in everything]
    with connection.wanted(*names):
        for one in everything:
            await _listed_and_opened(connection, one)
        await asyncio.gather(*(_kept(cluster, connection, one) for one in everything if one.kind != "event"))
        ours = [one for one in _trees(made, namespace) if connection.stores[one.kind].kind.action("delete")]
        for inside in (True, False):  # what is in a namespace or of a kind of ours goes before that itself
            some = [one for one in ours if ("namespace" in one.tree["metadata"]) is inside]
            await asyncio.gather(*(_deleted(cluster, connection, one) for one in some))
    uids = {call.body["preconditions"]["uid"] for call in cluster.writes if call.method == "DELETE"}  # type: ignore[index]
    assert len(uids) == len(ours) + 1


async def _apply(cluster: OneCluster, made: dict[str, dict[str, Any]]) -> None:
    """As “New from YAML” does it: one text, shown before, then done."""
    text = "\n---\n".join(json.dumps(tree) for tree in made.values())
    asked = Asked(cluster_id=1, text=text)
    seen = await plan(Gateway(cluster), ADA, asked)
    assert seen.ready, [(one.name, one.kind, one.error) for one in seen.errors]
    done = await writing.apply(Gateway(cluster), ADA, asked, seen.seal, MARK)
    assert {one.state for one in done.results} == {"done"}, [
        (one.served.kind, one.words, one.error) for one in done.results if one.state != "done"
    ]


def _trees(made: dict[str, dict[str, Any]], namespace: str) -> list[One]:
    found = []
    for name, tree in made.items():
        meta = tree["metadata"]
        key = f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else meta["name"]
        found.append(One(page_of(name), key, tree))
    return found


def _some(found: dict[str, Found]) -> list[One]:
    """One each of what is there without our doing."""
    return [
        One(page_of(name), tree["metadata"]["name"], tree)
        for name in sorted(THERE & set(found))
        for tree in _kubectl("get", name)["items"][:1]
    ]


async def _listed_and_opened(connection: Connection, one: One) -> None:
    store = connection.stores[one.kind]
    with contextlib.suppress(TimeoutError):
        await until(lambda: store.find(one.key), within=20)
    resource: Any = store.find(one.key)
    assert resource is not None, (one.kind, one.key, store.listed, store.trouble)
    assert not resource.strange, (one.kind, resource.strange)
    assert store.health[resource.uid].word
    for column in store.kind.columns:
        column.value(resource)
    for panel in store.kind.panels:
        asked = panel.load and not panel.asks and (panel.when is None or panel.when(resource))
        if asked and panel.key not in STREAMS:
            shown = await page(connection, store.kind, resource, panel.key)
            assert "hunter2" not in str(shown), (one.kind, panel.key)
    text = (await page(connection, store.kind, resource, "yaml"))["text"]
    live = await connection.driver.get(store.kind, resource.namespace, resource.name)
    assert _stable(yaml.safe_load(text)) == _stable(masked(live)), one.kind


def _stable(tree: dict[str, Any]) -> dict[str, Any]:
    """Without what the cluster may write at any moment."""
    hidden = {"managedFields", "resourceVersion", "generation"}
    metadata = {name: value for name, value in tree["metadata"].items() if name not in hidden}
    metadata["annotations"] = {
        name: value for name, value in (metadata.get("annotations") or {}).items() if not name.startswith("kubectl.")
    }
    plain = {name: value for name, value in tree.items() if name not in ("status", "metadata")}
    found: dict[str, Any] = json.loads(json.dumps({**plain, "metadata": metadata}, default=str))
    return found


async def _kept(cluster: OneCluster, connection: Connection, one: One) -> None:
    """Its YAML, applied as it was opened, changes nothing."""
    store = connection.stores[one.kind]
    resource: Any = store.find(one.key)
    text = (await page(connection, store.kind, resource, "yaml"))["text"]
    edited = Edited(
        kind=one.tree["kind"], namespace=resource.namespace, name=resource.name, uid=resource.uid, opened=text
    )
    seen = await plan(Gateway(cluster), ADA, Asked(cluster_id=1, text=text, edited=edited))
    assert [(step.error, step.what) for step in seen.steps] == [(None, "same")], one.kind


async def _deleted(cluster: OneCluster, connection: Connection, one: One) -> None:
    """Never another one of its name; and when it is gone its row goes."""
    store = connection.stores[one.kind]
    resource: Any = store.find(one.key)
    another = structs.replace(resource, metadata=structs.replace(resource.metadata, uid=NOBODY))
    with pytest.raises(Conflict):
        await Gateway(_Seen(cluster, another)).act(ADA, 1, store.kind, another, "delete", {})
    assert store.find(one.key) is not None, one.kind
    try:
        await Gateway(_Seen(cluster, resource)).act(ADA, 1, store.kind, resource, "delete", {})
    except Missing:
        assert one.kind in WITH_ANOTHER, one.kind
    if store.kind.watched:
        with contextlib.suppress(TimeoutError):
            await until(lambda: store.find(one.key) is None, within=30)
        assert store.find(one.key) is None, (one.kind, one.key, store.trouble)
    else:  # listed now and then
        with pytest.raises(Missing):
            await connection.driver.get(store.kind, resource.namespace, resource.name)


class _Seen:
    """The cluster as the gateway sees it, where that is what is there."""

    def __init__(self, cluster: OneCluster, resource: Any) -> None:
        self.driver, self.cluster, self.clusters = cluster.driver, cluster.cluster, cluster.clusters
        self.stores = cluster.stores
        self.resource = lambda *_: resource
