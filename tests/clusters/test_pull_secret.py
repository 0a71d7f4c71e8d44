"""Pull secrets of a stored registry: made in a real cluster, used by its nodes, shown to nobody; and whether a target can pull."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from clusters.access import Actor, Granted
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Invalid, Missing, Refused
from clusters.gateway import Denied, Gateway
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Registry
from clusters.registries import kept, pull_secret
from clusters.registries.pull_secret import Wanted, look_ahead, make
from clusters.registries.pullable import Pullable, can_pull
from tests.clusters.apply_real import OneCluster
from tests.clusters.real_cluster import driver, driver_of, namespace  # noqa: F401
from tests.clusters.real_registry import Put, find_private_registry, repository

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
ADA = Actor(0, "ada", (Granted(Role.ADMIN),))
OTTO = Actor(0, "otto", (Granted(Role.OPERATOR, 1, rights=frozenset({"apply"})),))
PASSWORD = "s3cret"


class Kubernetes(OneCluster):
    platform = "kubernetes"


@pytest.fixture
def door(driver: KubernetesDriver) -> Gateway:  # noqa: F811
    return Gateway(Kubernetes(driver))  # type: ignore[arg-type]


@pytest.fixture
def put() -> Iterator[Put]:
    with repository(find_private_registry()) as made:
        made.registry.put_image(made.name, "1")
        yield made


async def stored(**more: str) -> Registry:
    given = {**find_private_registry().form, "name": "Private", **more}
    return await asyncio.to_thread(lambda: kept.add(ADA, kept.read_form(given)))


async def pulled(driver: KubernetesDriver, namespace: str, image: str) -> bool:  # noqa: F811
    """Does a node get it for a new pod?"""
    path, name = ("api", "v1", "namespaces", namespace, "pods"), f"pull-{secrets.token_hex(3)}"
    containers = [{"name": "main", "image": image, "imagePullPolicy": "Always"}]
    await driver.call(Call("POST", path, body={"metadata": {"name": name}, "spec": {"containers": containers}}))
    try:
        async with asyncio.timeout(40):
            while True:
                told = ((await driver.call(Call("GET", (*path, name)))).get("status") or {}).get(
                    "containerStatuses"
                ) or [{}]
                waiting = (told[0].get("state") or {}).get("waiting") or {}
                if told[0].get("imageID") or waiting.get("reason") not in (
                    None,
                    "",
                    "ContainerCreating",
                    "ErrImagePull",
                    "ImagePullBackOff",
                ):
                    return True
                if waiting.get("reason") in ("ErrImagePull", "ImagePullBackOff"):
                    return False
                await asyncio.sleep(0.1)
    finally:
        await driver.call(Call("DELETE", (*path, name), {"gracePeriodSeconds": "0"}))


async def test_nodes_get_a_private_image_with_it_and_only_with_it(
    driver: KubernetesDriver, namespace: str, door: Gateway, put: Put  # noqa: F811
) -> None:  # fmt: skip
    one, image, wanted = await stored(), put.image("1"), Wanted(namespace, "pull-private", attach=True)

    async def asked(**more: Any) -> Pullable:
        return await can_pull(door, ADA, 1, image, namespace=namespace, **more)

    assert ((before := await asked()).answer, before.ways) == ("no", ("pull-secret",)), before
    assert await pulled(driver, namespace, image) is False
    ahead = " ".join((await look_ahead(door, ADA, 1, one, wanted)).effects)
    assert "Makes pull-private" in ahead
    assert "can read the password of robot" in ahead
    words = await make(door, ADA, 1, one, wanted)
    assert "names it" in words
    assert await pulled(driver, namespace, image) is True
    assert ((after := await asked()).answer, "pull-private" in after.why) == ("yes", True), after
    assert (await asked(secrets=["other"])).answer == "no", "what names its own is not given those of its account"
    secret = await driver.call(Call("GET", ("api", "v1", "namespaces", namespace, "secrets", "pull-private")))
    auths = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]
    assert (secret["type"], auths["private.test:5001"]["password"]) == ("kubernetes.io/dockerconfigjson", PASSWORD)
    rows = str([row async for row in AuditEntry.objects.values()])
    assert "make pull secret" in rows
    assert all(one not in rows + words + ahead for one in (PASSWORD, auths["private.test:5001"]["auth"]))


async def test_it_is_refreshed_and_what_others_made_stays(
    driver: KubernetesDriver, namespace: str, door: Gateway
) -> None:  # noqa: F811
    one, path = await stored(), ("api", "v1", "namespaces", namespace)
    account = (*path, "serviceaccounts", "default")
    body = {"imagePullSecrets": [{"name": "theirs"}]}
    await driver.call(Call("PATCH", account, body=body, content_type="application/merge-patch+json"))
    for words in ("names it: new", "named it already"):
        assert words in await make(door, ADA, 1, one, Wanted(namespace, "again", attach=True))
    names = [each["name"] for each in (await driver.call(Call("GET", account)))["imagePullSecrets"]]
    assert names == ["theirs", "again"]
    assert "as it is stored now" in (await look_ahead(door, ADA, 1, one, Wanted(namespace, "again"))).effects[0]
    await driver.call(Call("POST", (*path, "secrets"), body={"metadata": {"name": "theirs"}, "data": {"a": "YQ=="}}))
    with pytest.raises(Conflict, match="not made here"):
        await make(door, ADA, 1, one, Wanted(namespace, "theirs"))
    with pytest.raises(Missing):
        await make(door, ADA, 1, one, Wanted(f"{namespace}-none", "pull-private"))
    for wrong in ((namespace, "Upper"), (namespace, ""), ("../x", "a"), ("", "a")):
        with pytest.raises(Invalid):
            Wanted(*wrong)


async def test_who_may_not_makes_none_and_the_cluster_is_not_asked(driver: KubernetesDriver, namespace: str) -> None:  # noqa: F811
    one, line = await stored(), Kubernetes(driver)
    door, wanted = Gateway(line), Wanted(namespace, "no")  # type: ignore[arg-type]
    with pytest.raises(Refused, match="Only administrators"):
        await make(door, OTTO, 1, one, wanted)
    with pytest.raises(Denied):
        await make(door, Actor(0, "vera", (Granted(Role.VIEWER),)), 1, one, wanted)
    assert line.calls == []
    assert await AuditEntry.objects.filter(stage="denied", verb=pull_secret.VERB).acount() == 2
    one.settings["operators_give"] = True
    await one.asave()
    await make(door, OTTO, 1, one, wanted)


async def test_where_it_cannot_be_pulled_the_ways_to_it_are_named(door: Gateway, namespace: str, put: Put) -> None:  # noqa: F811
    where = {"namespace": namespace}
    unknown = await can_pull(door, ADA, 1, put.image("1"), **where)
    assert (unknown.answer, unknown.ways) == ("unknown", ("add-registry",))
    one = await stored()
    absent = await can_pull(door, ADA, 1, put.image("none"), **where)
    assert (absent.answer, "is not at private.test" in absent.why) == ("no", True)
    assert (await can_pull(door, ADA, 1, put.image("1"))).answer == "unknown", "nobody said in which namespace"
    await asyncio.to_thread(
        kept.change, ADA, one, kept.read_form({**find_private_registry().form, "password": "x"}, one)
    )
    refused = await can_pull(door, ADA, 1, put.image("1"), **where)
    assert (refused.answer, refused.ways) == ("no", ("sign-in",))
