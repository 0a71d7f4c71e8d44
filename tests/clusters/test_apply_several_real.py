"""Several objects from one text on a real cluster: what needs another waits, and a cut is told as it is known."""

from __future__ import annotations

import asyncio
import json
import secrets

import pytest

from clusters.apply import writing
from clusters.apply.plan import Asked
from clusters.drivers.base import Call
from clusters.gateway import Gateway
from clusters.models import AuditEntry
from tests.clusters.apply_real import ADA, OneCluster, cluster, config, do, kept, look  # noqa: F401
from tests.clusters.real_cluster import driver, kubectl, namespace  # noqa: F401

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]


async def test_a_namespace_and_what_is_in_it_are_made_from_one_text(cluster: OneCluster) -> None:
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n{config(name, 'inside', a='1')}\n"
    seen = await look(cluster, text)
    assert [one.what for one in seen.steps] == ["new", "waits"]
    done = await do(cluster, text)
    try:
        assert done.well, done.results
        assert kubectl("get", "configmap", "inside", "-n", name)["data"] == {"a": "1"}
    finally:
        await writing.take_back(Gateway(cluster), ADA, 1, done.undo)


async def test_a_definition_and_an_object_of_it_are_made_from_one_text(cluster: OneCluster, namespace: str) -> None:
    group = f"pilothouse-test-{secrets.token_hex(3)}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"boats.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "boats", "singular": "boat", "kind": "Boat"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"crew": {"type": "integer"}}}}}}}]},
    }  # fmt: skip
    boat = {
        "apiVersion": f"{group}/v1",
        "kind": "Boat",
        "metadata": {"name": "albatross", "namespace": namespace},
        "spec": {"crew": 4},
    }
    done = await do(cluster, f"{json.dumps(definition)}\n---\n{json.dumps(boat)}\n")
    try:
        assert done.well, done.results
        assert kubectl("get", f"boats.{group}", "albatross", "-n", namespace)["spec"] == {"crew": 4}
    finally:
        await writing.take_back(Gateway(cluster), ADA, 1, done.undo)


async def test_where_the_line_is_cut_in_the_middle_each_object_is_told_as_it_is_known(
    cluster: OneCluster, namespace: str
) -> None:
    text = "\n---\n".join(config(namespace, f"cut-{number}", a="1") for number in range(3))
    seen = await look(cluster, text)

    def cut(call: Call) -> None:
        if call.method == "PATCH" and "dryRun" not in call.query and call.path[-1] == "cut-1":
            from clusters.errors import Unreachable

            raise Unreachable("The connection was cut.")

    cluster.before_call = cut
    done = await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=text), seen.seal)
    assert [one.state for one in done.results] == ["done", "unknown", "left"]
    assert "nobody knows" in done.results[1].words
    rows = [one async for one in AuditEntry.objects.filter(stage="outcome").order_by("id")]
    assert [one.result for one in rows] == ["done", "unknown"]


async def test_the_same_request_is_carried_out_once(cluster: OneCluster, namespace: str) -> None:
    text = config(namespace, "once", a="1")
    seen, gateway, key = await look(cluster, text), Gateway(cluster), secrets.token_hex(8)
    asked = Asked(cluster_id=1, text=text)
    both = await asyncio.gather(*(writing.apply(gateway, ADA, asked, seen.seal, key) for _ in range(2)))
    assert both[0] is both[1]
    assert len(cluster.writes) == 1
