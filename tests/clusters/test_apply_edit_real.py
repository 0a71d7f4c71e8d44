"""Changing an object of a real cluster in the editor: nobody's newer change is lost, and only what was changed is ours."""

from __future__ import annotations

import json
import secrets
import subprocess

import pytest

from clusters.apply import writing
from clusters.apply.edit import Overtaken
from clusters.apply.plan import Asked
from clusters.drivers.base import Call
from clusters.errors import Conflict, Invalid
from clusters.gateway import Gateway
from clusters.models import AuditEntry
from tests.clusters.apply_real import ADA, APPS, OneCluster, cluster, config, do, kept, look, opened  # noqa: F401
from tests.clusters.real_cluster import driver, kubectl, namespace  # noqa: F401

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]


async def test_what_is_taken_out_of_the_text_is_taken_out_of_the_object_also_where_others_made_it(
    cluster: OneCluster, namespace: str
) -> None:
    subprocess.run(
        ["kubectl", "apply", "-f", "-"],
        input=config(namespace, "old", a="1", b="2").encode(),
        check=True,
        capture_output=True,
    )
    text, edited = await opened(cluster, namespace, "ConfigMap", "old", "configmaps")
    change = text.replace("  b: '2'\n", "")
    assert change != text
    seen = await look(cluster, change, edited=edited)
    assert [(one.field, one.manager, one.taken_out) for one in seen.steps[0].conflicts] == [
        (".data.b", "kubectl-client-side-apply", True)
    ]
    assert (await look(cluster, change, edited=edited, choices={1: "leave"})).idle
    done = await do(cluster, change, edited=edited, choices={1: "take"})
    now = kubectl("get", "configmap", "old", "-n", namespace)
    assert now["data"] == {"a": "1"}
    assert "kubectl.kubernetes.io/last-applied-configuration" in now["metadata"]["annotations"]
    back = await writing.take_back(Gateway(cluster), ADA, 1, done.undo)
    assert back.well, back
    now = kubectl("get", "configmap", "old", "-n", namespace)
    assert now["data"] == {"a": "1", "b": "2"}
    assert "kubectl.kubernetes.io/last-applied-configuration" in now["metadata"]["annotations"]


async def test_fields_that_were_only_looked_at_stay_with_who_manages_them(cluster: OneCluster, namespace: str) -> None:
    container = {
        "name": "web",
        "image": "busybox:latest",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    }
    theirs = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "theirs", "namespace": namespace, "labels": {"x": "1"}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "theirs"}},
                 "template": {"metadata": {"labels": {"app": "theirs"}}, "spec": {"containers": [container]}}},
    }  # fmt: skip

    def gitops() -> int:
        apply = ["kubectl", "apply", "--server-side", "--field-manager=gitops", "-f", "-"]
        return subprocess.run(apply, input=json.dumps(theirs).encode(), capture_output=True, check=False).returncode

    assert gitops() == 0
    text, edited = await opened(cluster, namespace, "Deployment", "theirs", "deployments", APPS)
    change = text.replace("        env:\n", "        env:\n        - name: Z\n          value: '0'\n")
    change = change.replace("maxSurge: 25%", "maxSurge: 1")
    assert change.count("\n") == text.count("\n") + 2
    done = await do(cluster, change, edited=edited)
    assert done.well, done.results
    now = kubectl("get", "deployment", "theirs", "-n", namespace, "--show-managed-fields")
    env = now["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [one["name"] for one in env] == ["Z", "A", "B"]  # where it was written
    ours = [one["fieldsV1"] for one in now["metadata"]["managedFields"] if one["manager"] == "pilothouse"]
    noted = json.dumps(ours)
    assert '\\"Z\\"' in noted
    assert "f:maxSurge" in noted
    for theirs_alone in ("f:image", "f:replicas", "f:labels", "f:selector", "f:maxUnavailable", '\\"A\\"'):
        assert theirs_alone not in noted
    theirs["spec"]["replicas"] = 1  # type: ignore[index]
    container["image"] = "busybox:1.35"
    assert gitops() == 0  # no conflict with us
    theirs["spec"]["replicas"] = 0  # type: ignore[index]
    assert gitops() == 0
    settled = ["kubectl", "rollout", "status", "deployment/theirs", "-n", namespace, "--timeout=20s"]
    subprocess.run(settled, check=True, capture_output=True)
    text, edited = await opened(cluster, namespace, "Deployment", "theirs", "deployments", APPS)
    done = await do(cluster, text.replace("value: '0'", "value: '9'"), edited=edited)  # and what is ours goes on
    env = kubectl("get", "deployment", "theirs", "-n", namespace)["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env[0] == {"name": "Z", "value": "9"}


async def test_an_edit_is_put_onto_what_others_changed_elsewhere_and_stops_where_they_changed_the_same(
    cluster: OneCluster, namespace: str
) -> None:
    await do(cluster, config(namespace, "race", a="1", b="1"))
    text, edited = await opened(cluster, namespace, "ConfigMap", "race", "configmaps")
    change = text.replace("a: '1'", "a: '2'")

    def patch(data: dict[str, str]) -> None:
        subprocess.run(
            [
                "kubectl",
                "patch",
                "configmap",
                "race",
                "-n",
                namespace,
                "--type=merge",
                "-p",
                json.dumps({"data": data}),
            ],
            check=True,
            capture_output=True,
        )

    seen = await look(cluster, change, edited=edited)
    patch({"b": "theirs"})
    with pytest.raises(writing.Differs):  # it is not what was looked at
        await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=change, edited=edited), seen.seal)
    again = await look(cluster, change, edited=edited)
    assert "data.b changed" in again.steps[0].remarks[0]
    patch({"a": "theirs"})
    (step,) = (await look(cluster, change, edited=edited)).steps
    assert isinstance(step.error, Overtaken)
    assert "data.a" in step.error.message
    assert "a: theirs" in step.error.text
    assert {line.text.strip() for part in step.error.newer.parts for line in part if line.sort == "new"} == {
        "a: theirs",
        "b: theirs",
    }
    assert kubectl("get", "configmap", "race", "-n", namespace)["data"] == {"a": "theirs", "b": "theirs"}


