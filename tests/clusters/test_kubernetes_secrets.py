"""Secrets: values stay out of lists, watches and YAML."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.reading import MetadataAlone
from clusters.errors import Unsupported
from clusters.kinds.kubernetes.secret import SECRET, Secret
from clusters.kinds.masking import MASK, masked
from clusters.live.resource import Changed, Listed
from tests.clusters.real_cluster import driver, namespace  # noqa: F401

CANARY = "Y2FuYXJ5LW9mLXNlY3JldHM="


def test_the_yaml_of_a_secret_has_the_names_of_its_entries_alone() -> None:
    note = {"kubectl.kubernetes.io/last-applied-configuration": CANARY, "team": "shop"}
    tree = {"kind": "Secret", "metadata": {"annotations": note}, "data": {"user": CANARY}, "stringData": {"a": CANARY}}
    shown = masked(tree)
    assert CANARY not in repr(shown)
    assert shown["data"] == {"user": MASK}
    assert shown["metadata"]["annotations"]["team"] == "shop"


def test_a_server_that_sends_whole_secrets_is_not_believed() -> None:
    with pytest.raises(Unsupported):
        MetadataAlone(Secret).page(b'{"kind":"SecretList","metadata":{},"items":[]}')


def test_names_of_entries_come_from_who_wrote_them() -> None:
    fields: dict[str, Any] = {"f:data": {".": {}, "f:user": {}, "f:password": {}}}
    one = msgspec.convert({"metadata": {"uid": "u", "managedFields": [{"fieldsV1": fields}]}}, Secret)
    assert one.entries == ["password", "user"]


@pytest.mark.kubernetes
async def test_a_real_watch_of_secrets_carries_no_value(driver: KubernetesDriver, namespace: str) -> None:  # noqa: F811
    path = ("api", "v1", "namespaces", namespace, "secrets")
    async with aclosing(driver.watch(SECRET, frozenset({namespace}))) as feed:  # type: ignore[type-var]
        assert isinstance(await anext(feed), Listed)
        await driver.call(Call("POST", path, body={"metadata": {"name": "login"}, "data": {"user": CANARY}}))
        async with asyncio.timeout(20):
            while not isinstance(item := await anext(feed), Changed):
                pass
    assert CANARY not in repr(item)
    assert [one.entries for one in item.upserts] == [["user"]]  # type: ignore[attr-defined]
