"""Applying YAML to a real cluster: the cluster as the gateway sees it, and texts to apply there."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from clusters.access import Actor, Granted
from clusters.apply import writing
from clusters.apply.edit import Edited
from clusters.apply.hidden import shown
from clusters.apply.plan import Asked, Plan, plan
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.models import Cluster
from tests.clusters.fakes import FakeCluster
from tests.clusters.real_cluster import driver, driver_of, kubectl, namespace, run_deployment  # noqa: F401

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))


class OneCluster:
    """A real cluster as the gateway sees it, with every call that was made."""

    def __init__(self, driver: KubernetesDriver) -> None:
        self.real, self.calls = driver, list[Call]()
        self.before_call: Callable[[Call], Any] | None = None

    acts_as = ""

    def clusters(self) -> list[int]:
        return [1]

    def driver(self, cluster_id: int) -> Any:
        return self

    def as_person(self, name: str) -> Any:
        return self

    def stores(self) -> Sequence[Any]:
        return []

    def cluster(self, cluster_id: int) -> Any:
        return FakeCluster()

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if self.before_call:
            await asyncio.to_thread(self.before_call, call)
        return await self.real.call(call)

    async def may(self, *about: Any, **more: Any) -> bool | None:
        return await self.real.may(*about, **more)

    @property
    def writes(self) -> list[Call]:
        return [one for one in self.calls if one.method != "GET" and "dryRun" not in one.query]


@pytest.fixture
async def kept(db: None) -> None:
    """Whose what can be undone is, and of which cluster."""
    await get_user_model().objects.acreate(pk=ADA.user_id, username=ADA.name)
    await Cluster.objects.acreate(pk=1, name="Real", slug="real", driver="kubernetes", platform="kubernetes")


@pytest.fixture
async def cluster(driver: KubernetesDriver, kept: None) -> OneCluster:
    return OneCluster(driver)


async def look(cluster: OneCluster, text: str, who: Actor = ADA, **more: Any) -> Plan:
    return await plan(Gateway(cluster), who, Asked(cluster_id=1, text=text, **more))


async def do(cluster: OneCluster, text: str, who: Actor = ADA, **more: Any) -> writing.Applied:
    seen = await look(cluster, text, who, **more)
    assert seen.ready, [one.error for one in seen.steps]
    return await writing.apply(
        Gateway(cluster), who, Asked(cluster_id=1, text=text, **more), seen.seal, secrets.token_hex(8)
    )


def config(namespace: str, name: str = "settings", **data: str) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
    )


async def opened(
    cluster: OneCluster, namespace: str, kind: str, name: str, plural: str, group: tuple[str, ...] = ("api", "v1")
) -> tuple[str, Edited]:
    tree = await cluster.real.call(Call("GET", (*group, "namespaces", namespace, plural, name)))
    text = shown(tree)
    return text, Edited(kind=kind, namespace=namespace, name=name, uid=tree["metadata"]["uid"], opened=text)


APPS = ("apis", "apps", "v1")
