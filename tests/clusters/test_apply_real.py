"""Applying YAML to a real cluster: what is shown is what is done, others are named, and it is taken back exactly."""

from __future__ import annotations

import json
import subprocess

import pytest

from clusters.apply import writing
from clusters.apply.plan import Asked
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Invalid, Missing
from clusters.gateway import Gateway
from clusters.models import AuditEntry
from tests.clusters.apply_real import ADA, APPS, OneCluster, cluster, config, do, kept, look, opened  # noqa: F401
from tests.clusters.real_cluster import driver, kubectl, namespace, run_deployment  # noqa: F401

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]


async def test_several_objects_are_made_in_their_order_and_taken_back_exactly(
    cluster: OneCluster, namespace: str
) -> None:
    text = f"{config(namespace, 'a', x='1')}\n---\n{config(namespace, 'b', y='2')}\n"
    seen = await look(cluster, text)
    assert [one.what for one in seen.steps] == ["new", "new"]
    assert cluster.writes == []
    done = await do(cluster, text)
    assert [one.state for one in done.results] == ["done", "done"]
    made = kubectl("get", "configmap", "a", "b", "-n", namespace, "--show-managed-fields")["items"]
    assert {one["metadata"]["managedFields"][0]["manager"] for one in made} == {"pilothouse"}
    assert (await look(cluster, text)).idle
    subprocess.run(["kubectl", "delete", "configmap", "b", "-n", namespace], check=True, capture_output=True)
    subprocess.run(["kubectl", "create", "configmap", "b", "-n", namespace], check=True, capture_output=True)
    back = await writing.take_back(Gateway(cluster), ADA, 1, done.undo)
    assert [(one.name, one.state) for one in back.results] == [("b", "failed"), ("a", "done")]
    assert "another one by now" in back.results[0].words
    left = kubectl("get", "configmap", "-n", namespace)["items"]
    assert {one["metadata"]["name"] for one in left} & {"a", "b"} == {"b"}
    with pytest.raises(Missing, match="no longer be undone"):
        await writing.take_back(Gateway(cluster), ADA, 1, done.undo)


async def test_every_act_is_in_the_audit_before_and_after_and_names_no_value(
    cluster: OneCluster, namespace: str
) -> None:
    await do(cluster, config(namespace, "audited", colour="canary-1"))
    done = await do(cluster, config(namespace, "audited", colour="canary-2"))
    await writing.take_back(Gateway(cluster), ADA, 1, done.undo)
    rows = [one async for one in AuditEntry.objects.order_by("id")]
    assert [(one.verb, one.stage, one.result) for one in rows] == [
        ("apply", "intent", ""), ("apply", "outcome", "done"),
        ("apply", "intent", ""), ("apply", "outcome", "done"),
        ("undo", "intent", ""), ("undo", "outcome", "done"),
    ]  # fmt: skip
    assert rows[2].detail["fields"] == ["data.colour"]
    assert (rows[2].kind, rows[2].namespace, rows[2].name) == ("config-map", namespace, "audited")
    assert "canary" not in json.dumps([one.detail for one in rows])
    assert kubectl("get", "configmap", "audited", "-n", namespace)["data"] == {"colour": "canary-1"}


async def test_unknown_fields_wrong_types_and_immutable_ones_are_named_by_a_dry_run(
    cluster: OneCluster, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 0)
    text, edited = await opened(cluster, namespace, "Deployment", name, "deployments", APPS)
    for change, words in (
        (text.replace("  replicas: 0", "  replicas: 0\n  replicants: 1"), "replicants"),
        (text.replace("  replicas: 0", "  replicas: many"), "replicas"),
        (text.replace(f"    matchLabels:\n      app: {name}", "    matchLabels:\n      app: other"), "selector"),
    ):
        assert change != text
        (step,) = (await look(cluster, change, edited=edited)).steps
        assert isinstance(step.error, Invalid), step.error
        assert words in step.error.message + str(step.error.causes)
    assert cluster.writes == []


async def test_a_kind_or_version_that_the_cluster_does_not_have_is_told_with_what_it_has(
    cluster: OneCluster, namespace: str
) -> None:
    found = tuple(await cluster.real.discover())
    for text, words in (
        ("apiVersion: apps/v9\nkind: Deployment\nmetadata: {name: x}", "It has Deployment in apps/v1."),
        ("apiVersion: v1\nkind: configmap\nmetadata: {name: x}", "Did you mean ConfigMap?"),
        ("apiVersion: nobody.example.com/v1\nkind: Thing\nmetadata: {name: x}", "custom resource definition"),
    ):
        (step,) = (await look(cluster, text, found=found)).steps
        assert words in step.error.hint


async def test_conflicts_name_who_manages_what_and_are_left_or_taken_over(cluster: OneCluster, namespace: str) -> None:
    theirs = config(namespace, "shared", a="theirs", b="theirs")
    apply = ["kubectl", "apply", "--server-side", "--field-manager=gitops", "-f", "-"]
    subprocess.run(apply, input=theirs.encode(), check=True, capture_output=True)
    mine = config(namespace, "shared", a="mine", c="mine")
    seen = await look(cluster, mine)
    assert [(one.field, one.manager) for one in seen.steps[0].conflicts] == [(".data.a", "gitops")]
    assert (seen.undecided, seen.ready) == (True, False)
    with pytest.raises(writing.Differs):
        await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=mine), seen.seal)
    await do(cluster, mine, choices={1: "leave"})
    assert kubectl("get", "configmap", "shared", "-n", namespace)["data"] == {"a": "theirs", "b": "theirs", "c": "mine"}
    assert (await look(cluster, mine, choices={1: "take"})).steps[0].conflicts  # said as long as it is so
    taken = await do(cluster, mine, choices={1: "take"})
    await writing.take_back(Gateway(cluster), ADA, 1, taken.undo)
    assert not (await look(cluster, mine, choices={1: "leave"})).undecided
    await do(cluster, mine, choices={1: "take"})  # what our own undo wrote is no conflict with anybody
    assert kubectl("get", "configmap", "shared", "-n", namespace)["data"] == {"a": "mine", "b": "theirs", "c": "mine"}
