"""Every kind that a real cluster knows is found, listed and followed, custom resources with the columns they print."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from clusters.drivers.kubernetes import KubernetesDriver
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Level
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.discovered import NEVER_PRINTED
from tests.clusters.docker_things import connected, until
from tests.clusters.real_cluster import driver, namespace  # noqa: F401

pytestmark = pytest.mark.kubernetes

GROUP = f"pilothouse-test-{secrets.token_hex(3)}.example.com"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"boats.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "boats", "singular": "boat", "kind": "Boat", "shortNames": ["bt"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Harbour", "type": "string", "jsonPath": ".spec.harbour"},
                    {"name": "Crew", "type": "integer", "jsonPath": ".spec.crew"},
                    {"name": "Hull", "type": "string", "jsonPath": ".spec.hull", "priority": 1},
                ],
            }
        ],
    },
}


def kubectl(*words: str, given: Any = None) -> str:
    """What kubectl says."""
    body = json.dumps(given).encode() if given is not None else None
    return subprocess.run(["kubectl", *words], input=body, capture_output=True, check=True).stdout.decode()


@pytest.fixture(scope="module")
def boats(namespace: str) -> Iterator[str]:  # noqa: F811
    kubectl("apply", "-f", "-", given=DEFINITION)
    kubectl("wait", "--for=condition=Established", f"crd/boats.{GROUP}", "--timeout=20s")
    yield f"boats.{GROUP}"
    kubectl("delete", "crd", f"boats.{GROUP}", "--wait=false")


def boat(name: str, namespace: str, **spec: Any) -> dict[str, Any]:  # noqa: F811
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Boat",
        "metadata": {"name": name, "namespace": namespace, "labels": {"fleet": "north"}},
        "spec": spec,
    }


async def found(driver: KubernetesDriver) -> dict[str, Any]:  # noqa: F811
    return {one.name: one for one in await driver.discover()}


async def test_what_can_be_listed_and_followed_is_found_by_the_name_that_kubectl_has_for_it(
    driver: KubernetesDriver,  # noqa: F811
) -> None:
    known = await found(driver)
    said = kubectl("api-resources", "--verbs=list,watch,get", "-o", "name").split()
    assert set(known) == {name for name in said if not name.endswith(".events.k8s.io")}
    # The gateway API is taught to a cluster by whoever serves it: not all have it.
    assert {one for one in DESCRIBED if one not in known and not one.endswith("gateway.networking.k8s.io")} == set()


async def test_each_of_them_is_listed_as_kubectl_lists_it(driver: KubernetesDriver) -> None:  # noqa: F811
    connection = Connection(ClusterInfo(1, "real", "real", "kubernetes", "kubernetes"), driver, lambda _: None)
    names = [name for name in await found(driver) if name not in DESCRIBED and name not in NEVER_PRINTED]
    try:
        for name in names:
            await connection.discovered.learn(name)
        with connection.wanted(*names):
            await until(lambda: all(connection.stores[name].listed for name in names), within=30)
            for name in names:
                store = connection.stores[name]
                assert store.trouble is None, name
                said = kubectl("get", name, "-A", "-o", "name", "--ignore-not-found").splitlines()
                assert sorted(one.name for one in store.resources.values()) == sorted(
                    line.partition("/")[2] for line in said
                ), name
                for one in store.resources.values():
                    assert store.health[one.uid].word
                    for column in store.kind.columns:
                        msgspec.json.encode(column.value(one))
    finally:
        await connection.close()


async def test_a_custom_resource_shows_what_its_definition_prints_and_follows_its_changes(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
    boats: str,
) -> None:
    kubectl("apply", "-f", "-", given=boat("albatross", namespace, harbour="Kiel", crew=4, hull="steel"))
    kind = await driver.describe((await found(driver))[boats])
    keys = [column.key for column in kind.columns]
    assert keys == ["name", "status", "namespace", "harbour", "crew", "hull", "age"]
    assert [column.key for column in kind.columns if column.hidden] == ["namespace", "hull"]
    async with connected_to(driver, boats) as connection:
        store = connection.stores[boats]
        one = await until(lambda: store.find(f"{namespace}/albatross"))
        assert [kind.column(key).value(one) for key in ("harbour", "crew", "hull")] == ["Kiel", 4, "steel"]
        assert store.health[one.uid].word == "There"
        kubectl("patch", boats, "albatross", "-n", namespace, "--type=merge", "-p", '{"spec":{"harbour":"Oslo"}}')
        await until(lambda: kind.column("harbour").value(store.find(f"{namespace}/albatross")) == "Oslo")
        condition = {"type": "Ready", "status": "False", "reason": "Leak", "message": "Water comes in."}
        status = json.dumps({"status": {"conditions": [condition]}})
        kubectl("patch", boats, "albatross", "-n", namespace, "--type=merge", "--subresource=status", "-p", status)
        health = await until(lambda: (now := store.health[one.uid]).level is Level.AT_RISK and now)
        assert (health.word, health.reason, health.code) == ("Not ready", "Water comes in.", "Ready: Leak")
        kubectl("delete", boats, "albatross", "-n", namespace)
        await until(lambda: store.find(f"{namespace}/albatross") is None)


async def test_a_status_of_a_shape_of_its_own_is_no_fault(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
    boats: str,
) -> None:
    kubectl("apply", "-f", "-", given=boat("curlew", namespace, harbour={"deep": [1, 2]}, crew="many"))
    kubectl(
        "patch", boats, "curlew", "-n", namespace, "--type=merge", "--subresource=status", "-p",
        '{"status": {"conditions": "none", "phase": 7}, "$cells": {"harbour": "forged"}, "$status": 1}',
    )  # fmt: skip
    async with connected_to(driver, boats) as connection:
        store = connection.stores[boats]
        one = await until(lambda: store.find(f"{namespace}/curlew"))
        assert store.health[one.uid].word in ("There", "Unknown")
        assert "forged" not in str(one.cells)
        for column in store.kind.columns:
            msgspec.json.encode(column.value(one))
            if column.sort:
                column.sort(one)


async def test_secrets_are_never_printed(driver: KubernetesDriver) -> None:  # noqa: F811
    connection = Connection(ClusterInfo(1, "real", "real", "kubernetes", "kubernetes"), driver, lambda _: None)
    assert not await connection.discovered.learn("secrets")
    assert "secrets" not in connection.stores


def connected_to(driver: KubernetesDriver, name: str) -> Any:  # noqa: F811
    return connected(driver, name, learn=True)