async def test_an_edit_never_lands_on_another_thing_of_the_same_name(cluster: OneCluster, namespace: str) -> None:
    await do(cluster, config(namespace, "twin", a="1"))
    text, edited = await opened(cluster, namespace, "ConfigMap", "twin", "configmaps")
    change = text.replace("a: '1'", "a: '2'")
    seen = await look(cluster, change, edited=edited)

    def swap(call: Call) -> None:
        if call.method == "PATCH" and "dryRun" not in call.query:  # right before the write
            cluster.before_call = None
            subprocess.run(["kubectl", "delete", "configmap", "twin", "-n", namespace], check=True, capture_output=True)
            subprocess.run(
                ["kubectl", "create", "configmap", "twin", "-n", namespace, "--from-literal=a=9"],
                check=True,
                capture_output=True,
            )

    cluster.before_call = swap
    done = await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=change, edited=edited), seen.seal)
    assert done.results[0].state == "failed"
    assert "made anew" in done.results[0].words
    assert kubectl("get", "configmap", "twin", "-n", namespace)["data"] == {"a": "9"}
    (step,) = (await look(cluster, change, edited=edited)).steps
    assert isinstance(step.error, Conflict)
    assert "another ConfigMap by now" in step.error.message
    (step,) = (await look(cluster, change.replace("twin", "other"), edited=edited)).steps
    assert isinstance(step.error, Invalid)


async def test_a_status_that_moves_on_between_looking_and_writing_is_no_conflict(
    cluster: OneCluster, namespace: str
) -> None:
    await do(cluster, config(namespace, "moves", a="1"))
    text, edited = await opened(cluster, namespace, "ConfigMap", "moves", "configmaps")
    change = text.replace("a: '1'", "a: '2'")
    seen = await look(cluster, change, edited=edited)

    def move(call: Call) -> None:  # a newer version in which nothing that people write is another
        if call.method == "PATCH" and "dryRun" not in call.query:
            cluster.before_call = None
            for value in ("x", None):
                patch = json.dumps({"metadata": {"labels": {"moved": value}}})
                subprocess.run(
                    ["kubectl", "patch", "configmap", "moves", "-n", namespace, "--type=merge", "-p", patch],
                    check=True,
                    capture_output=True,
                )

    cluster.before_call = move
    done = await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=change, edited=edited), seen.seal)
    assert done.well, done.results
    assert kubectl("get", "configmap", "moves", "-n", namespace)["data"] == {"a": "2"}


async def test_a_secret_is_changed_without_its_values_ever_being_shown(cluster: OneCluster, namespace: str) -> None:
    canary, other = f"canary{secrets.token_hex(6)}", f"canary{secrets.token_hex(6)}"
    subprocess.run(["kubectl", "create", "secret", "generic", "vault", "-n", namespace, f"--from-literal=kept={canary}", f"--from-literal=changed={canary}"],
                   check=True, capture_output=True)  # fmt: skip
    text, edited = await opened(cluster, namespace, "Secret", "vault", "secrets")
    assert "kept: ••••••" in text
    change = text.replace("  changed: ••••••", "") + f"stringData:\n  changed: {other}\n"
    seen = await look(cluster, change, edited=edited, choices={1: "take"})
    everything = repr([[line.text for line in part] for part in seen.steps[0].difference.parts]) + text
    done = await do(cluster, change, edited=edited, choices={1: "take"})
    assert done.well
    everything += done.text + repr([one.words for one in done.results])
    everything += json.dumps([one.detail async for one in AuditEntry.objects.all()])
    now = kubectl("get", "secret", "vault", "-n", namespace)["data"]
    import base64

    assert {name: base64.b64decode(value).decode() for name, value in now.items()} == {"kept": canary, "changed": other}
    for value in (canary, other):
        assert value not in everything
        assert base64.b64encode(value.encode()).decode() not in everything
    (step,) = (await look(cluster, text.replace("kept:", "renamed:"), edited=edited)).steps
    assert isinstance(step.error, Invalid)
    assert "data.renamed is hidden" in step.error.message
